"""C: how many keys changed their label, and from which label to which (C1 to C4)."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import polars as pl

from estimates.contract.columns import key_text
from estimates.stability.alignment import Alignment
from estimates.stability.label_report import LabelChange, LabelFlow, LabelReport, Transitions

_Z95 = 1.959963984540054
_CHANGED = 20
_LABELS = 20


def measure(alignment: Alignment, column: str, headline_only: bool = False) -> LabelReport:
    """Compare a label column on the common keys, of which there is at least one; null is a label of
    its own.
    """
    old, new = alignment.old(column), alignment.new(column)
    changed = np.flatnonzero(old.ne_missing(new).to_numpy())
    n, first = len(old), changed[: 0 if headline_only else _CHANGED]
    low, high = wilson_interval(len(changed), n)
    seen, now = alignment.a[column].unique(), alignment.b[column].unique()
    report = LabelReport(
        n=n,
        churn=len(changed) / n,
        churn_low=low,
        churn_high=high,
        new_labels=_without(now, seen),
        gone_labels=_without(seen, now),
        changed=[
            LabelChange(key, _text(a), _text(b))
            for key, a, b in zip(alignment.keys(first), old[first], new[first], strict=True)
        ],
    )
    return report if headline_only else _with_flows(report, _pairs(old, new), n - len(changed))


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (E. B. Wilson, JASA 22, 1927)."""
    share, z2 = successes / n, _Z95**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == n else middle + half)


def _pairs(old: pl.Series, new: pl.Series) -> pl.DataFrame:
    """Number of keys n by label in A (`a`) and in B (`b`)."""
    return (
        pl.DataFrame({"a": old, "b": new})
        .group_by("a", "b")
        .agg(pl.len().cast(pl.Int64).alias("n"))
    )


def _with_flows(report: LabelReport, pairs: pl.DataFrame, agreed: int) -> LabelReport:
    """The report with C2 to C4."""
    labels = _labels(pairs)
    kappa = _kappa(labels, agreed, report.n)
    shown = (
        labels.sort(pl.col("from") + pl.col("to"), "label", descending=[True, False])
        .head(_LABELS)
        .sort("label")
    )
    return msgspec.structs.replace(
        report,
        kappa=kappa,
        kappa_reason="one_label" if kappa is None else None,
        transitions=_transitions(shown["label"], pairs, labels.height - shown.height),
        flows=[
            _flow(report.n, *row) for row in shown.select("label", "from", "to", "kept").iter_rows()
        ],
    )


def _labels(pairs: pl.DataFrame) -> pl.DataFrame:
    """By `label`: keys that have it in A (`from`), in B (`to`) and in both (`kept`)."""
    unchanged = pl.when(pl.col("a").eq_missing(pl.col("b"))).then("n").otherwise(0)
    none = pl.lit(0, dtype=pl.Int64)
    old = pairs.select(label="a", **{"from": "n"}, to=none, kept=unchanged)
    new = pairs.select(label="b", **{"from": none}, to="n", kept=none)
    return pl.concat([old, new]).group_by("label").agg(pl.col("from", "to", "kept").sum())


def _kappa(labels: pl.DataFrame, agreed: int, n: int) -> float | None:
    """C3: (observed − expected agreement) / (1 − expected), in whole numbers (J. Cohen, 1960)."""
    expected = int((labels["from"] * labels["to"]).sum())
    return (n * agreed - expected) / (n * n - expected) if expected < n * n else None


def _transitions(shown: pl.Series, pairs: pl.DataFrame, pooled: int) -> Transitions:
    size = len(shown) + (pooled > 0)
    place = pl.DataFrame({"label": shown, "place": np.arange(len(shown))})
    counts = np.zeros((size, size), dtype=np.int64)
    row, column = (
        pairs.select(label=side)
        .join(place, on="label", how="left", nulls_equal=True, maintain_order="left")["place"]
        .fill_null(len(shown))
        .to_numpy()
        for side in ("a", "b")
    )
    np.add.at(counts, (row, column), pairs["n"].to_numpy())
    return Transitions([_text(label) for label in shown], counts.tolist(), pooled)


def _flow(n: int, label: object, old: int, new: int, unchanged: int) -> LabelFlow:
    return LabelFlow(
        label=_text(label),
        n_from=old,
        n_to=new,
        outflow_share=(old - unchanged) / old if old else None,
        inflow_share=(new - unchanged) / new if new else None,
        prevalence_change=(new - old) / n,
    )


def _without(labels: pl.Series, others: pl.Series) -> list[str]:
    """The labels that are not among the others, in order."""
    return [
        key_text(label)
        for label in labels.filter(~labels.is_in(others.implode())).drop_nulls().sort()
    ]


def _text(label: object) -> str | None:
    return None if label is None else key_text(label)
