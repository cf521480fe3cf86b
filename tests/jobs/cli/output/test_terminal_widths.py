"""Every command on terminals of 80, 100 and 160 columns: no line is wider, no number and no word is
broken, and there are no colours where nobody wants them.

The store has what is hard to lay out: a long name of a set, keys of three parts, 23 quantiles,
numbers with many digits, long texts.
"""

from __future__ import annotations

import io
import re
import shlex
import shutil
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.render.wording import cells
from estimates_jobs.cli.entry import run
from tests.builders import make_store
from tests.jobs.cli.calls import call
from tests.made_once import made_once, shared_folder

SET = "weekly-hospital-admissions-of-influenza-by-place-and-age"
LEVELS = (0.01, 0.025, *(round(0.05 * i, 2) for i in range(1, 20)), 0.975, 0.99)
PLACES = ("District of Columbia (Washington)", "Ñuble & Bío-Bío", "x")
AGES = ("0-17 years", "65 years and older")
START = datetime(2024, 10, 7, 21, tzinfo=UTC)
WEEKS = 5
WIDTHS = (80, 100, 160)
WIDE = 3000
KEY = f"{shlex.quote(PLACES[0])} {shlex.quote(AGES[1])} 2024-11-04"
# what differs from one call to the next: moments of today, durations, digests
_PASSING = re.compile(
    r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d(?::[\d.]+)?Z|\b\d[\d.]*\s?(?:ms|s|m|h|d|y)\b"
    r"|\b[0-9a-f]{12,64}\b"
)
_NUMBER = re.compile(r"\d(?:[\d.,:_/-]*\d)?(?:e[+-]?\d+)?(?: %| pp)?")
_ESCAPE = re.compile(r"\x1b\[[?0-9;]*[a-zA-Z]")
_COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;]*m")

_CONTRACT = f"""\
name = "{SET}"
description = "What five models say of the weeks ahead, and how sure they are of it, by place"
owner = "a-team-with-a-long-name@health.example.org"
[key.place_of_residence]
type = "string"
[key.age]
type = "string"
[key.target_end_date]
type = "date"
target = true
[columns.admissions]
unit = "admissions per 100,000 inhabitants"
[columns.probability_of_a_rise]
role = "probability"
label = "rises"
[columns.remark]
role = "attribute"
type = "string"
nullable = true
[freshness]
cadence = "1w"
max_age = "10d"
[stability]
frozen_after = 2
groups = ["age"]
[gate.checks.p95_change]
block = 1.5
warn = 0.2
[gate.checks.median_shift]
block = 9
[gate.checks.width_change]
block = 99
[gate.checks.quantile_change]
block = 99
[gate.checks.comparable]
severity = "warn"
""" + "".join(
    f'[columns.admissions_q{1000 * level:03.0f}]\nrole = "quantile"\nquantile = {level}\n'
    f'of = "admissions"\nunit = "admissions per 100,000 inhabitants"\n'
    for level in LEVELS
)


def _rows(week: int, factor: float = 1.0) -> pl.DataFrame:
    """Estimates of all places and ages for four weeks ahead."""
    keys = [
        (place, age, date(2024, 10, 14) + timedelta(weeks=week + step))
        for place in PLACES
        for age in AGES
        for step in range(4)
    ]
    levels = [
        (1 + 0.01 * week + 0.003 * number) * factor * (1e9 / 7 if "years and" in age else 1 / 3e5)
        for number, (_, age, _) in enumerate(keys)
    ]
    columns: dict[str, object] = {
        "place_of_residence": [place for place, _, _ in keys],
        "age": [age for _, age, _ in keys],
        "target_end_date": [day for _, _, day in keys],
        "admissions": levels,
        "probability_of_a_rise": [0.3 + 0.01 * ((i * 7 + week) % 11) for i in range(len(keys))],
        "remark": [
            f"revised after a late report of week {week}, page {i} of 24; see the note"
            for i in range(len(keys))
        ],
    }
    for level in LEVELS:
        columns[f"admissions_q{1000 * level:03.0f}"] = [
            centre * (0.6 + 0.8 * level) for centre in levels
        ]
    return pl.DataFrame(columns)


