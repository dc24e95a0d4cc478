"""The words of a mail: one template, rendered as plain text and as HTML in a person's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from console.i18n import gettext, language, ngettext, use

if TYPE_CHECKING:
    from jinja2 import Environment

_GAPS = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Written:
    """One mail in both shapes."""

    subject: str
    text: str
    html: str


class Texts:
    """`<folder>/<name>.mail` names its subject, its first words and its parts; `<folder>/shapes/` says how each looks."""

    def __init__(self, folder: str, public_url: str) -> None:
        self._folder, self._public_url = folder, public_url

    def write(self, name: str, wanted: str, values: Mapping[str, object]) -> Written:
        """A value that is missing raises; in HTML every value is escaped."""
        with use(wanted):
            plain = self._plain.get_template(f"{name}.mail").make_module(dict(values))
            rich = self._rich.get_template(f"{name}.mail").make_module(dict(values))
        subject: Any = vars(plain)["subject"]
        return Written(str(subject).strip(), _GAPS.sub("\n\n", str(plain)).strip() + "\n", str(rich).strip() + "\n")

    @cached_property
    def _plain(self) -> Environment:
        return self._environment("text", escape=False)

    @cached_property
    def _rich(self) -> Environment:
        return self._environment("html", escape=True)

    def _environment(self, shape: str, *, escape: bool) -> Environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        made = Environment(
            loader=FileSystemLoader(self._folder),
            autoescape=escape,  # noqa: S701 - plain text has nothing to escape
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.globals.update(
            _=gettext, ngettext=ngettext, language=language, public_url=self._public_url,
            shape=f"shapes/{shape}.jinja", parts=f"shapes/{shape}_parts.jinja",
        )  # fmt: skip
        return made
