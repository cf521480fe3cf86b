"""The roles of docs/roles.sql and the policies of docs/security.md, on a real PostgreSQL and a real
S3 server: team A tries every command on a set of team B.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from estimates_jobs.cli.commands import SECTIONS
from tests import s3_server
from tests.conftest import PostgreSQL
from tests.jobs.cli.calls import call
from tests.s3_server import S3Server
from tests.teams import (
    OF_THE_STORE,
    OURS,
    READS,
    READS_THE_CLOCK,
    THEIRS,
    WRITES,
    Command,
    Teams,
    made,
)

pytestmark = pytest.mark.slow
REFUSED = ("catalog_refused", "storage_refused")

# What only a root key does, which is no role.
OF_ROOT = {"access"}
# Servers, other stores, files of one's own; what only a broken store or clock needs, or a request
# for an approval, whose events are guarded as all others are.
ELSEWHERE = {"demo", "new", "draft", "hub", "key", "notify", "serve", "site"} | {
    *("restore", "repair", "recover", "repair-clock", "approve", "decline")
}


@pytest.fixture(scope="module")
def teams(
    postgresql: PostgreSQL, s3: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Teams]:
    """The same in a bucket."""
    with postgresql.database("template0") as url, pytest.MonkeyPatch.context() as patch:
        for name, value in s3.environment().items():
            patch.setenv(name, value)
        root = f"s3://{s3.bucket(s3_server.TEAM_BUCKET)}"
        with made(root, url, tmp_path_factory.mktemp("teams")) as teams:
            yield teams


@pytest.fixture
def as_role(
    teams: Teams, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str, str], None]:
    """Makes this process one of a role of the catalog with keys of the bucket."""

    def become(role: str, key: str, secret: str) -> None:
        environment = s3.environment(key, secret) | {
            "ESTIMATES_STORE": teams.store.root,
            "ESTIMATES_CATALOG": teams.role(role),
            "ESTIMATES_CACHE": str(teams.folder / role),
            "MLFLOW_TRACKING_URI": f"sqlite:///{teams.folder / role}.db",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(teams.folder)

    return become


def test_every_command_stands_in_a_table() -> None:
    """Who may use a new command is said here."""
    commands = {name for section in SECTIONS.values() for name in section}
    tried = [*WRITES, *OF_THE_STORE, *READS, *READS_THE_CLOCK]
    assert commands == {*tried, *OF_ROOT, *ELSEWHERE}


@pytest.mark.stack
def test_team_a_writes_nothing_of_team_b(teams: Teams, as_role: Any) -> None:
    """Each command that writes is refused with a sentence, and leaves nothing behind."""
    as_role("team_a", s3_server.TEAM_KEY, s3_server.TEAM_SECRET)
    _assert_refused(teams, [*_all(WRITES), *_all(OF_THE_STORE)], THEIRS)


@pytest.mark.stack
def test_who_only_reads_writes_nothing(teams: Teams, as_role: Any) -> None:
    """Neither of a set nor of the store, and reads all."""
    as_role("dashboards", s3_server.VIEWER_KEY, s3_server.VIEWER_SECRET)
    _assert_refused(teams, [*_all(WRITES), *_all(OF_THE_STORE)], OURS)
    _assert_answers(teams, _all(READS), THEIRS)


@pytest.mark.stack
def test_team_a_reads_all_and_writes_its_own(teams: Teams, as_role: Any) -> None:
    """Every command about a set does what it does for an owner."""
    as_role("team_a", s3_server.TEAM_KEY, s3_server.TEAM_SECRET)
    _assert_answers(teams, [*_all(READS), *_all(READS_THE_CLOCK)], THEIRS)
    _assert_answers(teams, _all(WRITES), OURS)
    called = call("verify", "--format", "json")
    assert called.code == 0, called.text


def _all(table: dict[str, list[Command]]) -> list[Command]:
    return [command for commands in table.values() for command in commands]


def _assert_answers(teams: Teams, commands: list[Command], name: str) -> None:
    failed = []
    for command in commands:
        called = call(*teams.command(command, name), "--format", "json")
        if called.code not in (0, 1):
            failed.append((command, called.err))
    assert failed == []


def _assert_refused(teams: Teams, commands: list[Command], name: str) -> None:
    wrong = []
    before = teams.state()
    for command in commands:
        called = call(*teams.command(command, name), "--format", "json")
        refusal = called.error if called.code == 2 else {}
        is_clear = refusal.get("code") in REFUSED and "docs/security.md" in refusal["message"]
        after = teams.state()
        changed = [part for part, content in after.items() if content != before[part]]
        if not is_clear or changed or "Traceback" in called.err:
            wrong.append((command, called.code, called.text, called.err, changed))
        before = after
    assert wrong == []
