"""The breaker per upstream with its incidents, and what holds a job."""

from peewee import *
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    class Incident(Model):
        name = CharField(max_length=80)
        kind = CharField(max_length=16)
        code = CharField(max_length=60, default="")
        held = IntegerField(default=0)
        started_at = BigIntegerField(index=True)
        ended_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "incident"

    class UpstreamState(Model):
        name = CharField(max_length=80, primary_key=True)
        is_open = BooleanField(default=False, index=True)
        failures = IntegerField(default=0)
        window_ends_at = BigIntegerField(default=0)
        probe_at = BigIntegerField(null=True)
        incident = ForeignKeyField(Incident, null=True, on_delete="SET NULL")

        class Meta:
            database = db
            table_name = "upstream_state"

    db.create_tables([Incident, UpstreamState])
    # with a default of the database's: code from before this column goes on making jobs
    migrator.migrate(migrator.add_column("job", "held_by", CharField(max_length=80, default="", index=True, constraints=[SQL("DEFAULT ''")])))


def down(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.drop_column("job", "held_by"))
    migrator.migrate(migrator.drop_table("upstream_state"))
    migrator.migrate(migrator.drop_table("incident"))
