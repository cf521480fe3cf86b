"""What a round asks for, against a slow reading of the rule."""

from __future__ import annotations

from itertools import product
from typing import Any

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from estimates_jobs.hub.required_rows import required_faults
from tests.jobs.hub.small_rounds import MEAN, ids, submission, table, task

PLACES, STEPS = ("US", "01", "06"), (0, 1, 2)
KEYS = ("place", "step")
Cell = tuple[str, str]


@st.composite
def specs(draw: st.DrawFn, values: tuple[Any, ...]) -> dict[str, Any]:
    """Some values are required, the others optional."""
    required = draw(st.sets(st.sampled_from(values)))
    return ids(
        [value for value in values if value in required],
        [value for value in values if value not in required],
    )


def missing_tasks(places: dict[str, Any], steps: dict[str, Any], there: set[Cell]) -> set[Cell]:
    """Each task that is asked for by some row, or by the round alone, and is not there."""
    required = [{str(value) for value in spec["required"] or ()} for spec in (places, steps)]
    missing: set[Cell] = set()
    for wanted in product(PLACES, map(str, STEPS)):
        is_asked = all(part in of_part for part, of_part in zip(wanted, required, strict=True))
        for row in there:
            is_asked |= all(
                part == own or {part, own} <= of_part
                for part, own, of_part in zip(wanted, row, required, strict=True)
            )
        if is_asked and wanted not in there:
            missing.add(wanted)
    return missing


@given(
    places=specs(PLACES),
    steps=specs(STEPS),
    there=st.sets(st.tuples(st.sampled_from(PLACES), st.sampled_from(list(map(str, STEPS))))),
)
@example(places=ids(("US",), ("01",)), steps=ids((0, 1), (2,)), there={("01", "2"), ("US", "0")})
def test_a_required_value_goes_with_every_other(
    places: dict[str, Any], steps: dict[str, Any], there: set[Cell]
) -> None:
    """With what else is required, and with what the submission has."""
    rows = table(KEYS, *((*cell, "mean", None, 1) for cell in sorted(there)))
    tasks = [task({"place": places, "step": steps}, MEAN)]
    findings = list(required_faults(submission(tasks, rows)))
    expected = len(missing_tasks(places, steps, there))
    many = "1 task that the round requires is" if expected == 1 else f"{expected} tasks that the"
    assert [finding.message.startswith(many) for finding in findings] == [True] * bool(expected)


@given(
    required=st.sets(st.sampled_from([0.1, 0.5, 0.9])),
    is_required=st.booleans(),
    there=st.sets(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["0.1", "0.50", "0.9", "mean"]))
    ),
)
@example(required={0.5}, is_required=True, there={("US", "mean"), ("01", "0.50")})
@example(required={0.5}, is_required=False, there={("US", "mean"), ("01", "0.1")})
@example(required=set(), is_required=True, there={("US", "mean"), ("01", "0.1")})
def test_levels_that_are_required_go_together(
    required: set[float], *, is_required: bool, there: set[Cell]
) -> None:
    """Of an output type that is required in each task that there is, else where it has some."""
    quantile = {"output_type_id": ids(sorted(required), [0.1, 0.5, 0.9]), "value": {}}
    kinds = {"quantile": quantile | {"is_required": is_required}}
    kinds |= {"mean": {"is_required": False, "value": {}}}
    lines = [
        (place, "mean", None, 1) if level == "mean" else (place, "quantile", level, 1)
        for place, level in sorted(there)
    ]
    findings = list(
        required_faults(
            submission([task({"place": ids((), PLACES)}, kinds)], table(["place"], *lines))
        )
    )
    has = {(place, float(level)) for place, level in there if level != "mean"}
    with_quantiles = {place for place, level in there if is_required or level != "mean"}
    lacks = {(place, level) for place in with_quantiles for level in required} - has
    if required:
        assert bool(findings) == bool(lacks)
    else:  # without ids that are required the type itself is asked for
        lacks_all = with_quantiles - {place for place, _ in has}
        assert bool(findings) == bool(lacks_all)
    counted = len(lacks) if required else 0
    if counted:
        (finding,) = findings
        words = "1 row of quantile" if counted == 1 else f"{counted} rows of quantile"
        assert finding.message.startswith(words)


def test_what_is_missing_is_named_by_what_tells_it_apart() -> None:
    """With the task ids that differ among the rows, and those in which what is missing is other."""
    keys = {"place": ids(PLACES), "step": ids((), (1,)), "who": ids(("all", "old"))}
    lines = [(place, 1, "all", "mean", None, 1) for place in ("US", "01")]
    (finding,) = required_faults(submission([task(keys, MEAN)], table([*KEYS, "who"], *lines)))
    assert finding.message == "4 tasks that the round requires are not there"
    assert finding.examples == ("place US, who old", "place 01, who old", "place 06, who all")
    assert finding.rows is None


def test_a_task_id_that_does_not_apply_is_no_value() -> None:
    """One without values is NA in its rows, and as such required."""
    keys = {"place": ids(("US",)), "step": ids()}
    rows = table(KEYS, ("US", None, "mean", None, 1))
    assert list(required_faults(submission([task(keys, MEAN)], rows))) == []
    (finding,) = required_faults(submission([task(keys, MEAN)], rows.clear()))
    assert finding.examples == ("place US, step NA",)


def test_numbers_of_a_column_are_what_the_configuration_says() -> None:
    """A column of floats has the steps 0 and 1, a level 0.1 is 0.10 and 1e-1."""
    keys = {"place": ids(("US",)), "step": ids((0, 1))}
    quantile = {"output_type_id": ids((0.1,)), "is_required": True, "value": {}}
    rows = pl.DataFrame(
        {
            "place": "US",
            "step": [0.0, 1.0],
            "output_type": "quantile",
            "output_type_id": ["0.10", "1e-1"],
            "value": [1.0, 2.0],
        }
    )
    assert list(required_faults(submission([task(keys, {"quantile": quantile})], rows))) == []
