"""What an Account may order, kept on its link, and what the catalogue's products are held against."""

from peewee import *
from playhouse.migrate import SchemaMigrator

LINK = {
    # with defaults of the database's: code from before these columns goes on making links
    "internet_eligibility": CharField(max_length=40, default="", constraints=[SQL("DEFAULT ''")]),
    "sim_eligible": BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")]),
    "vpn_eligible": BooleanField(default=True, constraints=[SQL("DEFAULT TRUE")]),
    "eligibility_read_at": BigIntegerField(null=True),
    "eligibility_due_at": BigIntegerField(null=True),
}
SNAPSHOT = {"reference": TextField(null=True), "reference_at": BigIntegerField(null=True)}


def up(migrator: SchemaMigrator, db: Database) -> None:
    for name, column in LINK.items():
        migrator.migrate(migrator.add_column("customer_link", name, column))
    for name, column in SNAPSHOT.items():
        migrator.migrate(migrator.add_column("catalogue_snapshot", name, column))


def down(migrator: SchemaMigrator, db: Database) -> None:
    for name in SNAPSHOT:
        migrator.migrate(migrator.drop_column("catalogue_snapshot", name))
    for name in LINK:
        migrator.migrate(migrator.drop_column("customer_link", name))
