"""Which language a page speaks, and the switch."""

from datetime import UTC, datetime

from console import i18n
from console.models import User
from console.web import filters
from tests.support.web import Browser


def test_a_stranger_is_answered_as_the_browser_asks(browser: Browser) -> None:
    for asked, spoken in (("ja", "ja"), ("ja-JP,ja;q=0.9,en;q=0.5", "ja"), ("de", "en"), ("en;q=0.2,ja;q=0.8", "ja"), ("", "en")):
        assert f'<html lang="{spoken}">' in browser.get("/login", headers={"Accept-Language": asked}).text, asked


def test_what_a_stranger_chose_stays(browser: Browser) -> None:
    browser.get("/signup")
    answer = browser.post("/language", {"language": "ja"}, headers={"Referer": "http://localhost/signup"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/signup")
    assert '<html lang="ja">' in browser.get("/login", headers={"Accept-Language": "en"}).text


def test_what_a_person_chose_is_theirs_wherever_they_log_in(at_home: Browser, customer: User) -> None:
    at_home.post("/language", {"language": "ja"})
    assert User.get_by_id(customer.id).language == "ja"
    elsewhere = Browser.of(at_home.client.application)
    elsewhere.log_in(customer)
    assert '<html lang="ja">' in elsewhere.get("/catalog", headers={"Accept-Language": "en"}).text


def test_an_unknown_language_changes_nothing(at_home: Browser, customer: User) -> None:
    for unknown in ("de", "", "../../etc", "JA"):
        assert at_home.post("/language", {"language": unknown}).status_code == 400
    assert User.get_by_id(customer.id).language == "en"


def test_it_leads_back_to_our_own_pages_only(browser: Browser) -> None:
    browser.get("/signup")
    for elsewhere in ("https://evil.example/x", "//evil.example", ""):
        assert browser.post("/language", {"language": "ja"}, headers={"Referer": elsewhere}).headers["Location"] == "/"


def test_one_request_never_speaks_the_language_of_another(browser: Browser) -> None:
    assert '<html lang="ja">' in browser.get("/login", headers={"Accept-Language": "ja"}).text
    assert '<html lang="en">' in browser.get("/login").text


MOMENT = datetime(2026, 11, 21, 5, 5, tzinfo=UTC)  # 14:05 in Tokyo


def test_money_days_and_prefectures_are_written_as_the_reader_writes_them() -> None:
    with i18n.use("en"):
        assert (filters.yen(5280), filters.moment(MOMENT), filters.prefecture("Tokyo")) == ("¥5,280", "21 Nov 2026, 14:05", "Tokyo")
    with i18n.use("ja"):
        assert (filters.yen(5280), filters.moment(MOMENT), filters.prefecture("Tokyo")) == ("5,280円", "2026年11月21日 14:05", "東京都")
        assert filters.prefecture("California") == "California"


def test_a_name_is_written_in_the_order_of_its_own_script(customer: User) -> None:
    assert customer.name == "Aiko Tanaka"
    customer.first_name, customer.last_name = "愛子", "田中"
    assert customer.name == "田中 愛子"


def test_what_a_form_says_by_itself_is_in_the_persons_language(at_home: Browser) -> None:
    typed = {"topic": "no such topic", "text": "Hello", "form_id": "1"}
    at_home.get("/support")
    assert "Not a valid choice" in at_home.post("/support", typed).text
    at_home.post("/language", {"language": "ja"})
    page = at_home.post("/support", typed).text
    assert "選択肢が正しくありません" in page
    assert "Not a valid" not in page


def test_a_japanese_sign_up_asks_for_the_family_name_first(browser: Browser) -> None:
    english, japanese = (browser.get("/signup", headers={"Accept-Language": asked}).text for asked in ("en", "ja"))
    assert english.index('name="first_name"') < english.index('name="last_name"')
    assert japanese.index('name="last_name"') < japanese.index('name="first_name"')
