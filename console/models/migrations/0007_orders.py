"""What customers ask our support, how long orders take, and who skipped the address."""

from peewee import *
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    class User(Model):
        class Meta:
            database = db
            table_name = "user"

    class Order(Model):
        class Meta:
            database = db
            table_name = "orders"

    class SupportRequest(Model):
        user = ForeignKeyField(User, on_delete="RESTRICT")
        order = ForeignKeyField(Order, null=True, on_delete="RESTRICT")
        form_id = CharField(max_length=36)
        idem_key = CharField(max_length=80, unique=True)
        topic = CharField(max_length=20)
        text = TextField(default="")
        order_status = CharField(max_length=16, default="")
        case_number = CharField(max_length=30, default="")
        correlation_id = CharField(max_length=36, default="")
        created_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "support_request"
            indexes = ((("user_id", "form_id"), True), (("user_id", "created_at"), False))

    class Pace(Model):
        id = IntegerField(primary_key=True)
        kinds = TextField()
        measured_at = BigIntegerField()

        class Meta:
            database = db
            table_name = "pace"

    db.create_tables([SupportRequest, Pace])
    # with a default of the database's: code from before this column goes on making users
    migrator.migrate(migrator.add_column("user", "address_skipped", BooleanField(default=False, constraints=[SQL("DEFAULT FALSE")])))


def down(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.drop_column("user", "address_skipped"))
    migrator.migrate(migrator.drop_table("pace"))
    migrator.migrate(migrator.drop_table("support_request"))
