"""The certificate authority of this sandbox, made on the first start and kept, and the certificate for localhost."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme

from sandbox.files import PRIVATE, kept

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Identity:
    """`ca_file` is what a client trusts; `key` and `chain` are PEM, for servers that take bytes (gRPC)."""

    ca_file: Path
    server_file: Path
    key: bytes
    chain: bytes

    def context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.server_file)
        return made


def identity(folder: Path) -> Identity:
    """The same on every start in a folder, so that clients with the CA file survive a restart."""
    ca_file, key_file, chain_file, server_file = (folder / name for name in ("ca.pem", "server-key.pem", "server-chain.pem", "server.pem"))
    # server.pem is written last: without it the set is not complete
    if not server_file.exists():
        authority = trustme.CA(organization_name="sandbox")
        made = authority.issue_cert(*NAMES)
        authority.cert_pem.write_to_path(str(ca_file))
        kept(key_file, made.private_key_pem.bytes(), PRIVATE)
        chain_file.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        kept(server_file, made.private_key_and_cert_chain_pem.bytes(), PRIVATE)
    return Identity(ca_file, server_file, key_file.read_bytes(), chain_file.read_bytes())
