"""Scores of single keys and several sets as models, from Python and the command line."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from estimates.accuracy.model_text import render_text
from estimates.catalog.records import Provenance
from estimates.contract.contract_file import parse_contract
from estimates.errors import InvalidError, NotFoundError
from estimates.store.key_scoring import model_table
from estimates.store.store import Store
from tests.builders import make_store
from tests.jobs.cli.calls import call

PLACES, WEEKS = ("NY", "US"), 3
FIRST = date(2026, 1, 7)
OFF = {"flu-a": 1.0, "flu-b": 3.0, "flu-naive": 2.0}
SOURCE = """\
name = "{name}"
[key.place]
type = "string"
[key.day]
type = "date"
target = true
[columns.cases]
[columns.low]
role = "quantile"
quantile = 0.25
[columns.high]
role = "quantile"
quantile = 0.75
[gate]
profile = "exploratory"
"""


def level(place: str, day: date) -> float:
    """What happened."""
    return 10.0 * (1 + PLACES.index(place)) + day.day


def version(week: int, off: float) -> pl.DataFrame:
    """Two places, two weeks ahead, each off by as much."""
    days = [FIRST + timedelta(weeks=week + step) for step in (1, 2)]
    keys = [(place, day) for place in PLACES for day in days]
    values = [level(*key) + off for key in keys]
    return pl.DataFrame(keys, schema=["place", "day"], orient="row").with_columns(
        cases=pl.Series(values), low=pl.Series(values) - 2, high=pl.Series(values) + 2
    )


def truth() -> pl.DataFrame:
    """All that happened."""
    days = [FIRST + timedelta(weeks=week) for week in range(WEEKS + 2)]
    rows = [(place, day, level(place, day)) for place in PLACES for day in days]
    return pl.DataFrame(rows, schema=["place", "day", "cases"], orient="row")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Three models of one target, a version a week; the last one began a week later."""
    store = make_store(tmp_path_factory.mktemp("hub") / "store")
    for name, off in OFF.items():
        text = SOURCE.format(name=name)
        store.define(parse_contract(text), text)
        for number, week in enumerate(range(1 if name == "flu-naive" else 0, WEEKS), start=1):
            through = datetime(2026, 1, 7, tzinfo=UTC) + timedelta(weeks=week)
            store.publish(name, version(week, off), Provenance(through, f"{name}-{week}"))
            store.judge(name, number)
            store.promote(name, number, reason="test")
    return store


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The actual values as a file."""
    path = tmp_path_factory.mktemp("truth") / "truth.csv"
    truth().write_csv(path)
    return path


def test_scores_of_keys_are_a_frame(hub: Store) -> None:
    """A row a version and key, with its step; nothing is stored."""
    last = hub.catalog.last_event()
    scores = hub["flu-b"].scores_by_key(truth())
    assert scores.height == WEEKS * 4
    assert scores.columns[:6] == ["version", "data_through", "column", "place", "day", "horizon"]
    assert set(scores["absolute_error"].to_list()) == {3.0}
    assert scores["covered_50"].to_list() == [0.0] * 12
    assert hub.catalog.last_event() == last
    with pytest.raises(NotFoundError) as caught:
        hub["flu-b"].scores_by_key(truth().filter(pl.col("place") == "nowhere"))
    assert caught.value.code == "no_scores"


def test_models_are_compared_on_equal_keys_of_equal_days(hub: Store) -> None:
    """The ratio of their losses; a baseline that began later counts where it has keys."""
    models = model_table(hub, ["flu-a", "flu-b"], truth(), baseline="flu-naive", loss="mae")
    pairs = {(pair.model, pair.against): (pair.n, pair.ratio) for pair in models.pairs}
    assert pairs["flu-a", "flu-b"] == (12, pytest.approx(1 / 3))
    assert pairs["flu-b", "flu-naive"] == (8, pytest.approx(1.5))
    assert [model.model for model in models.models] == ["flu-a", "flu-naive", "flu-b"]
    scaled = {model.model: model.scaled_relative_skill for model in models.models}
    assert scaled["flu-a"] == pytest.approx((1 / 3 * 1 / 2) ** (1 / 3) / (2 * 2 / 3) ** (1 / 3))
    assert models.periods[0].n == 8
    with pytest.raises(InvalidError) as caught:
        model_table(hub, ["flu-a", "flu-b"], truth(), loss="brier")
    assert (caught.value.code, "wis, mae" in caught.value.message) == ("bad_loss", True)


def test_a_new_model_has_a_line_without_scores(hub: Store) -> None:
    """It stops nobody's comparison, and has no part in the ranks; one model alone is none."""
    text = SOURCE.format(name="flu-new")
    hub.define(parse_contract(text), text)
    models = model_table(hub, ["flu-new", "flu-a", "flu-b"], truth())
    last = models.models[-1]
    assert (last.model, last.n, last.mean, last.relative_skill) == ("flu-new", 0, None, None)
    assert set(models.periods[0].ranks) == {"flu-a", "flu-b"}
    assert "flu-new" in render_text(models)
    with pytest.raises(NotFoundError) as caught:
        model_table(hub, ["flu-new", "flu-a"], truth())
    assert caught.value.code == "no_scores"


@pytest.mark.parametrize("shift", [math.inf, math.nan, -5000.0])
def test_a_shift_that_makes_no_logarithms_is_refused(hub: Store, shift: float) -> None:
    """Whether it is no number itself, or too small for the values."""
    with pytest.raises(InvalidError) as caught:
        hub["flu-a"].scores_by_key(truth(), log_shift=shift)
    assert caught.value.code == "bad_transform"


def test_the_command_has_them_all(hub: Store, table: Path, tmp_path: Path) -> None:
    """Means by columns, single keys, models with a picture; options that do not go together are
    usage errors.
    """
    common = ("--actuals", str(table), "--store", hub.root)
    by = call("score", "flu-a", *common, "--by", "place,horizon", "--format", "json").json
    assert [(row["place"], row["horizon"], row["n"], row["mae"]) for row in by] == [
        (place, step, 3, 1.0) for place in PLACES for step in (1, 2)
    ]
    each = call("score", "flu-a", *common, "--each", "--format", "csv").text
    assert len(each.splitlines()) == 13
    page = call("score", "flu-a", *common, "--by", "place", "--log-shift", "1").text
    assert "covered_50" in page
    picture = tmp_path / "models.svg"
    models = ("score", "flu-a", "flu-b", "--baseline", "flu-naive", *common)
    shown = call(*models, "--chart", str(picture))
    assert "3 models by wis, the best first, scaled by flu-naive" in shown.text
    assert picture.read_text().startswith("<svg")
    assert json.loads(call(*models, "--format", "json").text)["loss"] == "wis"
    assert len(call(*models, "--format", "csv").text.splitlines()) == 7
    for wrong in (
        ("score", "flu-a", "flu-b", "--store", hub.root),
        ("score", "flu-a", *common, "--by", "place", "--regrade"),
        ("score", "flu-a", *common, "--log-shift", "1"),
        ("score", "flu-a", "flu-b", *common, "--each"),
    ):
        assert call(*wrong).code == 2
