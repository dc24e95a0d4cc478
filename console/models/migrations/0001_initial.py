"""The first tables: a frozen copy, on purpose independent of the models that live on."""

from peewee import *


def up(migrator, db):
    class User(Model):
        email = CharField(unique=True, max_length=254)
        password_hash = CharField(max_length=200)
        role = CharField(index=True, max_length=16, default='customer')
        first_name = CharField(max_length=80, default='')
        last_name = CharField(max_length=80, default='')
        phone = CharField(max_length=32, default='')
        language = CharField(max_length=8, default='en')
        sf_number = CharField(index=True, max_length=20, default='')
        address_seen = BooleanField(default=False)
        accepted_terms_at = BigIntegerField(null=True)
        confirmed_at = BigIntegerField(null=True)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'user'
    db.create_tables([User])

    class EmailToken(Model):
        user = ForeignKeyField(User, on_delete='CASCADE')
        purpose = CharField(max_length=16)
        nonce = CharField(max_length=32)
        tries = IntegerField(default=0)
        expires_at = BigIntegerField()
        used_at = BigIntegerField(null=True)
        class Meta:
            database = db
            table_name = 'email_token'
    db.create_tables([EmailToken])

    class UserSession(Model):
        fingerprint = CharField(unique=True, max_length=64)
        user = ForeignKeyField(User, on_delete='CASCADE')
        created_at = BigIntegerField()
        last_seen_at = BigIntegerField()
        authenticated_at = BigIntegerField()
        expires_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'user_session'
    db.create_tables([UserSession])

    class Throttle(Model):
        key = CharField(primary_key=True, max_length=80)
        hits = IntegerField(default=0)
        ends_at = BigIntegerField(index=True)
        class Meta:
            database = db
            table_name = 'throttle'
    db.create_tables([Throttle])

    class CustomerLink(Model):
        user = ForeignKeyField(User, unique=True, on_delete='CASCADE')
        sf_number = CharField(index=True, max_length=20)
        sf_account_id = CharField(index=True, max_length=18)
        verified = BooleanField(default=False)
        case_number = CharField(max_length=30, default='')
        whmcs_client_id = IntegerField(index=True, null=True)
        whmcs_user_id = IntegerField(null=True)
        mobile_user_ref = CharField(max_length=64, default='')
        payment_seen_at = BigIntegerField(null=True)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'customer_link'
    CustomerLink.add_index(CustomerLink.index(CustomerLink.sf_account_id, unique=True, where=SQL('verified'), name='customer_link_holder'))
    db.create_tables([CustomerLink])

    class Cart(Model):
        user = ForeignKeyField(User, unique=True, on_delete='CASCADE')
        checkout_id = CharField(unique=True, max_length=36)
        lines = TextField(default=list)
        updated_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'cart'
    db.create_tables([Cart])

    class Order(Model):
        user = ForeignKeyField(User, on_delete='RESTRICT')
        checkout_id = CharField(unique=True, max_length=36)
        idem_key = CharField(unique=True, max_length=80)
        state = CharField(index=True, max_length=16, default='placing')
        sf_order_id = CharField(unique=True, null=True, max_length=18)
        order_number = CharField(index=True, max_length=30, default='')
        request = TextField()
        lines = TextField()
        due_today = IntegerField()
        monthly = IntegerField()
        currency = CharField(max_length=3, default='JPY')
        error_code = CharField(max_length=60, default='')
        correlation_id = CharField(max_length=36, default='')
        place_again_at = BigIntegerField(index=True, null=True)
        place_attempts = IntegerField(default=0)
        created_at = BigIntegerField()
        updated_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'orders'
            indexes = ((('user_id', 'created_at'), False),)
    db.create_tables([Order])

    class Subscription(Model):
        user = ForeignKeyField(User, on_delete='RESTRICT')
        order = ForeignKeyField(Order, null=True, on_delete='RESTRICT')
        sf_order_id = CharField(index=True, max_length=18)
        sf_item_id = CharField(unique=True, max_length=18)
        name = CharField()
        category = CharField(max_length=40)
        whmcs_service_id = IntegerField(index=True, null=True)
        mobile_ref = CharField(index=True, max_length=64, default='')
        sim_ref = CharField(max_length=64, default='')
        iccid = CharField(index=True, max_length=22, default='')
        active = BooleanField(default=False)
        created_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'subscription'
    db.create_tables([Subscription])

    class EsimSecret(Model):
        subscription = ForeignKeyField(Subscription, unique=True, on_delete='CASCADE')
        sealed = CharField(max_length=1000)
        class Meta:
            database = db
            table_name = 'esim_secret'
    db.create_tables([EsimSecret])

    class CatalogueSnapshot(Model):
        items = TextField()
        read_at = BigIntegerField()
        stale_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'catalogue_snapshot'
    db.create_tables([CatalogueSnapshot])

    class Job(Model):
        kind = CharField(max_length=16)
        dedupe_key = CharField(unique=True, max_length=80)
        source = CharField(max_length=16, default='')
        sf_order_id = CharField(index=True, null=True, max_length=18)
        user = ForeignKeyField(User, null=True, on_delete='RESTRICT')
        state = CharField(max_length=16, default='queued')
        attempt = IntegerField(default=0)
        crash_count = IntegerField(default=0)
        ambiguous_count = IntegerField(default=0)
        next_run_at = BigIntegerField()
        last_rung_at = BigIntegerField(null=True)
        lease_owner = CharField(max_length=80, default='')
        lease_until = BigIntegerField(null=True)
        fence = IntegerField(default=0)
        current_step = CharField(max_length=40, default='')
        snapshot = TextField(null=True)
        waiting_since = BigIntegerField(null=True)
        error_class = CharField(max_length=40, default='')
        error_code = CharField(max_length=60, default='')
        error_text = CharField(max_length=300, default='')
        evidence = TextField(null=True)
        correlation_id = CharField(max_length=36, default='')
        created_at = BigIntegerField()
        updated_at = BigIntegerField()
        finished_at = BigIntegerField(null=True)
        class Meta:
            database = db
            table_name = 'job'
            indexes = ((('state', 'next_run_at'), False), (('state', 'lease_until'), False), (('created_at', 'id'), False), (('state', 'created_at', 'id'), False))
    db.create_tables([Job])

    class JobStep(Model):
        job = ForeignKeyField(Job, on_delete='CASCADE')
        name = CharField(max_length=40)
        line = CharField(max_length=18, default='')
        state = CharField(max_length=16, default='pending')
        request_hash = CharField(max_length=64, default='')
        upstream_ref = CharField(index=True, max_length=80, default='')
        result = TextField(default=dict)
        fence = IntegerField(default=0)
        sends = IntegerField(default=0)
        negatives = IntegerField(default=0)
        started_at = BigIntegerField(null=True)
        unsure_at = BigIntegerField(null=True)
        looked_at = BigIntegerField(null=True)
        finished_at = BigIntegerField(null=True)
        class Meta:
            database = db
            table_name = 'job_step'
            indexes = ((('job_id', 'name', 'line'), True),)
    db.create_tables([JobStep])

    class Attempt(Model):
        job = ForeignKeyField(Job, on_delete='CASCADE')
        step = CharField(max_length=40)
        line = CharField(max_length=18, default='')
        outcome = CharField(max_length=16)
        error_code = CharField(max_length=60, default='')
        error_text = CharField(max_length=300, default='')
        duration_ms = IntegerField(default=0)
        fence = IntegerField(default=0)
        at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'attempt'
    db.create_tables([Attempt])

    class JobEvent(Model):
        job = ForeignKeyField(Job, on_delete='CASCADE')
        actor = CharField(max_length=80)
        what = CharField(max_length=40)
        detail = TextField(default='')
        at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'job_event'
    db.create_tables([JobEvent])

    class OutboxMessage(Model):
        kind = CharField(max_length=16)
        dedupe_key = CharField(unique=True, max_length=120)
        message_id = CharField(max_length=120, default='')
        template = CharField(max_length=40, default='')
        user = ForeignKeyField(User, null=True, on_delete='CASCADE')
        sf_order_id = CharField(index=True, max_length=18, default='')
        values = TextField(default=dict)
        state = CharField(max_length=16, default='due')
        wanted = IntegerField(default=1)
        sent = IntegerField(default=0)
        attempts = IntegerField(default=0)
        next_try_at = BigIntegerField()
        last_rung_at = BigIntegerField(null=True)
        lease_until = BigIntegerField(null=True)
        fence = IntegerField(default=0)
        error_code = CharField(max_length=60, default='')
        correlation_id = CharField(max_length=36, default='')
        created_at = BigIntegerField()
        sent_at = BigIntegerField(null=True)
        class Meta:
            database = db
            table_name = 'outbox_message'
            indexes = ((('state', 'next_try_at'), False),)
    db.create_tables([OutboxMessage])

    class InboxEvent(Model):
        event_uuid = CharField(unique=True, max_length=64)
        idem_key = CharField(max_length=80, default='')
        sf_order_id = CharField(index=True, max_length=18, default='')
        replay_id = BlobField()
        payload = BlobField()
        fields = TextField(null=True)
        state = CharField(max_length=16)
        reason = CharField(max_length=60, default='')
        received_at = BigIntegerField(index=True)
        class Meta:
            database = db
            table_name = 'inbox_event'
    db.create_tables([InboxEvent])

    class StreamCursor(Model):
        channel = CharField(primary_key=True, max_length=120)
        replay_id = BlobField()
        fence = IntegerField(default=0)
        moved_at = BigIntegerField()
        class Meta:
            database = db
            table_name = 'stream_cursor'
    db.create_tables([StreamCursor])

    class Lease(Model):
        name = CharField(primary_key=True, max_length=64)
        owner = CharField(max_length=80, default='')
        fence = IntegerField(default=0)
        until = BigIntegerField(default=0)
        class Meta:
            database = db
            table_name = 'lease'
    db.create_tables([Lease])

    class Heartbeat(Model):
        name = CharField(primary_key=True, max_length=120)
        role = CharField(index=True, max_length=16)
        at = BigIntegerField()
        detail = TextField(default=dict)
        class Meta:
            database = db
            table_name = 'heartbeat'
    db.create_tables([Heartbeat])

    class AuditEntry(Model):
        at = BigIntegerField(index=True)
        actor = CharField(max_length=80)
        verb = CharField(max_length=40)
        subject = CharField(index=True, max_length=80)
        reason = CharField(max_length=300, default='')
        correlation_id = CharField(max_length=36, default='')
        class Meta:
            database = db
            table_name = 'audit_entry'
    db.create_tables([AuditEntry])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('audit_entry'))
    migrator.migrate(migrator.drop_table('heartbeat'))
    migrator.migrate(migrator.drop_table('lease'))
    migrator.migrate(migrator.drop_table('stream_cursor'))
    migrator.migrate(migrator.drop_table('inbox_event'))
    migrator.migrate(migrator.drop_table('outbox_message'))
    migrator.migrate(migrator.drop_table('job_event'))
    migrator.migrate(migrator.drop_table('attempt'))
    migrator.migrate(migrator.drop_table('job_step'))
    migrator.migrate(migrator.drop_table('job'))
    migrator.migrate(migrator.drop_table('catalogue_snapshot'))
    migrator.migrate(migrator.drop_table('esim_secret'))
    migrator.migrate(migrator.drop_table('subscription'))
    migrator.migrate(migrator.drop_table('orders'))
    migrator.migrate(migrator.drop_table('cart'))
    migrator.migrate(migrator.drop_table('customer_link'))
    migrator.migrate(migrator.drop_table('throttle'))
    migrator.migrate(migrator.drop_table('user_session'))
    migrator.migrate(migrator.drop_table('email_token'))
    migrator.migrate(migrator.drop_table('user'))
