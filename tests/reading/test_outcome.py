from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.errors import NotFoundError
from estimates.reading.outcome import key_outcome
from estimates.store.store import Store
from tests.builders import make_store, provenance

CONTRACT = """\
name = "load"
actuals = "load-truth"
[key.site]
type = "string"
[key.hour]
type = "integer"
target = true
[columns.mw]
[columns.low]
role = "lower"
level = 0.8
[columns.high]
role = "upper"
level = 0.8
[columns.state]
role = "label"
"""
TRUTH = """\
name = "load-truth"
[key.site]
type = "string"
[key.hour]
type = "integer"
[columns.mw]
nullable = true
[columns.state]
role = "label"
nullable = true
"""


def published(store: Store, name: str, frame: pl.DataFrame, number: int) -> None:
    """Publish, judge and promote a version."""
    store.publish(name, frame, provenance(f"{name}{number}", number))
    store.judge(name, number)
    store.promote(name, number, reason="test")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two versions of two sites and three hours; of the last hour nothing is known yet."""
    store = make_store(tmp_path_factory.mktemp("outcome") / "store")
    for source in (CONTRACT, TRUTH):
        store.define(parse_contract(source), source)
    keys = pl.DataFrame({"site": ["a"] * 3 + ["b"] * 3, "hour": [1, 2, 3] * 2})
    for number, level in ((1, 11.0), (2, 11.2)):
        said = keys.with_columns(
            mw=pl.lit(level), low=pl.lit(level - 0.4), high=pl.lit(level + 0.4), state=pl.lit("on")
        )
        published(store, "load", said, number)
    came = keys.with_columns(
        mw=pl.when(pl.col("hour") == 3).then(None).otherwise(pl.col("hour") + 10.5),
        state=pl.when(pl.col("hour") == 3).then(None).otherwise(pl.lit("off")),
    )
    published(store, "load-truth", came, 1)
    return store


def test_each_version_is_compared_with_what_came(store: Store) -> None:
    """Errors are estimate − actual value; intervals and labels say whether they were right."""
    outcome = key_outcome(store.reader(), "load", ["a", 1])
    assert outcome.actual == {"mw": 11.5, "state": "off"}
    assert [(e.version, e.errors, e.covered, e.right) for e in outcome.errors] == [
        (1, {"mw": -0.5}, {"mw": {"0.8": False}}, {"state": False}),
        (2, {"mw": pytest.approx(-0.3)}, {"mw": {"0.8": True}}, {"state": False}),
    ]


def test_the_path_has_the_other_targets(store: Store) -> None:
    """What came of the keys that differ in the target only, in its order, null where not known."""
    path = key_outcome(store.reader(), "load", ["b", 2]).path
    assert [(came.target, came.actual["mw"]) for came in path] == [
        ("1", 11.5),
        ("2", 12.5),
        ("3", None),
    ]


def test_what_is_not_known_yet_is_null(store: Store) -> None:
    """A key without an actual value has no errors."""
    outcome = key_outcome(store.reader(), "load", ["a", 3])
    assert outcome.actual == {"mw": None, "state": None}
    assert outcome.errors == []


@pytest.mark.parametrize(
    ("actuals", "why"),
    [
        ("", "names no set"),
        ('actuals = "nowhere"', "no set here"),
        ('actuals = "new"', "no version in production"),
        ('actuals = "load"', "has the key site, hour, not site"),
    ],
)
def test_a_contract_has_to_name_a_set_of_actual_values(
    tmp_path: Path, store: Store, actuals: str, why: str
) -> None:
    """Where none can say what came, the error says why and what to do."""
    name = f"other{len(actuals)}"
    source = f'name = "{name}"\n{actuals}\n[key.site]\ntype = "string"\n[columns.mw]\n'
    new = 'name = "new"\n[key.site]\ntype = "string"\n[columns.mw]\n'
    for text in (source, new):
        store.define(parse_contract(text), text)
    store.publish(name, pl.DataFrame({"site": ["a"], "mw": [1.0]}), provenance(name))
    with pytest.raises(NotFoundError, match=why) as caught:
        key_outcome(store.reader(), name, ["a"])
    assert caught.value.code == "not_observed"
