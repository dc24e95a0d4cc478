"""The manual is true: every example in it runs, every door, fault and switch is in it, and what it says to add can be added so."""

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox import manual
from tests.sandbox.provider import Gigs
from tests.support import node
from tests.support.absent import absent
from tests.support.sandbox import ROOT, Control, Running
from tests.support.sf_rest import SfRest

TEXT = manual.PAGE.read_text()
BEFORE, ADDED = TEXT.split(manual.ADDING)
SETUP = manual.examples(BEFORE)[1]
PAGES = [manual.PAGE, *sorted(manual.UPSTREAMS.glob("*.md"))]


def root_of(info: dict[str, Any], upstream: str) -> str:
    """Where an upstream's doors for testers are."""
    if upstream == "mail":
        return info["mail"]["inbox_url"].removesuffix("/mail")
    return info["salesforce"]["rest_plain_url"] if upstream == "salesforce" else info[upstream]["url"]


DOORS = {"salesforce": "behaviour", "whmcs": "quirks", "mobile": "behaviour", "mail": "behaviour"}


@pytest.fixture
def desk(sandbox: Running, tmp_path: Path) -> Path:
    """A folder where `var/sandbox` is the running one, and a client's packages are installed."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "sandbox").symlink_to(sandbox.dir)
    (tmp_path / "node_modules").symlink_to(node.CLIENTS / "node_modules")
    return tmp_path


def kept(shown: list[manual.Example], printed: list[str]) -> None:
    """What an example promises is in what it printed."""
    broken = [(each.text, said) for each, said in zip(shown, printed, strict=True) if not all(word in said for word in each.promises)]
    assert broken == []


def known_faults(control: Control) -> set[str]:
    """Those that any upstream honours."""
    return {fault for upstream in control.operations().values() for fault in upstream["faults"]}


def test_every_example_does_what_it_says(desk: Path, control: Control) -> None:
    shown = [each for each in manual.examples(BEFORE) if each.language in ("bash", "python")]
    assert len(shown) > len(known_faults(control)) + 25
    kept(shown, manual.run(shown, desk))


def test_the_example_for_node_does_what_it_says(desk: Path, sandbox: Running) -> None:
    program = shutil.which("node") or absent("Node is not installed")
    (example,) = [each for each in manual.examples(TEXT) if each.language == "js"]
    if not (node.CLIENTS / "node_modules").is_dir():
        absent("run `npm ci` in tests/sandbox/clients, as ./run test does")
    (desk / "example.js").write_text(example.text)
    trusting = {**manual.surroundings(desk), "NODE_EXTRA_CA_CERTS": sandbox.info["salesforce"]["ca_file"]}
    done = subprocess.run([program, "example.js"], cwd=desk, env=trusting, capture_output=True, text=True, timeout=60, check=True)
    kept([example], [done.stdout])


# -- adding


# a field more, for the object of the manual: one that several records may share
FIELD = (
    "salesforce/force-app/main/default/objects/Visit__c/fields/Door__c.field-meta.xml",
    """
<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
    <fullName>Door__c</fullName><label>Door</label><type>Text</type><length>8</length><externalId>true</externalId>
