"""What staff read beside a job's story: ids of every system, names only where they may be seen."""

import pytest

from console.models import CustomerLink, Job
from console.services.job_facts import gather, names_of
from tests.support import jobs

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def job():
    made = jobs.job(jobs.customer("sara@example.com", "SF-207702"), "succeeded", number=146)
    jobs.stepped(made, "add_order", "981")
    jobs.stepped(made, "esim", "sub_1", line=jobs.item_id(146))
    jobs.stepped(made, "service_fields", "4321", line=jobs.item_id(146))
    jobs.subscribed(made, "8981000000000004821", 4321, "sub_1")
    return made


def test_it_gathers_ids_of_every_system(job):
    ids = dict(gather(job, personal=True).ids)
    assert ids["Customer number"] == "SF-207702"
    assert ids["Salesforce order"] == job.sf_order_id
    assert ids["Link"] == "verified"
    assert (ids["WHMCS order"], ids["WHMCS services"], ids["Mobile"], ids["ICCID"]) == ("981", "4321", "sub_1", "8981000000000004821")
    assert ids["Correlation"] == job.correlation_id


def test_it_tells_that_a_link_is_not_verified(job):
    CustomerLink.update(verified=False, case_number="00001002").execute()
    assert dict(gather(job, personal=True).ids)["Link"] == "not verified · Case 00001002"


def test_it_names_nobody_without_leave(job):
    assert gather(job, personal=True).customer == "Sara Lindqvist"
    facts = gather(job, personal=False)
    assert facts.customer == ""
    assert "sara@example.com" not in str(facts)


def test_it_takes_an_order_made_by_hand():
    facts = gather(jobs.job(None, "needs_attention", number=77), personal=True)
    assert (facts.order_number, facts.product, facts.customer) == ("00000077", "eSIM 5 GB", "")
    assert dict(facts.ids)["Salesforce account"] == "001000000000001AAA"


def test_it_takes_a_job_that_has_not_begun():
    made, _new = Job.make("provision", jobs.order_id(5), sf_order_id=jobs.order_id(5))
    assert dict(gather(made, personal=True).ids) == {"Salesforce order": jobs.order_id(5)}


def test_it_names_staff():
    user = jobs.customer("yuki@example.com", first_name="Yuki", last_name="")
    assert names_of([f"user:{user.id}", "cli", "", "user:x", "user:99999999999999999999"]) == {f"user:{user.id}": "Yuki"}
    assert names_of(["cli"]) == {}
