"""What templates may say: money, days and moments as people read them, texts in their language, addresses of our files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, url_for
from jinja2 import StrictUndefined

from console import clock, i18n, money, zones
from console.models.order import named
from console.services.prefectures import PREFECTURES


def init_app(app: Flask) -> None:
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=False)  # type: ignore[attr-defined]
    env.filters.update(yen=yen, day=day, time=time_of_day, moment=moment, ago=ago, prefecture=prefecture, named=ordered)
    env.globals.update(
        asset=_assets(Path(str(app.static_folder))), language=i18n.language, full_name=i18n.full_name, zone_name=zone_name,
        ENVIRONMENT=app.config["ENVIRONMENT"],
    )  # fmt: skip


def yen(amount: int) -> str:
    return money.yen(amount, i18n.language())


def day(at: datetime) -> str:
    """`21 Nov 2026`, where the person is."""
    local = zones.local(at)
    return f"{local.year}年{local.month}月{local.day}日" if i18n.language() == "ja" else f"{local.day} {local:%b %Y}"


def prefecture(stored: str) -> str:
    """As people write it: billing stores `Tokyo`, Japanese readers know 東京都."""
    return PREFECTURES.get(stored, stored) if i18n.language() == "ja" else stored


def time_of_day(at: datetime) -> str:
    return f"{zones.local(at):%H:%M}"


def moment(at: datetime) -> str:
    """`21 Nov 2026, 14:05`; Japanese needs no comma there."""
    return f"{day(at)}{' ' if i18n.language() == 'ja' else ', '}{time_of_day(at)}"


def ordered(line: Mapping[str, Any]) -> str:
    return named(line, i18n.language())


def zone_name() -> str:
    return zones.name(i18n.language())


def ago(at: datetime) -> str:
    """How long ago, in the largest unit that says enough."""
    seconds = max(0, int((clock.now() - at).total_seconds()))
    if seconds < 60:
        return i18n.gettext("just now")
    if seconds < 3600:
        return i18n.gettext("%(n)s min ago", n=seconds // 60)
    if seconds < 86400:
        return i18n.gettext("%(n)s h ago", n=seconds // 3600)
    return i18n.ngettext("%(num)s day ago", "%(num)s days ago", seconds // 86400)


def _assets(folder: Path) -> Callable[[str], str]:
    @cache
    def version(name: str) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    return lambda name: url_for("static", filename=name, v=version(name))
