"""What the sentence above a report says when the first estimate is not what changed."""

from __future__ import annotations

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff

NUMBER = 'name = "s"\n[key.id]\ntype = "integer"\n[columns.v]\nnullable = true\n'
INTERVAL = (
    NUMBER + '[columns.l]\nrole = "lower"\nlevel = 0.9\n[columns.u]\nrole = "upper"\nlevel = 0.9\n'
)
NAN = float("nan")


def said(
    contract: str, old: dict[str, list[float | None]], new: dict[str, list[float | None]]
) -> str:
    """The headline of two tables of numbers."""
    frames = (
        pl.DataFrame(t, schema=dict.fromkeys(t, pl.Float64)).with_row_index("id")
        for t in (old, new)
    )
    a, b = (frame.with_columns(pl.col("id").cast(pl.Int64)) for frame in frames)
    return diff(a, b, parse_contract(contract)).headline


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            [None, 1.0, 2.0],
            [1.0, 1.0, 2.0],
            "v moved on none of 2 keys; v gained a value on 33.3 %.",
        ),
        ([None, 1.0, 2.0], [NAN, 1.0, 2.0], "v moved on none of 2 keys; v changed kind on 33.3 %."),
        (
            [1.0, 1.0, 2.0],
            [None, 1.0, 2.0],
            "v moved on none of 2 keys; v lost its value on 33.3 %.",
        ),
        ([None], [1.0], "no key has a value of v in both versions; v gained a value on 100 %."),
    ],
)
def test_kinds_that_changed(
    old: list[float | None], new: list[float | None], sentence: str
) -> None:
    """Values gained, values lost and other changes of kind are said."""
    assert said(NUMBER, {"v": old}, {"v": new}) == sentence


def test_few_keys_changed() -> None:
    """Sizes that are 0 over all keys are left out; with more keys those above 0 are told."""
    old: list[float | None] = [float(i + 1) for i in range(1000)]
    assert (
        said(NUMBER, {"v": old}, {"v": [2.0, *old[1:]]})
        == "v changed on 0.10 % of 1,000 keys; most on 0: 1 → 2."
    )
    tenth: list[float | None] = [(i + 1) * 1.5 if i < 100 else i + 1.0 for i in range(1000)]
    assert said(NUMBER, {"v": old}, {"v": tenth}).startswith(
        "v changed on 10.0 % of 1,000 keys, 1 in 20 by more than 50.0 %; most on "
    )


def test_an_interval_that_moved_around_its_point() -> None:
    """Where the point did not move, its interval's width is told, or that its ends changed."""
    old: dict[str, list[float | None]] = {"v": [2.0, 2.0], "l": [1.0, 1.0], "u": [3.0, 3.0]}
    assert said(INTERVAL, old, old | {"l": [0.0, 1.0], "u": [4.0, 3.0]}) == (
        "v moved on none of 2 keys; the 90 % interval of v became over 25 % wider or narrower on "
        "50.0 %."
    )
    assert (
        said(INTERVAL, old, old | {"l": [0.9, 1.0]})
        == "v moved on none of 2 keys; l changed on 50.0 %."
    )
    assert "interval" not in said(
        INTERVAL, old, {"v": [3.0, 3.0], "l": [0.0, 0.0], "u": [6.0, 6.0]}
    )


def test_order_that_broke() -> None:
    """Points outside their interval and crossed ends are told when more rows have them than
    before.
    """
    old: dict[str, list[float | None]] = {"v": [2.0, 2.0], "l": [1.0, 2.5], "u": [3.0, 3.0]}
    assert "v lies outside its 90 % interval in 2 rows, 1 before" in said(
        INTERVAL, old, old | {"v": [4.0, 2.0]}
    )
    assert "the ends of the 90 % interval of v cross in 1 row, 0 before" in said(
        INTERVAL, old, old | {"u": [0.5, 3.0]}
    )
    assert "outside" not in said(INTERVAL, old, old | {"v": [2.1, 2.1]})


def test_another_estimate_that_moved() -> None:
    """Where the first estimate did not move and others did, the worst two of them are told."""
    more = "".join(f"[columns.{name}]\n" for name in "wxy")
    old: dict[str, list[float | None]] = {name: [1.0, 1.0] for name in "vwxy"}
    new = old | {"w": [1.0, 2.0], "x": [2.0, 2.0], "y": [2.0, 2.0]}
    assert said(NUMBER + more, old, new) == (
        "v moved on none of 2 keys; x changed on 100 %; y changed on 100 %; so did 1 other column."
    )


def test_the_label_that_changed_most_is_told() -> None:
    """Of many label columns those that changed on most keys are named, behind a point that did not
    move.
    """
    names = ("a", "b", "c")
    contract = parse_contract(
        NUMBER + "".join(f'[columns.{name}]\nrole = "label"\n' for name in names)
    )
    old = pl.DataFrame({"id": [1, 2], "v": [1.0, 1.0], **{name: ["x", "x"] for name in names}})
    headline = diff(old, old.with_columns(c=pl.lit("y")), contract).headline
    sentence = "100 % of 2 keys changed c; 0 % of 2 keys changed a; 1 more label column below."
    assert headline == f"v moved on none of 2 keys; {sentence}"
