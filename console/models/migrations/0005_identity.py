"""A link that staff refused, when billing was last asked for a way to pay, what billing has not taken yet; people found by name."""

from peewee import *
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    class User(Model):
        class Meta:
            database = db
            table_name = "user"

    class BillingChange(Model):
        user = ForeignKeyField(User, unique=True, on_delete="CASCADE")
        fields = TextField()
        version = IntegerField(default=1)
        created_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "billing_change"

    db.create_tables([BillingChange])
    migrator.migrate(
        migrator.add_column("customer_link", "rejected_at", BigIntegerField(null=True)),
        migrator.add_column("customer_link", "payment_checked_at", BigIntegerField(null=True)),
        migrator.add_index("user", ("first_name",)),
        migrator.add_index("user", ("last_name",)),
    )
    db.execute_sql("CREATE INDEX customer_link_waiting ON customer_link (created_at, id) WHERE NOT verified AND rejected_at IS NULL")


def down(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(
        migrator.drop_index("customer_link", "customer_link_waiting"),
        migrator.drop_index("user", "user_last_name"),
        migrator.drop_index("user", "user_first_name"),
        migrator.drop_column("customer_link", "payment_checked_at"),
        migrator.drop_column("customer_link", "rejected_at"),
        migrator.drop_table("billing_change"),
    )
