"""How this sandbox was started: its folder, speed, ports and the credentials that outlive a restart."""

import base64
import json
import secrets
import string
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import ports as harbour
from sandbox.files import PRIVATE, Unreadable, kept
from sandbox.ports import Berth, Ports

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Credentials:
    """What the portal must be told; made on the first start, kept in the folder."""

    org_id: str
    sf_user_id: str
    sf_client_id: str
    sf_username: str
    sf_password: str
    whmcs_identifier: str
    whmcs_secret: str
    mobile_api_key: str
    mobile_project: str
    mobile_webhook_secret: str

    @classmethod
    def fresh(cls) -> "Credentials":
        return cls(
            org_id="00DSB000000Sbx12AC",
            sf_user_id="005SB0000000001YAA",
            sf_client_id="3MVG9." + _token(79),
            sf_username="portal@sandbox.example",
            sf_password=_token(24),
            whmcs_identifier=_token(32),
            whmcs_secret=_token(32),
            mobile_api_key=_token(40),
            mobile_project="sandbox",
            mobile_webhook_secret="whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        )


def _token(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


@dataclass(frozen=True)
class SandboxSettings:
    """`fast` turns waits of seconds and minutes into milliseconds. With a `seed` what is made up is the same in every run."""

    dir: Path
    fast: bool
    berth: Berth
    credentials: Credentials
    project_dir: Path = ROOT / "salesforce"
    seed: int | None = None

    @property
    def ports(self) -> Ports:
        return self.berth.ports

    @property
    def hold_ms(self) -> int:
        """How long a timeout fault holds a connection."""
        return 1_500 if self.fast else 30_000

    @property
    def token_life_s(self) -> float:
        """Inactivity after which a Salesforce session ends."""
        return 7.2 if self.fast else 7_200

    @property
    def private_key_file(self) -> Path:
        """The key with which the integration user signs its JWT; the Connected App holds the public half."""
        return self.dir / "salesforce-key.pem"

    @property
    def url(self) -> dict[str, str]:
        """Plain HTTP addresses by name of the port."""
        return {name: f"http://127.0.0.1:{port}" for name, port in asdict(self.ports).items()}

    @property
    def login_url(self) -> str:
        return f"https://localhost:{self.ports.salesforce}"


def load(folder: Path, fast: bool, port_base: int | None, seed: int | None = None) -> SandboxSettings:
    """Settings of this start; credentials, key and, where they are still free, the ports of the former one. Raises OSError, Unreadable."""
    berth = harbour.at(Ports.from_base(port_base)) if port_base is not None else harbour.former(folder) or harbour.free()
    settings = SandboxSettings(folder, fast, berth, _credentials(folder / "credentials.json"), seed=seed)
    if not settings.private_key_file.exists():
        _make_key(settings.private_key_file)
    return settings


def _credentials(path: Path) -> Credentials:
    if path.exists():
        try:
            return Credentials(**json.loads(path.read_text()))
        except (ValueError, TypeError) as error:
            raise Unreadable(f"{path} does not hold the credentials: {error}") from error
    made = Credentials.fresh()
    kept(path, json.dumps(asdict(made), indent=1).encode(), PRIVATE)
    return made


def _make_key(path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    kept(path, pem, PRIVATE)
