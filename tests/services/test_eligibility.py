"""What an Account may order: read in the background, kept on the link, put on the catalogue as reasons."""

from typing import Any

import pytest

from console import clock
from console.models import CustomerLink
from console.services import eligibility
from tests.support import customers, goods
from tests.support.sandbox import Control, Running
from tests.support.web import make_link, make_person


@pytest.fixture
def link(database: Any) -> CustomerLink:
    return make_link(make_person("aiko@home.example"), internet_eligibility="Home 1G")


def reasons(link: CustomerLink | None) -> dict[str, str]:
    shelf = eligibility.personal(goods.catalogue(), link)
    return {item.sku: item.reason for item in shelf.sold()}


@pytest.mark.parametrize(
    ("found", "reason"), [("Home 1G", ""), ("Home 10G", "other_offering"), ("Not available", "not_available"), ("", "not_checked")]
)
def test_it_offers_internet_by_the_type_that_the_address_can_have(link: CustomerLink, found: str, reason: str) -> None:
    link.internet_eligibility = found

    assert reasons(link) == {"ESIM": "", "LINE": reason, "VPN": ""}


@pytest.mark.parametrize(("column", "sku"), [("sim_eligible", "ESIM"), ("vpn_eligible", "VPN")])
def test_it_offers_sim_and_vpn_by_the_accounts_boxes(link: CustomerLink, column: str, sku: str) -> None:
    setattr(link, column, False)

    assert {name for name, reason in reasons(link).items() if reason == "not_eligible"} == {sku}


def test_it_says_what_the_address_can_have(link: CustomerLink) -> None:
    link.internet_eligibility = "Home 10G"
    line = eligibility.personal(goods.catalogue(), link).item("LINE")

    assert line
    assert line.why == "Not available at your address. There you can have Home 10G."


def test_it_shows_the_general_catalogue_to_strangers_and_while_the_link_is_not_verified(link: CustomerLink) -> None:
    link.verified, link.internet_eligibility, link.sim_eligible = False, "Not available", False

    assert reasons(link) == reasons(None) == {"ESIM": "", "LINE": "", "VPN": ""}
    assert not eligibility.personal(goods.catalogue(), link).personal
    assert not eligibility.due(link), "of somebody else's Account nothing is asked"


def test_it_has_one_ring_for_a_refresh_and_none_while_it_is_fresh(link: CustomerLink) -> None:
    other = CustomerLink.get_by_id(link.id)

    assert [eligibility.due(link), eligibility.due(other), eligibility.due(CustomerLink.get_by_id(link.id))] == [True, False, False]
    CustomerLink.update(eligibility_due_at=clock.after(-1)).execute()
    assert eligibility.due(CustomerLink.get_by_id(link.id))


def test_it_reads_the_account_anew(console: Any, sandbox: Running, control: Control) -> None:
    _user, link = customers.finished(console.upstreams, sandbox)
    CustomerLink.update(internet_eligibility="", sim_eligible=False, eligibility_read_at=None).execute()

    assert eligibility.refresh(console.upstreams, link.id)
    now = CustomerLink.get_by_id(link.id)
    assert (now.internet_eligibility, now.sim_eligible, now.vpn_eligible) == ("Home 1G", True, True)
    assert now.eligibility_read_at is not None
    assert not eligibility.due(now)


def test_it_keeps_what_it_knows_while_salesforce_is_down(console: Any, sandbox: Running, control: Control) -> None:
    _user, link = customers.finished(console.upstreams, sandbox)
    control.fault("salesforce", "query", "error_before", count=3)

    assert not eligibility.refresh(console.upstreams, link.id)
    assert CustomerLink.get_by_id(link.id).internet_eligibility == "Home 1G"


def test_it_reads_nothing_for_a_link_that_is_not_verified_or_not_there(console: Any, link: CustomerLink) -> None:
    CustomerLink.update(verified=False).execute()

    assert not eligibility.refresh(console.upstreams, link.id)
    assert not eligibility.refresh(console.upstreams, link.id + 1)