def _fill(folder: Path) -> None:
    """Five versions, one of them refused, a rollback, a waiver, a hold, a second set."""
    store = make_store(folder / "store")
    short = _CONTRACT.replace(SET, "b")
    for text in (_CONTRACT, short):
        store.define(parse_contract(text), text)
    for name, weeks in ((SET, WEEKS), ("b", 2)):
        for week in range(weeks):
            rows = _rows(week, 10.0 if week == 3 else 1.0)
            through = START + timedelta(weeks=week)
            made = Provenance(through, f"model-of-the-{week}-week-on-machine-7", targets=())
            version = store.publish(name, rows, made).version
            store.judge(name, version)
            if week != 3:
                reason = "looked at it with the hospitals, and all of it is as they expect it to be"
                store.promote(name, version, reason=reason)
    store.rollback(SET, reason="the ward's numbers were doubled; they send new ones on Thursday")
    store.catalog.engine.dispose()
    for week in (0, 1):
        _rows(week).write_csv(folder / f"week-{week}.csv")
    outcome = _rows(0).select("place_of_residence", "age", "target_end_date", "admissions")
    outcome.write_csv(folder / "actuals.csv")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store, filled once for all test processes."""
    return made_once(shared_folder(tmp_path_factory) / "widths", _fill)


READING = (
    "status",
    f"status {SET}",
    f"status {SET} --slo 90d",
    f"versions {SET}",
    "runs",
    f"runs {SET}",
    "log",
    f"log {SET}",
    f"get {SET} {KEY}",
    f"get {SET} x",
    f"explain {SET} {KEY}",
    f"history {SET} {KEY}",
    f"triangle {SET}",
    f"triangle {SET} x",
    f"score {SET} --actuals actuals.csv",
    f"diff {SET} 1 2",
    f"diff {SET} 2 4",
    f"diff {SET} 1 2 --changes --limit 5",
    f"diff {SET} 1 2 --changes --limit 5 --by admissions_q500.r",
    "diff week-0.csv week-1.csv --key place_of_residence,age,target_end_date",
    f"stability {SET}",
    f"gate {SET} 4",
    f"gate policy {SET}",
    f"gate suggest {SET}",
    f"gate backtest {SET}",
    f"sql 'SELECT * FROM \"{SET}\" ORDER BY ALL LIMIT 3'",
    "sql 'SELECT * FROM nothing'",
    f"get {SET} nowhere",
    f"get {SET.replace('place', 'plce')} x",
    "draft week-0.csv --key place_of_residence,age,target_end_date",
    "verify",
    "audit",
    "usage show",
    "token list",
    "key show",
    "access show",
)
WRITING = (
    f'promote {SET} 5 --reason "the new ones came, and they are right"',
    f'promote {SET} 4 --reason "an error"',
    f'waive {SET} p95_change jumps --version 4 --reason "the census of 2026" --until 2099-01-01',
    f'promote {SET} 5 --alias a-bench-that-tests-dashboards --reason "for the dashboards"',
    f"remove-alias {SET} a-bench-that-tests-dashboards",
    f'hold {SET} 1 --reason "case 2026-117 of the ministry, until the court has decided on it"',
    f"status {SET}",
    f'rollback {SET} --reason "the ward again"',
    'retire b --reason "nobody reads it any more, says the usage of the last year"',
    "log --limit 50",
    "sweep",
    "erase b x --reason 'request 2026-117' --dry-run",
    "backup backup",
)


class _Terminal(io.TextIOWrapper):
    """What is written to it is kept, as to a terminal."""

    def __init__(self) -> None:
        self._kept = io.BytesIO()
        super().__init__(self._kept, encoding="utf-8", write_through=True)

    def shown(self) -> str:
        """All that was written."""
        return self._kept.getvalue().decode()

    def isatty(self) -> bool:
        return True


def _shown(line: str, width: int, monkeypatch: pytest.MonkeyPatch, colours: bool = False) -> str:
    """What a command shows on a terminal of some width, on both outputs."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm-256color")
    if colours:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", "1")
    out, err = _Terminal(), _Terminal()
    with redirect_stdout(out), redirect_stderr(err):
        run(shlex.split(line))
    page = "" if line.startswith("draft") else out.shown()  # a file
    return page + err.shown()