</CustomField>
""",
)


def filled(folder: Path) -> None:
    """A copy of the sandbox, with the files that the manual shows."""
    for name in ("sandbox", "salesforce"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in [*manual.NAMED.findall(ADDED), FIELD]:
        assert not (folder / path).exists()
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.lstrip())


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """It runs, started as the manual says."""
    filled(tmp_path)
    command, promised = next(each.text for each in manual.examples(TEXT) if each.language == "console").splitlines()
    with (tmp_path / "log").open("w") as log:
        words, around = command.removeprefix("$ ").split(), manual.surroundings(tmp_path)
        started = subprocess.Popen(words, cwd=tmp_path, env=around, stdout=subprocess.PIPE, stderr=log, text=True)
    assert started.stdout is not None
    try:
        said, (before, after) = started.stdout.readline().strip(), promised.split("…")
        assert (said.startswith(before), said.endswith(after)) == (True, True), (tmp_path / "log").read_text()
        yield tmp_path
    finally:
        started.terminate()
        assert started.wait(10) == 0


def test_what_is_missing_is_added_as_the_manual_says(copy: Path) -> None:
    assert len(manual.NAMED.findall(ADDED)) == 2
    shown = [SETUP, *(each for each in manual.examples(ADDED) if each.language == "bash")]
    kept(shown, manual.run(shown, copy))
    told = json.loads((copy / "var" / "sandbox" / "sandbox.json").read_text())
    sf = SfRest(told["salesforce"]).login()
    order = sf.place(uuid.uuid4().hex)
    assert sf.post("sobjects/Visit__c", {"Day__c": "2026-12-02", "Order__c": order}).json()["success"]
    assert sf.post("sobjects/Visit__c", {"Order__c": order}).json()[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    found = sf.one(f"SELECT Id, (SELECT Name, Day__c FROM Visits__r) FROM Order WHERE Id = '{order}'")["Visits__r"]["records"]
    assert [(row["Name"], row["Day__c"]) for row in found] == [("V-0002", "2026-12-02")]
    doors = [sf.post("sobjects/Visit__c", {"Day__c": "2026-12-03", "Door__c": "7"}).json()["id"] for _ in range(2)]
    shared = sf.get("sobjects/Visit__c/Door__c/7")
    assert (shared.status_code, [url.rpartition("/")[2] for url in shared.json()]) == (300, doors)
    described = sf.get("sobjects/Visit__c/describe").json()
    assert (described["custom"], described["labelPlural"], described["keyPrefix"][0]) == (True, "Visits", "a")


# -- completeness


def test_it_has_every_option_and_no_other() -> None:
    told = subprocess.run(
        ["python", "-m", "sandbox", "--help"], cwd=ROOT, env=manual.surroundings(ROOT), capture_output=True, text=True, check=True
    )
    assert {row[0].strip("`") for row in manual.table(TEXT, "| option |")} == set(re.findall(r"--[a-z][a-z-]+", told.stdout)) - {"--help"}


def test_it_has_every_fault_and_no_other(control: Control) -> None:
    rows = manual.table(TEXT, "| fault |")
    assert sorted(row[0].strip("`") for row in rows) == sorted(known_faults(control))
    assert [row[0] for row in rows if f'"fault":"{row[0].strip("`")}"' not in row[3]] == []


def test_it_has_every_door(sandbox: Running) -> None:
    paths = [each["path"] for each in requests.get(f"{sandbox.control.url}/control/doors", timeout=5).json()]
    for upstream in DOORS:
        paths += [each["path"] for each in requests.get(f"{root_of(sandbox.info, upstream)}/sandbox/", timeout=5).json()]
    assert len(paths) >= 17
    assert [path for path in paths if re.sub("<.*?>", "{id}", path) not in TEXT and path not in TEXT] == []


@pytest.mark.parametrize("upstream", DOORS)
def test_it_has_every_switch_with_its_values(sandbox: Running, upstream: str) -> None:
    door, told = f"{root_of(sandbox.info, upstream)}/sandbox/{DOORS[upstream]}", manual.switches(upstream)
    usual = requests.get(door, timeout=5).json()
    assert {name: values[0] for name, values in told.items()} == usual
    choices = requests.post(door, json={"no such switch": 1}, timeout=5).json()["choices"]
    assert {name: values for name, values in told.items() if isinstance(choices[name], list)} == {
        name: values for name, values in choices.items() if isinstance(values, list)
    }
    for name, values in told.items():
        for value in values[::-1]:
            assert requests.post(door, json={name: value}, timeout=5).json()[name] == value
    assert requests.delete(door, timeout=5).json() == usual


@pytest.mark.parametrize("upstream", DOORS)
def test_it_says_what_is_left_to_settle(upstream: str) -> None:
    text = (manual.UPSTREAMS / f"{upstream}.md").read_text()
    assert "## Settle on the first real install" in text
    assert f"({manual.UPSTREAMS.name}/{upstream}.md)" in TEXT


def absent_from(upstream: str) -> list[str]:
    (line,) = re.findall(
        r"^Not there, and answered with 404: (.*?)\.(?:\s|$)", (manual.UPSTREAMS / f"{upstream}.md").read_text(), re.MULTILINE
    )
    return re.findall(r"`(\w+)`", line)


def test_it_says_what_is_not_there(sandbox: Running) -> None:
    sf, gigs = SfRest(sandbox.info["salesforce"]).login(), Gigs(sandbox.info)
    for upstream, ask in (("salesforce", sf.get), ("mobile", lambda path: gigs.call("GET", path))):
        names = absent_from(upstream)
        assert (len(names) > 4, {ask(name).status_code for name in names}) == (True, {404})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_its_links_and_keys_lead_somewhere(sandbox: Running, page: Path) -> None:
    text = page.read_text()
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text):
        led = (page.parent / target).resolve() if target else page
        assert led.exists(), target
        heads = re.findall(r"^#+ (.*)$", led.read_text(), re.MULTILINE) if anchor else []
        assert not anchor or anchor in {head.lower().replace(" ", "-") for head in heads}
    for upstream, key in re.findall(r"\{(salesforce|whmcs|mobile|mail|control|pages)\.(\w+)\}", text):
        assert key in sandbox.info[upstream]
