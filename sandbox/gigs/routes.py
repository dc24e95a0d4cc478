"""Every path of the mobile provider's API, the function behind it, and the name that calls of it have in journal and faults."""

from collections.abc import Callable

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.wrappers import Request

from sandbox.gigs import (
    addons,
    addresses,
    balances,
    changes,
    device_models,
    devices,
    lives,
    plans,
    projects,
    sims,
    subscriptions,
    topups,
    usage,
    users,
)  # fmt: skip
from sandbox.store import Doc

Work = Callable[..., Doc]
PROJECT = "/projects/<project>"
# the parts under which everything is the API; all else are pages and switches
ROOTS = ("projects", "testing", "deviceModels", "deviceModelBrands", "serviceProviders")

IN_PROJECT: tuple[tuple[str, str, Work, int], ...] = (
    ("POST", "users", users.create, 201),
    ("GET", "users", users.listed, 200),
    ("POST", "users/search", users.search, 200),
    ("GET", "users/<user_id>", users.read, 200),
    ("PATCH", "users/<user_id>", users.change, 200),
    ("DELETE", "users/<user_id>", lives.remove_user, 200),
    ("POST", "users/<user_id>/addresses", addresses.create, 201),
    ("GET", "users/<user_id>/addresses", addresses.listed, 200),
    ("GET", "users/<user_id>/addresses/<address_id>", addresses.read, 200),
    ("DELETE", "users/<user_id>/addresses/<address_id>", addresses.remove, 200),
    ("GET", "plans", plans.listed, 200),
    ("POST", "plans/search", plans.search, 200),
    ("GET", "plans/<plan_id>", plans.read, 200),
    ("PATCH", "plans/<plan_id>", plans.change, 200),
    ("POST", "plans/<plan_id>/publish", plans.publish, 200),
    ("POST", "plans/<plan_id>/archive", plans.archive, 200),
    ("GET", "addons", addons.listed, 200),
    ("GET", "addons/<addon_id>", addons.read, 200),
    ("PATCH", "addons/<addon_id>", addons.change, 200),
    ("POST", "addons/<addon_id>/publish", addons.publish, 200),
    ("POST", "addons/<addon_id>/archive", addons.archive, 200),
    ("POST", "subscriptions", subscriptions.create, 201),
    ("GET", "subscriptions", subscriptions.listed, 200),
    ("POST", "subscriptions/search", subscriptions.search, 200),
    ("GET", "subscriptions/<subscription_id>", subscriptions.read, 200),
    ("PATCH", "subscriptions/<subscription_id>", subscriptions.change, 200),
    ("DELETE", "subscriptions/<subscription_id>", lives.end, 200),
    ("POST", "subscriptions/<subscription_id>/cancel", lives.cancel, 200),
    ("POST", "subscriptions/<subscription_id>/resume", lives.resume, 200),
    ("GET", "subscriptions/<subscription_id>/usage", usage.listed, 200),
    ("GET", "subscriptions/<subscription_id>/usageBalances", balances.of_line, 200),
    ("GET", "usageBalances", balances.listed, 200),
    ("POST", "subscriptionChanges", changes.create, 201),
    ("GET", "subscriptionChanges", changes.listed, 200),
    ("GET", "subscriptionChanges/<change_id>", changes.read, 200),
    ("DELETE", "subscriptionChanges/<change_id>", changes.remove, 200),
    ("POST", "subscriptionAddons", topups.create, 201),
    ("GET", "subscriptionAddons", topups.listed, 200),
    ("GET", "subscriptionAddons/<topup_id>", topups.read, 200),
    ("DELETE", "subscriptionAddons/<topup_id>", topups.remove, 200),
    ("GET", "sims", sims.listed, 200),
    ("POST", "sims/search", sims.search, 200),
    ("GET", "sims/<sim_id>", sims.read, 200),
    ("PATCH", "sims/<sim_id>", sims.change, 200),
    ("GET", "sims/<sim_id>/credentials", sims.credentials, 200),
    ("GET", "sims/<sim_id>/eSimProfile", sims.profile, 200),
    ("POST", "devices", devices.create, 201),
    ("GET", "devices", devices.listed, 200),
    ("POST", "devices/search", devices.search, 200),
    ("GET", "devices/<device_id>", devices.read, 200),
    ("PATCH", "devices/<device_id>", devices.change, 200),
    ("DELETE", "devices/<device_id>", devices.remove, 200),
)
OUTSIDE: tuple[tuple[str, str, Work, int], ...] = (
    ("GET", "/projects", projects.listed, 200),
    ("GET", PROJECT, projects.read, 200),
    ("POST", f"/testing{PROJECT}/subscriptions/<subscription_id>/usage", usage.simulate, 200),
    ("GET", "/deviceModels", device_models.listed, 200),
    ("POST", "/deviceModels/search", device_models.search, 200),
    ("GET", "/deviceModels/<model_id>", device_models.read, 200),
    ("GET", "/deviceModelBrands", device_models.brands, 200),
    ("GET", "/serviceProviders", projects.operators, 200),
    ("GET", "/serviceProviders/<operator_id>", projects.operator, 200),
)
ROUTES = (*((method, f"{PROJECT}/{path}", work, status) for method, path, work, status in IN_PROJECT), *OUTSIDE)
UNKNOWN = "unknown"


def name_of(method: str, path: str) -> str:
    """`GET sims/credentials`: ids and the project are left out."""
    inner = path.removeprefix(f"{PROJECT}/")
    return f"{method} " + "/".join(part for part in inner.split("/") if part and part[0] != "<")


OPERATIONS = (*dict.fromkeys(name_of(method, path) for method, path, _, _ in ROUTES), UNKNOWN)
_RULES = [Rule(path, methods=[method], endpoint=name_of(method, path)) for method, path, _, _ in ROUTES]
_PATHS = Map(_RULES, merge_slashes=False).bind("sandbox")


def is_api(path: str) -> bool:
    return path.removeprefix("/").partition("/")[0] in ROOTS


def operation(asked: Request) -> str:
    """ "" for the people's pages and the sandbox's own switches."""
    if not is_api(asked.path):
        return ""
    try:
        return str(_PATHS.match(asked.path, asked.method)[0])
    except (HTTPException, RequestRedirect):
        return UNKNOWN
