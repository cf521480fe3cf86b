"""`estimates hub check` in a real git repository."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.hub_repository import MODEL, OPEN, TASKS, HubRepository, metadata, rows
from tests.jobs.cli.calls import Called, call, ok

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HubRepository:
    """A hub, on the branch of a request without changes; commands run in it."""
    monkeypatch.delenv("ESTIMATES_STORE", raising=False)
    (tmp_path / "hub").mkdir()
    monkeypatch.chdir(tmp_path / "hub")
    return HubRepository(tmp_path / "hub")


def check(*words: object, now: str = OPEN) -> Called:
    """Look at the request."""
    return call("hub", "check", "--changed-since", "main", "--now", now, *words)


def seen(called: Called) -> dict[str, list[str]]:
    """The checks of each file's findings, by its path; "" is the request."""
    report = called.json
    findings = {file["path"]: file.get("findings", []) for file in report["files"]}
    findings = {"": report["findings"]} | findings
    return {path: [finding["check"] for finding in of_path] for path, of_path in findings.items()}


def test_a_sound_request_passes(hub: HubRepository) -> None:
    """Committed or not; a request without a submission has nothing to look at."""
    assert "nothing to check" in check().text
    file = hub.submit().relative_to(hub.folder).as_posix()
    for _ in range(2):
        called = check("--format", "json")
        assert (called.code, called.json["outcome"]) == (0, "pass")
        assert seen(called) == {"": [], file: []}
        assert called.json["files"][0]["rows"] == len(rows())
        hub.commit("a submission")
    assert f"pass  {file} (added, 99 rows)" in check().text
    page = check("--format", "markdown").text
    assert page.startswith("### hub check: passed, 1 file (UMass)\n")
    assert "| pass | model-output/UMass-trends/2025-11-08-UMass-trends.csv | 2025-11-08 |" in page


def test_only_the_requests_own_files_are_looked_at(hub: HubRepository) -> None:
    """What came to the branch that it goes to after the two parted, and what lies there already, is
    none of its own.
    """
    hub.submit()
    hub.commit("a submission")
    hub.git("checkout", "-q", "main")
    hub.submit("CDC-base", lines=rows()[:5])
    hub.commit("another one, which is wrong")
    hub.git("checkout", "-q", "request")
    called = check("--format", "json")
    assert called.code == 0
    assert len(called.json["files"]) == 1


def test_a_request_is_of_one_team(hub: HubRepository) -> None:
    """Unless --team says whose files it may have; the hub's own files are not for submissions."""
    hub.submit()
    hub.submit("CDC-base")
    called = check("--format", "json")
    assert (called.code, seen(called)[""]) == (1, ["team"])
    assert check("--team", "*").code == 0
    assert check("--team", "UMass,CDC").code == 0
    assert check("--team", "UMass").code == 1
    hub.write("README.md", "# Another title\n")
    called = check("--team", "*", "--format", "json")
    assert (called.code, called.json["outcome"], seen(called)[""]) == (0, "warn", ["files"])
    hub.write("hub-config/tasks.json", json.dumps(TASKS) + "\n")
    called = check("--team", "*", "--format", "json")
    assert (called.code, seen(called)[""]) == (1, ["files", "files"])


def test_a_closed_round_takes_nothing(hub: HubRepository) -> None:
    """Nothing new, no change, no deletion; while it is open a file may come again."""
    old = hub.submit(of_round=date(2025, 11, 1), lines=rows(date(2025, 11, 1))[::-1])
    path = old.relative_to(hub.folder).as_posix()
    assert seen(check("--format", "json"))[path] == ["change"]
    assert check(now="2025-10-28T12:00:00Z").code == 0
    old.unlink()
    called = check("--format", "json")
    assert seen(called)[path] == ["change"]
    assert "is deleted, and the round closed on 2025-10-29" in check().text
    hub.git("checkout", "-q", "--", ".")
    file = hub.submit().relative_to(hub.folder).as_posix()
    called = check("--format", "json", now="2025-11-06T12:00:00Z")
    assert (called.code, seen(called)[file]) == (1, ["window"])
    assert check(now="2025-10-20T12:00:00Z").code == 1


def test_metadata_follow_the_hubs_schema(hub: HubRepository) -> None:
    """And name the model of their file; a model that submits has some."""
    hub.write(
        "model-metadata/UMass-new.yml",
        metadata("UMass-new", license="MIT", designated_model="maybe", team_abbr="Other"),
    )
    hub.write("model-metadata/UMass-odd.yml", "a: [")
    hub.write("model-metadata/UMass-list.yml", "- a")
    hub.write("model-metadata/UMass-fine.yml", metadata("UMass-fine"))
    file = hub.submit("UMass-none").relative_to(hub.folder).as_posix()
    (hub.folder / "model-metadata" / f"{MODEL}.yml").unlink()
    called = check("--format", "json")
    assert called.code == 1
    assert seen(called) == {
        "": [],
        "model-metadata/UMass-fine.yml": [],
        "model-metadata/UMass-list.yml": ["metadata"],
        "model-metadata/UMass-new.yml": ["metadata"] * 3,
        "model-metadata/UMass-odd.yml": ["metadata"],
        f"model-metadata/{MODEL}.yml": ["change"],
        file: ["metadata"],
    }
    assert "license: 'MIT' is not one of" in check().text


