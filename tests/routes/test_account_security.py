"""The security page: password, e-mail, devices; what another login or another person cannot do."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from console import clock
from console.models import Job, OutboxMessage, User, UserSession
from console.services import mailing
from tests.routes.test_tokens import plain
from tests.support.web import PASSWORD, Browser, make_link, make_person

NEW = "a lantern in the harbour"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1"


def on(app: Flask, person: User, agent: str) -> Browser:
    browser = Browser.of(app)
    browser.client.environ_base["HTTP_USER_AGENT"] = agent
    browser.log_in(person)
    return browser


def email_link(app: Flask) -> str:
    message = OutboxMessage.select().where(OutboxMessage.template == "email_confirm").order_by(OutboxMessage.id.desc()).get()
    policy = app.extensions["console"].policy
    return str(mailing.VALUES["email_confirm"](message, policy, "en")["url"]).removeprefix(policy.public_url)


class TestPassword:
    def test_it_changes_with_the_present_one_and_ends_other_logins(self, app: Flask, at_home: Browser, customer: User) -> None:
        elsewhere = on(app, customer, FIREFOX)
        answer = at_home.post("/account/security/password", {"present": PASSWORD, "new": NEW})
        assert answer.headers["Location"] == "/account/security?saved=password"
        assert "Your password is changed" in at_home.get(answer.headers["Location"]).text
        assert elsewhere.get("/orders").headers["Location"].startswith("/login")
        assert Browser.of(app).log_in(customer, NEW).status_code == 303
        assert [row.template for row in OutboxMessage.select()] == ["password_changed"]

    def test_it_says_which_field_is_wrong(self, at_home: Browser) -> None:
        answer = at_home.post("/account/security/password", {"present": "a guess", "new": NEW})
        assert (answer.status_code, "This is not your password" in answer.text) == (422, True)
        weak = at_home.post("/account/security/password", {"present": PASSWORD, "new": "password1"})
        assert (weak.status_code, "most used passwords" in weak.text) == (422, True)
        assert PASSWORD not in weak.text

    def test_guessing_the_present_one_ends(self, at_home: Browser) -> None:
        answers = [at_home.post("/account/security/password", {"present": f"guess {n}", "new": NEW}) for n in range(11)]
        assert [answer.status_code for answer in answers] == [422] * 10 + [429]
        assert "Retry-After" in answers[-1].headers

    def test_a_weak_new_one_is_no_guess(self, at_home: Browser) -> None:
        weak = {"present": PASSWORD, "new": "short"}
        assert {at_home.post("/account/security/password", weak).status_code for _ in range(12)} == {422}


class TestDevices:
    def test_it_names_them_and_marks_this_one(self, app: Flask, customer: User) -> None:
        on(app, customer, FIREFOX)
        page = on(app, customer, IPHONE).get("/account/security").text
        assert page.index("Safari on iPhone") < page.index("Firefox on Linux")
        assert page.count("This device") == 1

    def test_it_keeps_two_words_and_no_network_address(self, app: Flask, customer: User) -> None:
        on(app, customer, IPHONE)
        row = UserSession.get()
        assert (row.browser, row.system) == ("Safari", "iPhone")
        assert "127.0.0.1" not in str(UserSession.select().dicts().get())

    @pytest.mark.parametrize("agent", ["", "<script>alert(1)</script>", "x" * 5000])
    def test_a_device_that_says_nothing_is_unknown(self, app: Flask, customer: User, agent: str) -> None:
        page = on(app, customer, agent).get("/account/security").text
        assert "Unknown device" in page
        assert "<script>alert" not in page

    def test_it_logs_one_out(self, app: Flask, at_home: Browser, customer: User) -> None:
        elsewhere = on(app, customer, FIREFOX)
        row = UserSession.get(UserSession.browser == "Firefox")
        assert at_home.post(f"/account/security/sessions/{row.id}/logout").headers["Location"] == "/account/security?saved=logout"
        assert elsewhere.get("/orders").headers["Location"].startswith("/login")
        assert at_home.get("/orders").status_code == 200

    def test_it_logs_nobody_else_out(self, app: Flask, at_home: Browser) -> None:
        sara = make_person("sara@example.com")
        theirs = on(app, sara, FIREFOX)
        row = UserSession.get(UserSession.user == sara.id)
        assert at_home.post(f"/account/security/sessions/{row.id}/logout").status_code == 404
        assert theirs.get("/account/security").status_code == 200

    def test_it_logs_out_everywhere_here_too(self, app: Flask, at_home: Browser, customer: User) -> None:
        elsewhere = on(app, customer, FIREFOX)
        answer = at_home.post("/account/security/logout")
        assert "logged out on every device" in at_home.get(answer.headers["Location"]).text
        for browser in (at_home, elsewhere):
            assert browser.get("/orders").headers["Location"].startswith("/login")
        assert UserSession.select().count() == 0

    def test_one_that_is_idle_is_not_shown(self, app: Flask, customer: User) -> None:
        on(app, customer, FIREFOX)
        with time_machine.travel(clock.now() + timedelta(hours=3), tick=True):
            page = on(app, customer, IPHONE).get("/account/security").text
        assert "Firefox" not in page


class TestEmail:
    def test_it_asks_sends_and_begins_the_change(self, app: Flask, at_home: Browser, customer: User) -> None:
        answer = at_home.post("/account/security/email", {"email": " Aiko@New.Example.com "})
        page = at_home.get(answer.headers["Location"]).text
        assert "aiko@new.example.com" in page
        assert "Waiting for you" in page
        elsewhere = Browser.of(app)
        path = email_link(app)
        assert "Confirm your new e-mail address" in elsewhere.get(path).text
        assert "This is not your password" in elsewhere.post(path, {"password": "a guess"}).text
        assert elsewhere.post(path, {"password": PASSWORD}).headers["Location"] == "/login?after=email"
        assert Job.get().kind == "email"
        assert "Being changed" in at_home.get("/account/security").text
        assert elsewhere.get(path).status_code == 404

    def test_it_tells_a_taken_address_from_a_free_one_to_nobody(self, at_home: Browser) -> None:
        make_person("sara@example.com")
        pages = []
        for email in ("sara@example.com", "nobody@example.com"):
            answer = at_home.post("/account/security/email", {"email": email})
            pages.append((answer.status_code, answer.headers["Location"], plain(at_home.get("/account/security").text, email)))
        assert pages[0][:2] == pages[1][:2]
        assert pages[0][2] == pages[1][2]

    def test_an_older_login_is_asked_for_the_password_and_what_was_typed_goes_on(self, at_home: Browser) -> None:
        with time_machine.travel(clock.now() + timedelta(minutes=16), tick=True):
            asked = at_home.post("/account/security/email", {"email": "aiko@new.example.com"})
            assert 'name="email" value="aiko@new.example.com"' in asked.text
            assert "once more" in asked.text
            again = at_home.post("/account/security/email", {"email": "aiko@new.example.com", "password": PASSWORD})
            assert again.headers["Location"] == "/account/security?saved=email"
        assert User.get().new_email == "aiko@new.example.com"

    @pytest.mark.parametrize("email", ["", "no address", "aiko.tanaka@example.com", "a@b\nCc: x@y.example", "'; DROP TABLE user; --"])
    def test_it_says_what_is_wrong_and_keeps_it(self, at_home: Browser, email: str) -> None:
        answer = at_home.post("/account/security/email", {"email": email})
        assert answer.status_code == 422
        assert "invalid-feedback" in answer.text
        assert OutboxMessage.select().count() == 0

    def test_five_an_hour(self, at_home: Browser) -> None:
        answers = [at_home.post("/account/security/email", {"email": f"aiko{n}@example.com"}).status_code for n in range(6)]
        assert answers == [303] * 5 + [429]

    def test_staff_change_theirs_too(self, app: Flask, at_work: Browser, support: User) -> None:
        at_work.post("/account/security/email", {"email": "yuki@example.com"})
        assert at_work.post(email_link(app), {"password": PASSWORD}).headers["Location"] == "/account/security"
        assert User.get_by_id(support.id).email == "yuki@example.com"
        assert "yuki@example.com" in at_work.get("/account/security").text


def test_staff_see_how_a_change_is_going(at_work: Browser, customer: User) -> None:
    waits = {"state": "needs_attention", "current_step": "whmcs_user", "error_code": "user_not_found", "error_class": "permanent"}
    job, _made = Job.make("email", "7", user=customer.id, source="console", **waits)
    page = at_work.get(f"/staff/jobs/{job.id}").text
    assert "E-mail of the user" in page
    assert at_work.post(f"/staff/jobs/{job.id}/retry").status_code == 303
    assert Job.get_by_id(job.id).state == "queued"


def test_an_unfinished_account_is_told_so(app: Flask) -> None:
    browser = Browser.of(app)
    browser.log_in(make_person("new@example.com"))
    answer = browser.post("/account/security/email", {"email": "newer@example.com"})
    assert (answer.status_code, "not finished yet" in answer.text) == (409, True)


@pytest.mark.parametrize("way_on", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_password_once_more_leads_nowhere_else(at_home: Browser, way_on: str) -> None:
    answer = at_home.post("/account/security/again", {"password": PASSWORD, "next": way_on})
    assert answer.headers["Location"] == "/account/security"


def test_another_customer_sees_only_their_own(app: Flask, at_home: Browser) -> None:
    sara = make_person("sara@example.com")
    make_link(sara, sf_account_id="001000000000002AAA")
    page = on(app, sara, IPHONE).get("/account/security").text
    assert "aiko.tanaka@example.com" not in page
    assert "sara@example.com" in page
