"""Every mail in both languages and both shapes: complete, escaped, and able to be read without anything from elsewhere."""

import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from console.clients.mail_texts import Texts, Written
from console.i18n import LANGUAGES
from console.services.mail_previews import TEMPLATES as MAILS
from console.services.mail_previews import samples
from console.wiring import TEMPLATES

PORTAL = "https://portal.example"
MALLORY = "<script>alert(1)</script> & Co"
VOID = {"meta", "br", "img", "hr", "link"}
EVERY = pytest.mark.parametrize(("name", "language"), [(name, language) for name in MAILS for language in LANGUAGES])


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts(str(TEMPLATES / "mail"), PORTAL)


def written(texts: Texts, name: str, language: str) -> Written:
    return texts.write(name, language, samples(PORTAL, language, MALLORY))


class Reader(HTMLParser):
    """What a mail program sees: words, addresses, and whether every element that opens is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.words = ""
        self.language = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.add(tag)
        self.addresses += [held[name] or "" for name in ("href", "src", "background") if name in held]
        self.language = self.language or held.get("lang") or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@EVERY
def test_both_shapes_say_the_same(texts: Texts, name: str, language: str) -> None:
    mail = written(texts, name, language)
    reader = Reader(mail.html)
    assert (reader.open, reader.language) == ([], language)
    assert mail.subject
    assert "\n" not in mail.subject
    assert mail.subject in reader.words
    for line in filter(None, mail.text.splitlines()):
        said = re.sub(r"^- |: https://\S+$", "", re.sub(r" x (?=\d+$)", " × ", line))
        assert said in reader.words or said in reader.addresses, line


@EVERY
def test_it_escapes_who_we_write_to(texts: Texts, name: str, language: str) -> None:
    mail = written(texts, name, language)
    assert MALLORY in mail.text
    assert "script" not in Reader(mail.html).tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in mail.html


@EVERY
def test_it_fetches_nothing_and_leads_to_the_portal_only(texts: Texts, name: str, language: str) -> None:
    html = written(texts, name, language).html
    reader = Reader(html)
    assert reader.addresses
    assert [address for address in reader.addresses if not address.startswith(PORTAL)] == []
    assert not re.search(r"url\(|@import|<(?:img|link|script|iframe|object)\b", html)


@EVERY
def test_the_text_has_no_gaps(texts: Texts, name: str, language: str) -> None:
    text = written(texts, name, language).text
    assert "\n\n\n" not in text
    assert text == text.strip() + "\n"
    assert [line for line in text.splitlines() if line != line.strip()] == []


def test_it_says_nothing_with_a_value_missing(texts: Texts) -> None:
    for name in MAILS:
        with pytest.raises(UndefinedError):
            texts.write(name, "en", {"name": "Aiko Tanaka"})


def test_an_order_with_an_installation_promises_nothing_yet(texts: Texts) -> None:
    mail = texts.write("order_provisioned", "en", {**samples(PORTAL, "en"), "installation": True})
    assert "is in billing" in mail.subject
    assert "We contact you about the installation date" in mail.html
