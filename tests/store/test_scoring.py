"""Scoring the versions of a set: what is stored and when, from Python, the command line and over
HTTP.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import polars as pl
import pytest

from estimates.accuracy import accuracy_json
from estimates.accuracy.accuracy_chart import draw
from estimates.accuracy.accuracy_table import accuracy_frame
from estimates.accuracy.accuracy_text import render_text
from estimates.catalog.records import Provenance
from estimates.client import AsyncClient, Client
from estimates.contract.contract_file import parse_contract
from estimates.errors import ConflictError, InvalidError, NotFoundError
from estimates.store.store import Store
from estimates_api.http.representation import ARROW, CSV, NDJSON
from estimates_jobs.run import runner
from tests.api.served import serving
from tests.builders import SET, TARGETS, define, frame, make_store, promoted, publish, source
from tests.invariants import check_all
from tests.jobs.cli.calls import call

ROOT = Path(__file__).parents[2]
PRICES = ROOT / "examples" / "sp500_daily_close.parquet"
EXAMPLE = "sp500-close"
DAYS = (date(2022, 12, 15), date(2022, 12, 16), date(2022, 12, 19))
SQL = f"SELECT ticker, date AS target_date, close AS value FROM '{PRICES}'"
FLAT = """\
name = "{name}"
[key.item]
type = "string"
[columns.p]
[gate]
profile = "exploratory"
"""


def actuals(
    level: float = 100.5, *, target: date = TARGETS[0], vintage: date | None = None
) -> pl.DataFrame:
    """What the closes of a target date turned out to be: `level` and a little."""
    rows = frame(level).filter(pl.col("target_date") == target).drop("note")
    return rows if vintage is None else rows.with_columns(vintage=pl.lit(vintage))


# -- what is stored
# --------------------------------------------------------------------------------------------------


def test_promoted_versions_are_scored(store: Store) -> None:
    """By default what production ever pointed to; a version is scored by number too; nothing else
    is touched.
    """
    define(store)
    promoted(store, "r1", 100.0, day=0)
    publish(store, "r2", 120.0, day=1)
    promoted(store, "r3", 101.0, day=2)
    outcome = store[SET].score(actuals())
    assert (outcome.stored, outcome.unchanged, outcome.unmatched, outcome.unused) == (
        [1, 3],
        [],
        [],
        0,
    )
    mae = {
        version.scores.version: version.scores.columns["value"].point
        for version in outcome.accuracy.versions
    }
    assert {number: point.mae for number, point in mae.items() if point} == pytest.approx(
        {1: 0.5, 3: 0.5}
    )
    assert store[SET].score(actuals(), versions=[2]).stored == [2]
    assert [version.scores.version for version in store[SET].accuracy().versions] == [1, 2, 3]
    assert [version.scores.version for version in store[SET].accuracy(last=1).versions] == [3]
    assert accuracy_json.encode(store[SET].accuracy(2).versions[0].scores) == bytes(
        store.catalog.scores([store.view().set(SET).scored[None][2]])[0].body
    )
    check_all(store)


def test_the_same_actual_values_again_change_nothing(store: Store) -> None:
    """No row, no event; new targets are scores of the versions that have them, revised ones are
    scores anew.
    """
    define(store)
    promoted(store, "r1", 100.0)
    first = store[SET].score(actuals(vintage=date(2024, 6, 3)))
    last = store.catalog.last_event()
    again = store[SET].score(actuals(vintage=date(2024, 6, 3)).reverse())
    assert (again.stored, again.unchanged) == ([], [1])
    assert store.catalog.last_event() == last
    assert again.accuracy == first.accuracy
    revised = pl.concat(
        [actuals(vintage=date(2024, 6, 3)), actuals(99.0, vintage=date(2024, 7, 1))]
    )
    assert store[SET].score(revised).stored == [1]
    newest = store[SET].accuracy(1).versions[0]
    assert newest.scores.vintage == "2024-07-01"
    assert store.view().set(SET).events[-1].kind == "scored"
    assert (
        store[SET].score(revised, vintage="2024-06-30").accuracy.versions[0].scores.vintage
        == "2024-06-03"
    )
    kinds = [event.kind for event in store.view().set(SET).events]
    assert kinds.count("scored") == 3


def test_vintages_are_kept_beside_each_other(local_store: Store) -> None:
    """Scores of one vintage never replace those of another; what is told and pooled is of one, the
    newest values unless another is named.
    """
    define(local_store)
    promoted(local_store, "r1", 100.0, day=0)
    promoted(local_store, "r2", 101.0, day=1)
    june, july = actuals(vintage=date(2024, 6, 3)), actuals(99.0, vintage=date(2024, 7, 1))
    revised, of_set = pl.concat([june, july]), local_store[SET]
    of_set.score(revised, vintage="2024-06-03")
    assert (of_set.accuracy().vintage, of_set.accuracy().vintages) == ("2024-06-03", ["2024-06-03"])
    of_set.score(revised, versions=[2], vintage=datetime(2024, 7, 2, 12, tzinfo=UTC))
    assert of_set.accuracy().vintage == "2024-07-02T12:00:00Z"
    of_set.score(revised)
    of_set.score(revised, vintage="2024-06-03")
    last = local_store.catalog.last_event()
    of_set.score(revised, vintage="2024-06-03")
    assert local_store.catalog.last_event() == last
    errors = {
        vintage: [
            scored.scores.columns["value"].point.mae
            for scored in of_set.accuracy(vintage=vintage).versions
            if scored.scores.columns["value"].point is not None
        ]
        for vintage in (None, "2024-06-03", "2024-07-02T14:00:00+02:00")
    }
    assert list(errors.values()) == [
        pytest.approx([1.0, 2.0]),
        pytest.approx([0.5, 0.5]),
        pytest.approx([2.0]),
    ]
    june_together = of_set.accuracy(vintage="2024-06-03").together["value"].all
    assert june_together.mae == pytest.approx(0.5)
    with pytest.raises(NotFoundError) as caught:
        of_set.accuracy(vintage="2024-05-01")
    assert caught.value.code == "no_scores"
    assert "scored: 2024-06-03, 2024-07-02T12:00:00Z, the newest values" in caught.value.message
    page = call("score", SET, "--vintage", "2024-06-03", "--store", local_store.root).text
    assert "with what was known on 2024-06-03" in page
    assert "also scored: --vintage 2024-07-02T12:00:00Z" in page
    with serving(local_store.root) as url, Client(url) as client:
        remote = client[SET]
        assert remote.accuracy().versions == of_set.accuracy().versions
        then = remote.accuracy(vintage="2024-06-03")
        assert then.versions == of_set.accuracy(vintage="2024-06-03").versions
        assert then.vintage == "2024-06-03"
    check_all(local_store)


def test_what_cannot_be_scored_is_said(local_store: Store) -> None:
    """Versions without an actual value and unused keys are counted; nothing to score at all is an
    error.
    """
    define(local_store)
    promoted(local_store, "r1", 100.0)
    late = frame(101.0).filter(pl.col("target_date") == TARGETS[1])
    local_store.publish(SET, late, Provenance(datetime(2024, 1, 2, 21, tzinfo=UTC), "r2"))
    more = pl.concat(
        [actuals(), pl.DataFrame({"value": [1.0], "ticker": ["ZZ"], "target_date": [TARGETS[0]]})]
    )
    outcome = local_store[SET].score(more, versions=[1, 2])
    assert (outcome.stored, outcome.unmatched, outcome.unused) == ([1], [2], 1)
    nothing = actuals().with_columns(value=pl.lit(None, pl.Float64))
    for call_of in (
        lambda: local_store[SET].score(nothing),
        lambda: local_store[SET].score(actuals(), versions=[2]),
        lambda: local_store[SET].accuracy(2),
    ):
        with pytest.raises(NotFoundError) as caught:
            call_of()
        assert caught.value.code == "no_scores"
    assert local_store[SET].accuracy().versions == outcome.accuracy.versions


def test_versions_of_two_shapes_are_scored_apart(local_store: Store) -> None:
    """By default only those of the shape that readers see count; named together they are a
    conflict.
    """
    define(local_store)
    promoted(local_store, "r1", 100.0)
    define(
        local_store,
        more='[columns.low]\nrole = "lower"\nlevel = 0.8\n[columns.high]\nrole = '
        '"upper"\nlevel = 0.8\n',
    )
    wide = frame(100.0).with_columns(low=pl.lit(99.0), high=pl.lit(102.0))
    local_store.publish(SET, wide, Provenance(datetime(2024, 1, 2, 21, tzinfo=UTC), "r2"))
    local_store.judge(SET, 2)
    local_store.promote(SET, 2, reason="test", new_shape=True)
    assert local_store[SET].score(actuals()).stored == [2]
    with pytest.raises(ConflictError) as caught:
        local_store[SET].score(actuals(), versions=[1, 2])
    assert caught.value.code == "other_shape"
    assert local_store[SET].score(actuals(), versions=[1]).stored == [1]
    pooled = local_store[SET].accuracy().together["value"]
    assert (pooled.all.n, pooled.intervals[0].covered) == (6, 1.0)


def flat(store: Store, name: str, days: int, value: Callable[[int], float]) -> None:
    """A set without targets, promoted once a day."""
    text = FLAT.format(name=name)
    store.define(parse_contract(text), text)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for day in range(days):
        table = pl.DataFrame({"item": ["a", "b"], "p": [value(day), 2 * value(day)]})
        version = store.publish(
            name, table, Provenance(start + timedelta(days=day), f"{name}-{day}")
        )
        store.judge(name, version.version)
        store.promote(name, version.version, reason="test")


def test_another_set_is_a_baseline(local_store: Store) -> None:
    """Each version is compared with the newest one of the other set that saw no later data, and
    over dates tested.
    """
    flat(local_store, "model", 12, lambda day: 1.0 + 0.1 * (day % 3))
    flat(local_store, "naive", 11, lambda day: 2.0 + 0.05 * (day % 4))
    truth = pl.DataFrame({"item": ["a", "b"], "p": [1.0, 2.0]})
    accuracy = local_store["model"].score(truth, against="naive").accuracy
    skills = [entry.scores.columns["p"].skill for entry in accuracy.versions]
    assert [(entry.set, entry.version) for entry in skills if entry] == [
        ("naive", min(day, 11)) for day in range(1, 13)
    ]
    assert skills[0] is not None
    mae = skills[0].losses["mae"]
    assert (mae.n, mae.ours, mae.theirs, mae.skill) == (2, 0.0, 1.5, 1.0)
    test = next(entry for entry in accuracy.diebold_mariano if entry.loss == "mae")
    assert (test.column, test.baseline, test.step, test.dates, test.lag, test.reason) == (
        "p",
        "naive",
        None,
        12,
        0,
        None,
    )
    assert test.mean_difference < 0
    assert test.p_value is not None
    assert test.p_value < 0.001
    page = render_text(accuracy)
    assert "Diebold–Mariano over dates" in page
    assert "better" in page
    by_number = local_store["model"].score(truth, against=1).accuracy
    assert by_number.versions[0].scores.columns["p"].skill is None
    assert by_number.versions[1].scores.columns["p"].skill is not None
    for against in ("model", 2.0):
        with pytest.raises(InvalidError) as caught:
            local_store["model"].score(truth, against=against)  # type: ignore[arg-type]
        assert caught.value.code == "bad_baseline"


# -- the example, through every door
# -----------------------------------------------------------------------------------


class Scored(NamedTuple):
    """The example's forecasts of three days in a store, scored on the command line with the real
    closes.
    """

    store: Store
    body: bytes


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scored]:
    """Three days of the example's job, and `estimates score` with a query; nobody answers for
    MLflow.
    """
    root = tmp_path_factory.mktemp("scoring") / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
        store = make_store(root)
        text = (ROOT / "examples" / "sp500-close.toml").read_text()
        store.define(parse_contract(text), text)
        for day in DAYS:
            runner.run(store, EXAMPLE, data_through=f"{day}T23:00:00Z", run_id=f"{day}")
        called = call("score", EXAMPLE, "--actuals", SQL, "--format", "json", "--store", root)
        assert called.code == 0, called.err
        yield Scored(store, called.out)
        store.catalog.engine.dispose()


def by_hand(store: Store, version: int) -> pl.DataFrame:
    """Estimates of a version beside the closes, put together without our code."""
    closes = pl.read_parquet(PRICES).select("ticker", pl.col("date").alias("target_date"), "close")
    return store.frame(store.resolve(EXAMPLE, version)).join(closes, on=["ticker", "target_date"])


def test_the_command_line_scores_the_example(example: Scored) -> None:
    """All versions are scored and stored, an absent MLflow is said, and the numbers are those of a
    join by hand.
    """
    stored = json.loads(example.body)
    assert (stored["stored"], stored["unchanged"], stored["unmatched"]) == ([1, 2, 3], [], [])
    assert stored["mlflow"] == "these versions have no run in MLflow: 1, 2, 3"
    for version in stored["accuracy"]["versions"]:
        scores, joined = version["scores"], by_hand(example.store, version["scores"]["version"])
        column = scores["columns"]["value"]
        assert scores["keys"] == {
            "n": 200,
            "elapsed": 0,
            "matched": joined.height,
            "unmatched": 200 - joined.height,
        }
        error = joined["value"] - joined["close"]
        assert column["point"]["mae"] == pytest.approx(error.abs().mean(), rel=1e-9)
        assert column["point"]["bias"] == pytest.approx(error.mean(), rel=1e-9)
        inside = joined["close"].is_between(joined["lower_80"], joined["upper_80"])
        assert column["intervals"][0]["covered"] == pytest.approx(inside.mean(), rel=1e-9)
        steps = column["horizons"]
        assert [step["value"] for step in steps] == [str(i + 1) for i in range(len(steps))]
        first = joined.filter(pl.col("target_date") == joined["target_date"].min())
        assert steps[0]["mae"] == pytest.approx(
            (first["value"] - first["close"]).abs().mean(), rel=1e-9
        )
        assert column["point"]["mase_n"] == joined.height
    closes = pl.read_parquet(PRICES).filter(pl.col("date") <= DAYS[0]).sort("ticker", "date")
    steps_of = closes.group_by("ticker").agg(step=pl.col("close").diff().abs().mean())
    joined = by_hand(example.store, 1).join(steps_of, on="ticker")
    mase = stored["accuracy"]["versions"][0]["scores"]["columns"]["value"]["point"]["mase"]
    assert mase == pytest.approx(
        ((joined["value"] - joined["close"]).abs() / joined["step"]).mean(), rel=1e-9
    )


def test_what_is_stored_is_read_the_same_everywhere(example: Scored) -> None:
    """Python, the command line, HTTP and both clients give the same bytes; tables have the same
    rows.
    """
    assert accuracy_json.encode_set(example.store[EXAMPLE].accuracy()) == accuracy_json.encode(
        example.store[EXAMPLE].accuracy()
    )
    expected, root = accuracy_json.encode_set(example.store[EXAMPLE].accuracy()), example.store.root
    assert call("score", EXAMPLE, "--format", "json", "--store", root).out == expected
    table = call("score", EXAMPLE, "--format", "csv", "--store", root)
    rows = accuracy_frame(example.store[EXAMPLE].accuracy())
    assert pl.read_csv(table.out)["mae"].to_list() == rows["mae"].to_list()
    with serving(Path(root)) as url:
        path = f"{url}/v1/sets/{EXAMPLE}/accuracy"
        answer = httpx.get(path)
        assert answer.content == expected
        assert answer.headers["cache-control"] == "no-cache"
        assert httpx.get(path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
        assert httpx.get(path, headers={"accept": CSV}).content == table.out
        arrow = pl.read_ipc_stream(io.BytesIO(httpx.get(path, headers={"accept": ARROW}).content))
        assert arrow.equals(rows)
        assert len(httpx.get(path, headers={"accept": NDJSON}).content.splitlines()) == 3
        encoded = accuracy_json.encode_set(example.store[EXAMPLE].accuracy(2))
        assert httpx.get(path, params={"version": 2}).content == encoded
        assert httpx.get(path, params={"last": 0}).json()["code"] == "bad_limit"
        assert httpx.get(path, params={"version": 9}).json()["code"] == "unknown_version"
        with Client(url) as client:
            assert accuracy_json.encode_set(client[EXAMPLE].accuracy()) == expected
            assert accuracy_json.encode_set(client[EXAMPLE].accuracy(2)) == encoded
            events = client.events(after=0)
            assert [event.version for event in events if event.kind == "scored"] == [1, 2, 3]

        async def ask() -> bytes:
            async with AsyncClient(url) as client:
                return accuracy_json.encode_set(await client[EXAMPLE].accuracy(last=1))

        assert asyncio.run(ask()) == accuracy_json.encode_set(
            example.store[EXAMPLE].accuracy(last=1)
        )
        assert call("score", EXAMPLE, "--format", "json", "--store", url).out == expected


def test_the_page_answers_first(example: Scored) -> None:
    """A sentence, then versions, coverage against what is promised, horizons, revisions."""
    page = call("score", EXAMPLE, "--store", example.store.root).text
    lines = page.splitlines()
    assert lines[0] == f"{EXAMPLE}: 3 versions scored (versions 1 to 3)"
    assert lines[2].startswith("value: off by ")
    for title in (
        "value by version",
        "Inside the intervals",
        "(PIT)",
        "MAE by step",
        "Did revisions move",
    ):
        assert title in page
    assert max(map(len, lines[3:])) <= 132


def test_mistakes_on_the_command_line_are_said(example: Scored, tmp_path: Path) -> None:
    """A file without keys, a query that fails, options that need actual values: no trace, the right
    exit code.
    """
    root = example.store.root
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    (tmp_path / "twice.csv").write_text(
        "ticker,target_date,value\nAAPL,2022-12-19,1\nAAPL,2022-12-19,2\n"
    )
    cases: list[tuple[tuple[Any, ...], str]] = [
        (("--actuals", tmp_path / "bad.csv"), "no_actuals"),
        (("--actuals", tmp_path / "twice.csv"), "duplicate_key"),
        (("--actuals", tmp_path / "none.csv"), "no_file"),
        (("--actuals", "SELECT nothing"), "bad_input"),
        (("--vintage", "2024-01-01"), "no_scores"),
        (("--version", "9"), "unknown_version"),
    ]
    for arguments, code in cases:
        called = call("score", EXAMPLE, *arguments, "--format", "json", "--store", root)
        assert (called.code, called.error["code"]) == (2, code), arguments


def test_a_set_that_was_never_scored_has_no_scores(local_store: Store) -> None:
    """An empty answer, not an error; of a version by number there is none."""
    local_store.define(parse_contract(source()), source())
    assert local_store[SET].accuracy().versions == []
    assert "no version was scored yet" in render_text(local_store[SET].accuracy())


def test_the_picture_is_drawn(example: Scored, tmp_path: Path) -> None:
    """SVG and PNG with a panel for coverage, PIT, steps and versions; the same scores give the same
    bytes.
    """
    root = example.store.root
    for name in ("a.svg", "b.svg", "c.png"):
        assert call("score", EXAMPLE, "--chart", tmp_path / name, "--store", root).code == 0
    svg = (tmp_path / "a.svg").read_text()
    assert (tmp_path / "b.svg").read_text() == svg
    for words in (
        "3 versions scored",
        "inside the interval",
        "where actual values fall",
        "by step",
        "actual value above",
    ):
        assert words in svg
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    wrong = call(
        "score", EXAMPLE, "--chart", tmp_path / "a.gif", "--format", "json", "--store", root
    )
    assert (wrong.code, wrong.error["code"]) == (2, "usage")


def test_there_is_no_picture_of_nothing(local_store: Store) -> None:
    """A set that was never scored has nothing to draw, and says so."""
    define(local_store)
    with pytest.raises(InvalidError) as caught:
        draw(local_store[SET].accuracy(), "svg")
    assert caught.value.code == "nothing_to_draw"
