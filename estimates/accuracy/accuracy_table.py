"""Accuracy as a frame: a row a version, column, and slice of its keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from estimates.accuracy.accuracy_report import ColumnScores, Scored, SetAccuracy, Slice
from estimates.accuracy.pooling import WIS_PARTS, headline_slice
from estimates.contract.conform import DTYPES

_TEXT, _COUNT, _NUMBER = pl.String(), pl.Int64(), pl.Float64()
_SCHEMA: dict[str, pl.DataType] = {
    "version": _COUNT,
    "data_through": DTYPES["timestamp"],
    "scored_at": DTYPES["timestamp"],
    "vintage": _TEXT,
    "asked": _TEXT,
    "column": _TEXT,
    "by": _TEXT,
    "value": _TEXT,
    "target": _TEXT,
    "n": _COUNT,
    "point_n": _COUNT,
    "mae": _NUMBER,
    "rmse": _NUMBER,
    "bias": _NUMBER,
    "mase": _NUMBER,
    "wape": _NUMBER,
    "percentage_bias": _NUMBER,
    "weighted_mae": _NUMBER,
    "weighted_wape": _NUMBER,
    "weighted_bias": _NUMBER,
    "wis_n": _COUNT,
    "wis": _NUMBER,
    "dispersion": _NUMBER,
    "penalty_below": _NUMBER,
    "penalty_above": _NUMBER,
    "weighted_wis": _NUMBER,
    "crps_n": _COUNT,
    "crps": _NUMBER,
    "energy_score": _NUMBER,
    "probability_n": _COUNT,
    "brier": _NUMBER,
    "log_loss": _NUMBER,
    "label_n": _COUNT,
    "right": _NUMBER,
}
_OF_POINTS = (
    *("mase", "wape", "percentage_bias"),
    *("weighted_mae", "weighted_wape", "weighted_bias"),
)


def accuracy_frame(accuracy: SetAccuracy) -> pl.DataFrame:
    """One row a version, column and slice: `by` is `all`, `horizon` or a group column, `value`
    which one of them.

    covered_80 is the share inside the interval of level 80 %, covered_80_n its number of keys.
    mase, shares of what came, weighted scores, the parts of the WIS and the energy score are those
    of all keys.
    """
    rows = [row for scored in accuracy.versions for row in _rows(scored)]
    levels = sorted({level for scored in accuracy.versions for level in _levels(scored)}, key=float)
    schema = dict(_SCHEMA)
    for level in levels:
        schema |= {f"covered_{_percent(level)}_n": _COUNT, f"covered_{_percent(level)}": _NUMBER}
    return pl.DataFrame(
        [{name: row.get(name) for name in schema} for row in rows], schema=schema, orient="row"
    )


def _rows(scored: Scored) -> Iterator[dict[str, Any]]:
    scores = scored.scores
    for name, column in scores.columns.items():
        head = {
            "version": scores.version,
            "data_through": scores.data_through,
            "scored_at": scored.scored_at,
        }
        head |= {"vintage": scores.vintage, "asked": scores.asked, "column": name}
        parts = {name: getattr(column.distribution, name, None) for name in WIS_PARTS}
        parts["energy_score"] = getattr(column.samples, "energy_score", None)
        parts["weighted_wis"] = getattr(column.distribution, "weighted_wis", None)
        parts |= {name: getattr(column.point, name, None) for name in _OF_POINTS}
        yield head | {"by": "all"} | _cells(headline_slice(column)) | parts
        for by, slices in _slices(column):
            for part in slices:
                yield head | {"by": by} | _cells(part)


def _slices(column: ColumnScores) -> Iterator[tuple[str, list[Slice]]]:
    yield "horizon", column.horizons
    yield from column.groups.items()


def _cells(part: Slice) -> dict[str, Any]:
    cells = {name: getattr(part, name) for name in Slice.__struct_fields__ if name in _SCHEMA}
    for level, covered in part.covered.items():
        cells |= {
            f"covered_{_percent(level)}_n": covered.n,
            f"covered_{_percent(level)}": covered.share,
        }
    return cells


def _levels(scored: Scored) -> Iterator[str]:
    for column in scored.scores.columns.values():
        yield from headline_slice(column).covered


def _percent(level: str) -> str:
    return f"{100 * float(level):g}"
