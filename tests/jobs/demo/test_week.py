"""The demo, played once: a week with a broken feed, a rollback, a promotion; tests/golden plays it
as a process of its own.
"""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from estimates.catalog.records import Event
from estimates.stability.pages.report_text import render_json
from estimates.store.store import Store
from estimates_jobs.demo import narration, price_feed
from estimates_jobs.demo import week as week_module
from estimates_jobs.demo.narration import SET
from estimates_jobs.demo.price_feed import BROKEN_DAY, DAYS, MISSING, TEN_TIMES
from tests.jobs.cli.calls import Called, call
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.stack  # tests/golden plays it among the tests of every change
KEY = ("AAPL", "2021-12-30")
REFUSED = (BROKEN_DAY, DAYS - 1)  # the broken file, and the last one, which ends too soon
GOOD = DAYS - 1  # the last version that passes


class Week(NamedTuple):
    """A played demo: its folder, its store, what it printed and the processor time it took."""

    root: Path
    store: Store
    called: Called
    seconds: float


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """The demo in a fresh folder, without serving; MLflow's record lies beside the store."""
    folder = tmp_path_factory.mktemp("demo")
    start = time.process_time()  # on a busy machine the clock on the wall says little
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        called = call("demo", "--no-serve", "--store", folder / "store")
        seconds = time.process_time() - start
        yield Week(folder / "store", Store(folder / "store"), called, seconds)


def _moves(week: Week) -> list[Event]:
    return [
        event
        for event in week.store.view().set(SET).events
        if event.kind in ("promoted", "rolled_back")
    ]


def test_the_demo_exits_0_within_a_minute(week: Week) -> None:
    """The whole week takes less than a minute and ends well."""
    assert week.called.code == 0, week.called.err
    assert week.seconds < 60


def test_nine_trading_days_make_nine_versions_and_two_are_refused(week: Week) -> None:
    """A version a day, each with the data up to its day only; the broken day's is refused and the
    last one's, no other.
    """
    view = week.store.view().set(SET)
    days = [version.data_through.date() for version in view.versions]
    assert [str(day) for day in days] == [
        f"2021-12-{day}" for day in ("16", "17", "20", "21", "22", "23", "27", "28", "29")
    ]
    assert len(days) == DAYS
    assert [view.blocks[version.version] for version in view.versions] == [
        n in REFUSED for n in range(DAYS)
    ]
    passing = [week.store.verdict(SET, n + 1) for n in range(DAYS) if n not in REFUSED]
    assert {verdict.outcome for verdict in passing if verdict is not None} <= {"pass", "warn"}


def test_the_refused_version_is_named_with_reasons_and_keys(week: Week) -> None:
    """The page and the verdict name the checks and the tickers: those ten times too high and those
    missing.
    """
    verdict = week.store.verdict(SET, BROKEN_DAY + 1)
    assert verdict is not None
    assert {"nulls", "finite_to_null", "p95_change"} <= {check.name for check in verdict.failing()}
    missing = {
        offender.key[0] for offender in verdict.check("finite_to_null").offenders if offender.key
    }
    moved = {offender.key[0] for offender in verdict.check("p95_change").offenders if offender.key}
    assert missing == set(MISSING)
    assert moved == set(TEN_TIMES)
    page = week.called.text
    assert "REFUSED" in page
    assert "production stays at version 4" in page
    for expected in ("finite_to_null", "p95_change", *MISSING, *TEN_TIMES):
        assert expected in page


def test_production_stayed_went_back_and_forward(week: Week) -> None:
    """Promoted day by day without the broken one, rolled back one step and held, promoted again
    with a reason.
    """
    moves = [(event.kind, event.version, event.automatic) for event in _moves(week)]
    daily = [("promoted", n + 1, True) for n in range(DAYS) if n not in REFUSED]
    assert moves == [*daily, ("rolled_back", GOOD - 1, False), ("promoted", GOOD, False)]
    back, forth = _moves(week)[-2:]
    assert back.reason
    assert forth.reason
    assert "held" in week.called.text
    assert not week.store.view().set(SET).aliases["production"].held


