"""The web process imports the clients' dataclasses: the heavy libraries behind them are loaded at first use only."""

import subprocess
import sys

PROGRAM = """
import sys
import console.clients.gigs, console.clients.mail, console.clients.pubsub, console.clients.salesforce, console.clients.whmcs
print([name for name in ("simple_salesforce", "grpc", "fastavro", "jwt", "cryptography", "flask_mail", "flask") if name in sys.modules])
"""


def test_it_loads_no_heavy_library_before_it_is_needed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