def test_what_cannot_be_read_is_a_finding(hub: HubRepository) -> None:
    """An empty file, other columns, text for a number, a round that there is not."""
    folder = f"model-output/{MODEL}"
    for content, checks in (
        ("", ["reading"]),
        ("a,b\n1,2\n", ["columns"]),
        ("\n".join(hub.submit().read_text().splitlines()[:1]) + "\n", ["reading"]),
        (hub.submit().read_text().replace("0.25,120", "0.25,many"), ["reading"]),
    ):
        file = hub.write(f"{folder}/2025-11-08-{MODEL}.csv", content)
        called = check("--format", "json")
        assert (called.code, [*seen(called).values()]) == (1, [[], checks]), content
    file.rename(file.with_name(f"2025-11-09-{MODEL}.csv"))
    assert [*seen(check("--format", "json")).values()] == [[], ["round"]]
    assert "did you mean '2025-11-08'?" in check().text


def test_the_comment_shows_what_a_file_says_and_nothing_else(hub: HubRepository) -> None:
    """Markup in a request is text; of many files what is wrong is folded, and it has room."""
    nasty = "<img src=x> @everyone **bold**"
    hub.submit(lines=[line.replace(",01,", f",{nasty},") for line in rows()])
    page = check("--format", "markdown").text
    assert "<img" not in page
    assert "@everyone" not in page
    assert "\\*\\*bold" in page
    for number in range(60):
        hub.submit(f"A-m{number}", lines=rows()[:2])
    page = check("--format", "markdown").text
    assert len(page) < 65_536
    assert page.count("<details>") > 30


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--changed-since", "nowhere"), "unknown_ref"),
        (("--changed-since", "main", "--hub", "model-output"), "no_file"),
        (("--changed-since", "main", "--hub", ".."), "no_file"),
        (("--changed-since", "main", "--now", "soon"), "bad_time"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(
    hub: HubRepository, words: tuple[str, ...], code: str
) -> None:
    """With the exit code of a wrong command."""
    called = call("hub", "check", *words, "--format", "json")
    assert (called.code, called.error["code"]) == (2, code)


def test_a_hub_outside_of_git_is_refused(hub: HubRepository, tmp_path: Path) -> None:
    """A folder that nothing is known of, and a branch that shares no commit."""
    lone = tmp_path / "lone" / "hub-config"
    lone.mkdir(parents=True)
    for name in ("admin.json", "tasks.json"):
        (lone / name).write_bytes((hub.folder / "hub-config" / name).read_bytes())
    called = check("--hub", lone.parent, "--format", "json")
    assert (called.code, called.error["code"]) == (2, "no_repository")
    hub.git("checkout", "-q", "--orphan", "other")
    hub.commit("another beginning")
    called = check("--format", "json")
    assert (called.code, called.error["code"]) == (2, "unknown_ref")


def test_a_store_says_what_its_gate_would(
    hub: HubRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each family that a submission has rows of, as the next version of its model, or the first
    one; a store without families is named.
    """
    monkeypatch.chdir(tmp_path)
    ok("init")
    file = hub.submit(of_round=date(2025, 11, 1))
    words = ("--hub", "hub", "--store", "estimates-store", "--through", "{date-7d}")
    moved = list(map(_higher, rows()))
    hub.submit(lines=moved)
    assert "the store has no family" in check(*words).text
    ok("draft", "--hub", "hub")
    ok("define", "wk-inc-flu-hosp.toml")
    ok("publish", "wk-inc-flu-hosp", file, "--through", "{date-7d}")
    assert "umass-trends file against version 1: passes" in check(*words).text

    hub.submit(lines=[line for line in moved if ",01," not in line])
    called = check(*words, "--format", "json")
    (gate,) = called.json["files"][0]["findings"]
    assert (called.code, gate["check"], gate["severity"]) == (1, "gate", "fail")
    assert any("removed_keys" in line for line in gate["examples"]), gate
    assert call("hub", "check", "--changed-since", "main", "--through", "{date}").code == 2


def _higher(line: str) -> str:
    """A row of a number with one more of it."""
    head, _, value = line.rpartition(",")
    return f"{head},{float(value) + 1:g}" if ",quantile," in line else line
