"""Actions about the installation itself: version, administrator, health, configuration."""

from sandbox.whmcs.acting import action
from sandbox.whmcs.answers import Answer, Refused, stamp
from sandbox.whmcs.asked import Asked

SETTINGS = {
    "CompanyName": "Sandbox WHMCS",
    "Email": "whmcs@sandbox.example",
    "Language": "english",
    "TaxEnabled": "",
    "TaxType": "Exclusive",
    "DateFormat": "DD/MM/YYYY",
    "Charset": "utf-8",
    "MaintenanceMode": "",
}
PERMISSIONS = (
    "API Access", "List Clients", "Add New Client", "Edit Clients Details", "View Orders", "Add New Order", "Delete Order",
    "List Invoices", "Create Invoice", "Manage Invoice", "List Transactions", "Add Transaction", "Perform Server Operations",
)  # fmt: skip


@action
def whmcs_details(asked: Asked) -> Answer:
    return {"whmcs": version(asked)}


def version(asked: Asked) -> Answer:
    number = asked.quirks["version"]
    return {"version": number, "canonicalversion": f"{number}-release.1"}


@action
def get_admin_details(asked: Asked) -> Answer:
    return {
        "adminid": 1,
        "name": "Sandbox Admin",
        "notes": "",
        "signature": "",
        "allowedpermissions": ",".join(PERMISSIONS),
        "departments": ",1,",
        "requesttime": stamp(),
        "whmcs": version(asked),
    }


@action
def get_health_status(asked: Asked) -> Answer:
    """Groups without a finding are null; bodies are HTML."""
    good = {"name": "sandbox", "type": "WHMCS", "severityLevel": "notice", "body": "<p>This is a practice WHMCS.</p>"}
    return {"checks": {"success": [good], "warning": None, "danger": None}}


@action
def get_configuration_value(asked: Asked) -> Answer:
    name = asked.text("setting")
    if not name:
        raise Refused("Parameter setting is required")
    held = {**SETTINGS, "SystemURL": f"{asked.url}/", "Version": f"{asked.quirks['version']}-release.1"}
    if name not in held:
        raise Refused("Invalid name for parameter setting")
    return {"setting": name, "value": held[name]}


@action
def set_configuration_value(asked: Asked) -> Answer:
    """For hooks on the WHMCS host only; no remote caller is ever given it."""
    raise Refused("API Command Restricted to Internal API", asked.quirks["internal_only_status"])