def test_the_broken_feed_can_be_looked_at_and_was_replaced(week: Week) -> None:
    """The file of the broken day is right again; the broken one is kept beside it."""
    folder, day = week.root / "feed", "2021-12-22"
    right = pl.read_csv(folder / f"{day}.csv")
    broken = pl.read_csv(folder / f"{day}.csv.broken")
    assert right.height == 20
    assert set(right["ticker"]) - set(broken["ticker"]) == set(MISSING)
    both = right.join(broken, on="ticker", suffix="_broken")
    off = both.filter(pl.col("close_broken") / pl.col("close") > 9.9)
    assert set(off["ticker"]) == set(TEN_TIMES)
    assert len(list(folder.glob("*.csv"))) == DAYS + 1


def test_before_and_after_the_rollback_are_readable(week: Week) -> None:
    """As of just before the rollback production is the last version, at the rollback the one
    before.
    """
    back = _moves(week)[-2]
    before = call(
        "get",
        SET,
        *KEY,
        "--as-of",
        _moves(week)[-3].at.isoformat(),
        "--store",
        week.root,
        "--format",
        "json",
    )
    after = call(
        "get", SET, *KEY, "--as-of", back.at.isoformat(), "--store", week.root, "--format", "json"
    )
    now = call("get", SET, *KEY, "--store", week.root, "--format", "json")
    assert [called.json["version"] for called in (before, after, now)] == [GOOD, GOOD - 1, GOOD]
    assert before.json["estimate"] == now.json["estimate"] != after.json["estimate"]


def test_diff_history_mlflow_and_path_are_shown(week: Week) -> None:
    """The page begins the diff and the history of one key through all versions, and has the MLflow
    record and the PATH line.
    """
    page = week.called.text
    diff = call("diff", SET, GOOD - 1, GOOD, "--store", week.root).text
    history = call("history", SET, *KEY, "--fields", "value", "--store", week.root).text
    assert diff.partition("\n\n")[0] in page
    shown = history.splitlines()[1 : GOOD + 2]  # it is told before the last version comes
    assert [line for line in shown if line not in page] == []
    assert f"sqlite:///{week.root.parent}/mlflow.db" in page
    assert "export PATH=" in page
    assert all(version.mlflow_run for version in week.store.view().set(SET).versions)


def test_the_readme_shows_lines_of_it(week: Week) -> None:
    """What the README shows of the demo is printed by it."""
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    shown = re.findall(r"^```console\n(.*?)^…", readme, re.MULTILINE | re.DOTALL)[0]
    printed = week.called.text.splitlines()
    assert [line for line in shown.splitlines() if line and line not in printed] == []


def test_what_came_is_known_of_every_target(week: Week) -> None:
    """Each version that was in production is scored on all its estimates, and the last file lacks
    those tickers whose estimates are missing.
    """
    accuracy = week.store[SET].accuracy()
    scored = {of.scores.version: of.scores.columns["value"].actuals for of in accuracy.versions}
    assert scored == {n + 1: 200 for n in range(DAYS) if n not in REFUSED}
    verdict = week.store.verdict(SET, DAYS)
    assert verdict is not None
    lost = {
        offender.key[0] for offender in verdict.check("finite_to_null").offenders if offender.key
    }
    assert lost <= {"MSFT", "PEP", "PFE", "PG", "RRC", "UNH", "WMT", "XOM"}
    assert (week.root / "closes.csv").exists()


def test_every_horizon_is_another_number(week: Week) -> None:
    """The forecasts of a stock go somewhere, and far ones move more than near ones."""
    rows = week.store[SET].frame().filter(pl.col("ticker") == "AAPL")["value"]
    assert rows.n_unique() == rows.len() == 10
    horizons = week.store[SET].diff(GOOD - 1, GOOD).columns["value"].horizons
    assert horizons[0].p95 is not None
    assert horizons[-1].p95 is not None
    assert horizons[0].p95 < horizons[-1].p95


