"""Two-step sign-in with its recovery codes, the device of a login, and a change of e-mail."""

from peewee import *
from playhouse.migrate import SchemaMigrator

_EMPTY, _ZERO, _NO = [SQL("DEFAULT ''")], [SQL("DEFAULT 0")], [SQL("DEFAULT false")]
# with defaults of the database's: code from before these columns goes on writing rows
_USER = {
    "new_email": CharField(max_length=254, default="", constraints=_EMPTY),
    "former_email": CharField(max_length=254, default="", constraints=_EMPTY),
    "totp_secret": CharField(max_length=300, default="", constraints=_EMPTY),
    "totp_at": BigIntegerField(null=True),
    "totp_step": IntegerField(default=0, constraints=_ZERO),
}
_SESSION = {
    "remembered": BooleanField(default=False, constraints=_NO),
    "browser": CharField(max_length=20, default="", constraints=_EMPTY),
    "system": CharField(max_length=20, default="", constraints=_EMPTY),
}


def up(migrator: SchemaMigrator, db: Database) -> None:
    class User(Model):
        class Meta:
            database = db
            table_name = "user"

    class PendingLogin(Model):
        fingerprint = CharField(max_length=64, unique=True)
        user = ForeignKeyField(User, on_delete="CASCADE")
        remembered = BooleanField(default=False)
        tries = IntegerField(default=0)
        expires_at = BigIntegerField(index=True)

        class Meta:
            database = db
            table_name = "pending_login"

    class RecoveryCode(Model):
        user = ForeignKeyField(User, on_delete="CASCADE")
        fingerprint = CharField(max_length=64, unique=True)
        used_at = BigIntegerField(null=True)

        class Meta:
            database = db
            table_name = "recovery_code"

    db.create_tables([PendingLogin, RecoveryCode])
    for table, columns in (("user", _USER), ("user_session", _SESSION)):
        migrator.migrate(*(migrator.add_column(table, name, field) for name, field in columns.items()))


def down(migrator: SchemaMigrator, db: Database) -> None:
    for table, columns in (("user", _USER), ("user_session", _SESSION)):
        migrator.migrate(*(migrator.drop_column(table, name) for name in columns))
    migrator.migrate(migrator.drop_table("recovery_code"))
    migrator.migrate(migrator.drop_table("pending_login"))
