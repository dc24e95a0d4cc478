"""All upstreams together: one folder, one store, one wire, and the file that tells where everything is."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sandbox import clock, control, gigs, mail, ports, salesforce, tls, whmcs
from sandbox.files import kept
from sandbox.gigs import postman
from sandbox.salesforce import events
from sandbox.salesforce.pubsub import server as pubsub
from sandbox.serving import Door
from sandbox.settings import SandboxSettings
from sandbox.store import Store
from sandbox.wire import Closable, Wire

STATE, INFO, SAVED = "sandbox.db", "sandbox.json", "snapshots"


class Taken(Exception):
    """Another sandbox runs in this folder."""


@dataclass(frozen=True)
class Folder:
    """A folder that is ours as long as this object lives."""

    path: Path
    lock: IO[str]


def claim(path: Path, reset: bool) -> Folder:
    """Makes the folder, takes its lock and removes what a former run left behind. Raises Taken, OSError."""
    path.mkdir(parents=True, exist_ok=True)
    lock = (path / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Taken(f"a sandbox is running in {path} already") from error
    (path / INFO).unlink(missing_ok=True)
    if reset:
        for leftover in path.glob(f"{STATE}*"):
            leftover.unlink()
    return Folder(path, lock)


class World:
    """What runs, in the order in which it was opened."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self.store = Store(settings.dir / STATE, settings.seed)
        self.wire = Wire(settings.hold_ms, settings.seed)
        self._open: list[Closable] = []
        self.info_file = settings.dir / INFO

    def open(self, upstream: str | None, *doors: Closable) -> None:
        """Doors of an upstream can be shut by a fault; those without one never are."""
        for door in doors:
            door.open()
            self._open.append(door)
            if upstream:
                self.wire.door(upstream, door)

    def close(self) -> None:
        for door in reversed(self._open):
            door.close()
        self.store.close()


def start(settings: SandboxSettings) -> World:
    """Opens every door and then says so in sandbox.json. Raises OSError when a port is taken."""
    world = World(settings)
    store, wire, at = world.store, world.wire, settings.ports
    clock.recall(store)
    identity = tls.identity(settings.dir)
    app, org = salesforce.build(store, wire, settings)
    world.open("salesforce", Door(app, at.salesforce, identity.context()), Door(app, at.salesforce_plain))
    world.open(None, pubsub.serve(store, wire, settings, identity))
    world.open("whmcs", Door(whmcs.build(store, wire, settings), at.whmcs))
    world.open("mobile", Door(gigs.build(store, wire, settings), at.mobile))
    world.open(None, mail.PostOffice(store, wire, settings, identity), Door(mail.build(store, wire, settings), at.inbox))
    backstage = control.Backstage(store, org, wire, settings.dir / SAVED, settings.credentials.mobile_project, pages(settings))
    world.open(None, postman.Postman(store, wire, settings), Door(control.build(backstage), at.control))
    ports.remember(settings.dir, at)
    kept(world.info_file, json.dumps(told(settings, identity), indent=1).encode())
    return world


def pages(settings: SandboxSettings) -> dict[str, str]:
    """The pages for people."""
    url = settings.url
    return {
        "reviewer": f"{url['control']}/reviewer/",
        "whmcs": f"{url['whmcs']}/",
        "phone": f"{url['mobile']}/phone",
        "inbox": f"{url['inbox']}/mail",
        "control": f"{url['control']}/control/",
    }


def told(settings: SandboxSettings, identity: tls.Identity) -> dict[str, Any]:
    """The keys of sandbox.json; some may be added, none changed."""
    held, at, url = settings.credentials, settings.ports, settings.url
    return {
        "pid": os.getpid(),
        "salesforce": {
            "login_url": settings.login_url, "instance_url": settings.login_url, "rest_plain_url": url["salesforce_plain"],
            "pubsub_endpoint": f"localhost:{at.pubsub}", "pubsub_plain_endpoint": f"localhost:{at.pubsub_plain}",
            "ca_file": str(identity.ca_file), "client_id": held.sf_client_id, "username": held.sf_username,
            "private_key_file": str(settings.private_key_file), "password": held.sf_password, "org_id": held.org_id,
            "topic": events.TOPIC,
        },
        "whmcs": {"url": url["whmcs"], "identifier": held.whmcs_identifier, "secret": held.whmcs_secret, **whmcs.facts()},
        "mobile": {
            "url": url["mobile"], "api_key": held.mobile_api_key, "project": held.mobile_project,
            "webhook_secret": held.mobile_webhook_secret,
        },
        "mail": {
            "smtp_host": "127.0.0.1", "smtp_port": at.smtp, "inbox_url": f"{url['inbox']}/mail", "ca_file": str(identity.ca_file),
            **mail.facts(settings),
        },
        "control": {"url": url["control"]},
        "pages": pages(settings),
    }  # fmt: skip