def test_the_printed_commands_are_commands(week: Week) -> None:
    """Every `$ estimates …` that changes nothing runs as printed and exits 0."""
    lines = [line[2:] for line in week.called.text.splitlines() if line.startswith("$ ")]
    assert len(lines) == 7
    for line in lines:
        program, name, *arguments = shlex.split(line)
        assert program == "estimates"
        if name not in ("rollback", "promote"):
            assert call(name, *arguments).code == 0


def test_played_again_nothing_happens_twice(week: Week) -> None:
    """The same command on the same folder shows the week again: no new event, the same lines."""
    before = week.store.refresh().last_event
    again = call("demo", "--no-serve", "--store", week.root)
    assert again.code == 0
    assert week.store.refresh().last_event == before
    days = [line for line in week.called.text.splitlines() if line.startswith("2021-12-")]
    assert [line for line in again.text.splitlines() if line.startswith("2021-12-")] == days


def test_json_tells_the_same_week(week: Week) -> None:
    """With --format json the days are a list, for programs."""
    shown = call("demo", "--no-serve", "--store", week.root, "--format", "json")
    assert [day["blocks"] for day in shown.json["days"]] == [n in REFUSED for n in range(DAYS)]
    assert [day["production"] for day in shown.json["days"]] == [1, 2, 3, 4, 4, 6, 7, 8, 8]
    assert shown.json["rolled_back"]["version"] == GOOD - 1


def test_an_interrupted_week_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after the broken day (of four, to save time), the next call plays the rest, each day
    once.
    """
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setattr(price_feed, "DAYS", 4)
    monkeypatch.setattr(price_feed, "BROKEN_DAY", 1)
    root = tmp_path / "store"
    play_day = week_module._play_day

    def stops(
        store: Store, feed: price_feed.Feed, position: int, acts: narration.Acts | None
    ) -> narration.Day:
        if position == 2:
            raise KeyboardInterrupt
        return play_day(store, feed, position, acts)

    with monkeypatch.context() as patched:
        patched.setattr(week_module, "_play_day", stops)
        assert call("demo", "--no-serve", "--store", root).code == 130
    assert len(Store(root).view().set(SET).versions) == 2
    assert call("demo", "--no-serve", "--store", root).code == 0
    view = Store(root).view().set(SET)
    assert view.blocks == {1: False, 2: True, 3: False, 4: True}


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    """The demo never plays into another store, a folder of other files, a file or a bucket."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file.txt").write_text("mine")
    for place, code in (("other", "store_in_use"), ("other/file.txt", "store_in_use")):
        called = call("demo", "--no-serve", "--store", tmp_path / place, "--format", "json")
        assert (called.code, called.error["code"]) == (2, code)
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["file.txt"]
    assert (
        call("demo", "--no-serve", "--store", "s3://bucket/x", "--format", "json").error["code"]
        == "bad_store"
    )


def test_a_port_in_use_is_said_before_anything_is_played(tmp_path: Path) -> None:
    """Nobody waits for a week that cannot be served at its end."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        called = call("demo", "--port", port, "--store", tmp_path / "store", "--format", "json")
    assert (called.code, called.error["code"]) == (2, "port_in_use")
    assert not (tmp_path / "store").exists()


def test_the_service_of_the_demo_answers_a_diff(week: Week) -> None:
    """The service that the demo starts at its end computes diffs: it is no fork of the process that
    played the week.
    """
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "estimates_jobs.cli",
        "demo",
        "--store",
        str(week.root),
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            answer = _ask(f"http://127.0.0.1:{port}/v1/sets/{SET}/diff?from=7&to=8")
        finally:
            process.send_signal(signal.SIGINT)
    assert answer == render_json(week.store[SET].diff(7, 8))


def _ask(url: str) -> bytes:
    """The body of a GET, as soon as somebody listens there."""

    def answer() -> bytes | None:
        try:
            with urllib.request.urlopen(url, timeout=20) as response:
                return response.read()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            return None

    body = until(answer)
    assert body is not None
    return body
