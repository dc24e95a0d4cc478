"""Switches of WHMCS: its version, who gets in, and questions that its documentation leaves open, with every answer."""

from sandbox.store import Doc, Store
from sandbox.switches import Switches

PATH = "/sandbox/quirks"
SWITCHES = Switches("whmcs_quirks", {
    "version": ("9.0.4", "8.13.1"),
    "admin": ("active", "disabled", "without_api_access"),
    "module": ("works", "fails"),
    # what no document settles
    "immutability": ("contents", "all", "off"),  # 9.x: what UpdateInvoice may no longer change once an invoice is published
    "types": ("docs", "all_strings"),
    "lists": ("docs", "numeric_keys", "single_object"),
    "empty": ("text", "array", "object", "absent"),
    "html_entities": (False, True),
    "strict_flags": (False, True),  # refuse the texts true and false, which PHP both takes for true
    "get_requests": (False, True),
    "invalid_ip_status": (403, 400),
    "invalid_ip_words": ("Invalid IP", "Forbidden IP"),
    "credential_words": ("Invalid or missing credentials", "Authentication Failed", "Invalid password provided"),
    "unknown_action_status": (404, 400, 200),
    "unknown_action_words": ("The requested API Action could not be found.", "Command Not Found"),
    "internal_only_status": (403, 200),
    "every_product_has_module": (False, True),
    "no_module_words": ("Module Not Found", "Service not assigned to a module"),
    "order_after_module_failure": ("Pending", "Active"),
    "keeps_order_fields": (True, False),  # False: AddOrder drops custom fields, as for ones that the order form does not show
    "order_labels": ("any", "domains"),  # whether AddOrder keeps a domain[] that is no domain name
    "field_name_key": ("name", "fieldname"),
    "no_invoice_id": (0, "", None),
    "unique_transid": (False, True),  # of AddInvoicePayment; AddTransaction always insists
    "credit_pays_orders": (False, True),
    "credit_below_zero": (False, True),  # whether AddCredit removes more than there is
    "pending_wakes_invoice": (False, True),  # whether PendingOrder makes a cancelled invoice Unpaid again
}, lists={"allowed_ips": ["127.0.0.1"], "refused_actions": []})  # fmt: skip


def quirks(store: Store) -> Doc:
    return SWITCHES.now(store)
