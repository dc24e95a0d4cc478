"""The time zone in which a person reads times."""

from peewee import *
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    # with a default of the database's: code from before this column goes on making users
    column = CharField(max_length=40, default="Asia/Tokyo", constraints=[SQL("DEFAULT 'Asia/Tokyo'")])
    migrator.migrate(migrator.add_column("user", "zone", column))


def down(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.drop_column("user", "zone"))
