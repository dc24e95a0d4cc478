"""Every setting is explained in `.env.example` and `docs/settings.md`, with its true default; neither names one that does not exist."""

import re
import secrets
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from config import BadSettings, Settings

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / ".env.example").read_text()
TABLE = (ROOT / "docs/settings.md").read_text()
FIELDS = {name.upper(): field for name, field in Settings.model_fields.items()}
NEEDED = {name for name, field in FIELDS.items() if field.is_required()}
LINE = re.compile(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$", re.M)
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (.+?) \| (.+?) \|$", re.M)


def _default(name):
    value = FIELDS[name].default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else str(value)
    return "" if value is None else str(value)


def test_it_names_each_setting_once():
    for found in ([name for _, name, _ in LINE.findall(EXAMPLE)], [name for name, _, _ in ROW.findall(TABLE)]):
        assert sorted(found) == sorted(FIELDS)


def test_it_tells_what_is_needed():
    assert {name for off, name, _ in LINE.findall(EXAMPLE) if not off} == NEEDED
    assert {name for name, default, _ in ROW.findall(TABLE) if default == "**needed**"} == NEEDED


def test_it_tells_the_true_defaults():
    for _off, name, value in [line for line in LINE.findall(EXAMPLE) if line[0]]:
        assert value == _default(name), name
    for name, default, _text in [row for row in ROW.findall(TABLE) if row[0] not in NEEDED]:
        assert default == (f"`{_default(name)}`" if _default(name) else "empty"), name


def test_it_explains_each_setting():
    lines = EXAMPLE.splitlines()
    for at, line in enumerate(lines):
        if LINE.match(line):
            assert re.match(r"# \S.{3,}", lines[at - 1]), line


def test_it_does_not_start_unfilled(monkeypatch):
    """A copied but unfilled example is refused, and each missing secret is named."""
    with pytest.raises(BadSettings) as refusal:
        Settings.read(**_values(monkeypatch))
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS", "SF_PRIVATE_KEY_FILE", "WHMCS_IDENTIFIER", "WHMCS_SECRET", "MOBILE_API_KEY"):
        assert name in str(refusal.value)


def test_it_starts_once_filled(monkeypatch, tmp_path):
    key = tmp_path / "key.pem"
    key.write_text("a key")
    filled = {"secret_key": secrets.token_urlsafe(48), "encryption_keys": Fernet.generate_key().decode(), "sf_private_key_file": str(key)}
    filled |= dict.fromkeys(("whmcs_identifier", "whmcs_secret", "mobile_api_key"), "given")
    assert Settings.read(**(_values(monkeypatch) | filled)).environment == "production"


def _values(monkeypatch):
    for name in FIELDS:
        monkeypatch.delenv(name, raising=False)
    return {name.lower(): value for off, name, value in LINE.findall(EXAMPLE) if not off}
