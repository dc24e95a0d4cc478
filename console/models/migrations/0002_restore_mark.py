"""The moment at which a restored backup was put back to work."""

from peewee import *
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    class RestoreMark(Model):
        id = IntegerField(primary_key=True)
        at = BigIntegerField()

        class Meta:
            database = db
            table_name = "restore_mark"

    db.create_tables([RestoreMark])


def down(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.drop_table("restore_mark"))