def _check(shown: str, wide: str, width: int) -> None:
    """No line is wider but one of a single word, which is never broken; numbers and words are those
    of a wide terminal.
    """
    assert not _COLOUR.search(shown)
    shown, wide = (_plain(text) for text in (shown, wide))
    too_wide = [line for line in shown.splitlines() if cells(line) > width]
    assert not [line for line in too_wide if len(line.split()) > 1]
    broken = set(_NUMBER.findall(shown)) - set(_NUMBER.findall(wide))
    assert not broken
    torn = _words(shown) - _words(wide) - {"…"}  # a cell ends between words
    assert not torn


def _plain(text: str) -> str:
    """Without bold letters, and without bars of progress, which leave nothing on the screen."""
    lines = [line.rsplit("\x1b[2K", 1)[-1] for line in text.splitlines()]
    lines = [line for line in lines if not re.search("[\u2800-\u28ff━╸]", line)]
    return _PASSING.sub("", _ESCAPE.sub("", "\n".join(lines)))


def _words(text: str) -> set[str]:
    """What stands between blanks, without bars and what is about the width itself."""
    words = text.replace("no room here for:", "").split()
    return {word.strip(",.;:") for word in words if not re.search("[█-▏│]", word)} - {"\\"}


@pytest.mark.parametrize("line", READING, ids=lambda line: line.replace(SET, "SET")[:40])
def test_a_command_that_reads_fits(
    filled: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """At each width, and without colours under NO_COLOR."""
    monkeypatch.chdir(filled)
    monkeypatch.setenv("ESTIMATES_STORE", "store")
    wide = _shown(line, WIDE, monkeypatch)
    for width in WIDTHS:
        _check(_shown(line, width, monkeypatch), wide, width)


def test_statistics_by_horizon_stay_a_table(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a horizon at 80 columns, with what has no room left out: no block for each."""
    monkeypatch.chdir(filled)
    shown = _shown(f"triangle {SET} --store store", 80, monkeypatch)
    assert re.search(r"^horizon +n +mean ", _plain(shown), re.MULTILINE)
    assert "no room here for: " in shown


def test_commands_that_write_fit(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in its turn, on a copy of the store for each width."""
    shown: dict[int, list[str]] = {}
    for width in (WIDE, *WIDTHS):
        folder = tmp_path / str(width)
        shutil.copytree(filled, folder)
        monkeypatch.chdir(folder)
        monkeypatch.setenv("ESTIMATES_STORE", "store")
        shown[width] = [_shown(line, width, monkeypatch) for line in WRITING]
    for width in WIDTHS:
        for text, wide in zip(shown[width], shown[WIDE], strict=True):
            _check(text, wide, width)


def test_colours_are_for_terminals(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict that blocks is red on a terminal; in a pipe there is no colour at all."""
    monkeypatch.chdir(filled)
    monkeypatch.setenv("ESTIMATES_STORE", "store")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = _shown(f"gate {SET} 4", 100, monkeypatch, colours=True)
    assert re.search(r"\x1b\[1;31m[^\n]*BLOCKED", coloured)
    for line in ("status", f"gate {SET} 4", f"diff {SET} 1 2", f"get {SET} nowhere"):
        called = call(*shlex.split(line))
        assert "\x1b" not in called.text + called.err
