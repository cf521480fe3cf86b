"""Scores as JSON: the same bytes everywhere, and read again as they were."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl

from estimates.accuracy.accuracy_json import decode, encode, encode_one, encode_set
from estimates.accuracy.accuracy_report import Accuracy, Scored
from estimates.accuracy.pooling import of_set
from estimates.render.digits import rounded
from tests.accuracy.scored import DATED, NUMBERS, days, intervals, items, scored

AT = datetime(2026, 1, 1, tzinfo=UTC)


def grouped() -> Accuracy:
    """Scores with intervals and groups."""
    frame = intervals(np.random.default_rng(3), 90)
    actuals = frame.select("item", value=pl.col("p") * 1.1 + 1 / 3)
    return scored(NUMBERS, frame, actuals)


def dated() -> Accuracy:
    """Scores by step of the target."""
    keys = pl.DataFrame({"item": items(3)}).join(pl.DataFrame({"day": days(4)}), how="cross")
    actuals = keys.with_columns(value=pl.int_range(12) / 7)
    frame = keys.with_columns(p=pl.int_range(12) / 3)
    return scored(DATED, frame, actuals, through=datetime(2023, 12, 31, tzinfo=UTC))


def test_every_float_has_twelve_digits() -> None:
    """Those of slices too, which are rounded where they are made; the bytes come back as scores."""
    for report in (grouped(), dated()):
        body = encode(report)
        assert body == msgspec.json.encode(rounded(msgspec.to_builtins(report)))
        assert encode(decode(body)) == body
    column = decode(encode(grouped())).columns["p"]
    assert [part.value for part in column.groups["kind"]] == ["x", "y"]
    assert len(decode(encode(dated())).columns["p"].horizons) == 4


def test_scores_of_rows_of_many_versions_name_no_version() -> None:
    """What was scored stands in its place."""
    content = msgspec.json.decode(encode_one(grouped(), "demand", "deadline D-1T06:00"))
    assert (content["set"], content["said"]) == ("demand", "deadline D-1T06:00")
    assert "version" not in content["scores"]
    assert content["scores"]["keys"]["n"] == 90


def test_a_set_has_the_stored_scores_as_they_were_stored() -> None:
    """They are not rounded a second time; what follows from them is."""
    stored = decode(encode(grouped()))
    body = encode_set(of_set("demand", [Scored(7, AT, stored)], None, ["2024-01-01", None]))
    content = msgspec.json.decode(body)
    assert [*content] == ["set", "vintage", "vintages", "versions", "together", "diebold_mariano"]
    assert msgspec.convert(content["versions"][0]["scores"], Accuracy) == stored
    assert content["together"] == rounded(content["together"])
    assert content["vintages"] == [None, "2024-01-01"]


def test_other_reports_are_rounded_whole() -> None:
    """Whatever their fields."""
    assert encode(Part(1 / 3, 2**60)) == b'{"share":0.333333333333,"keys":1152921504606846976}'


class Part(msgspec.Struct):
    """A report of another kind."""

    share: float
    keys: int
