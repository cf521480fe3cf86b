"""S: how far one number moved (S1 to S7)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from estimates.stability.alignment import Alignment, Mask, Rows
from estimates.stability.deltas import Deltas, change
from estimates.stability.family_reports import StepChange
from estimates.stability.kernels.blocks import (
    each_block,
    exact_sum,
    fill_column,
    mean_rows,
    sum_rows,
)
from estimates.stability.kernels.exact import exact_total, mean_of_total
from estimates.stability.kernels.selection import (
    Between,
    Formula,
    Largest,
    Quantiles,
    largest_first,
)
from estimates.stability.plain_change import plain_change, plain_sizes
from estimates.stability.report import (
    Change,
    PlainChange,
    RelativeChange,
    ScalarReport,
    TransformChange,
)
from estimates.stability.shared_rows import Layout, Patched, SharedColumn
from estimates.stability.value_kinds import ColumnValues, Floats

_TOP = 20
_TINY, _HUGE = 1e-140, 1e140  # sizes whose squares can be added up, ten million of them
_KEYS = 100
_ABOVE = (0.01, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0)
_RELATIVE = ("r", "r_above", "floored_share", "g", "rmar")
_REVISIONS = (
    "mean_revision",
    "mean_absolute_revision",
    "root_mean_square_revision",
    "rmar",
    "top_share",
)


def measure(
    alignment: Alignment,
    deltas: Deltas,
    step: ColumnValues | None = None,
    headline_only: bool = False,
    shared: tuple[Layout, SharedColumn] | None = None,
    points: float | None = None,
) -> ScalarReport:
    """Summarise how one column moved; there is at least one key. `step` is the typical step per
    common key.

    headline_only  no lists of keys
    shared         keys beside these that did not move
    points         percentage points in one unit of the column; None: it moves relative to what it
                   was
    """
    numbers = _Pass(deltas, shared, points)
    n = numbers.n
    counts, overflow = numbers.counts, numbers.counts["overflow"]
    mean, absolute, square = (None, None, None) if overflow else numbers.revisions()
    reasons = dict.fromkeys(_RELATIVE, "degenerate_scale") if deltas.scale is None else {}
    if overflow:
        reasons |= dict.fromkeys(_REVISIONS, "overflow")
    elif not absolute:
        reasons["top_share"] = "no_move"
    return ScalarReport(
        scale_floor=deltas.scale,
        equal_share=counts["equal"] / n,
        material_share=counts["material"] / n,
        r=numbers.relative(),
        floored_share=None if deltas.r is None else numbers.floored() / n,
        r_above=None
        if deltas.r is None
        else {f"{limit:g}": counts[f"{limit:g}"] for limit in _ABOVE},
        g=numbers.transform(),
        mean_revision=mean,
        mean_absolute_revision=absolute,
        root_mean_square_revision=square,
        rmar=None
        if absolute is None or deltas.scale is None
        else absolute / max(numbers.mean_size(), deltas.scale),
        up_share=counts["up"] / n,
        down_share=counts["down"] / n,
        zero_share=(n - counts["up"] - counts["down"]) / n,
        sign_flip_share=counts["flips"] / n,
        overflow=overflow,
        top_share=numbers.top_share() if absolute else None,
        top=[] if headline_only else _top(alignment, deltas, overflow, points),
        sign_flip_keys=deltas.keys(alignment, _flipped(deltas))
        if counts["flips"] and not headline_only
        else [],
        reasons={metric: reasons[metric] for metric in sorted(reasons)},
        step=None if step is None else _steps(deltas, step),
        plain=numbers.plain(),
    )


def share(mask: np.ndarray) -> float:
    """The share of a mask that is true."""
    return int(np.count_nonzero(mask)) / len(mask)


def mean_of(x: Floats) -> float:
    """The mean in fixed order; scaled first when the plain sum overflows."""
    return mean_rows(lambda rows: x[rows], len(x))


class _Block(NamedTuple):
    """What is kept of one block of the moves; `sums` and `largest` by name."""

    counts: list[int]
    sums: dict[str, float]
    largest: dict[str, float]
    top: Floats
    r: list[Between]
    g: list[Between]
    plain: list[Between]


class _Pass:
    """Everything that one pass over the moves of a column says about them."""

    def __init__(
        self,
        deltas: Deltas,
        shared: tuple[Layout, SharedColumn] | None,
        points: float | None,
    ) -> None:
        self._compared, self._shared, self._points = deltas, shared, points
        self._unmoved: dict[int, _Block] = {}  # blocks of keys that did not move, by their length
        self.deltas = deltas = deltas if shared is None else _with_shared(deltas, shared[0])
        self.n = len(deltas)
        d, r, n = deltas.d, deltas.r, self.n
        self._top = Largest(lambda rows: np.abs(d[rows]), n, -(-n // 100))
        if r is not None:
            self._r = Quantiles(lambda rows: r[rows], n, 0.5, 0.9, 0.95, 0.99)
            self._g = Quantiles(change(deltas), n, 0.01, 0.5, 0.99)
            self._centre = float(self._g.sample.mean())
        self._plain_of, sizes = plain_change(deltas, points), plain_sizes(deltas, points)
        if sizes is not None:
            self._plain = Quantiles(sizes, n, 0.5, 0.95)
        with np.errstate(over="ignore", invalid="ignore"):
            self._blocks = each_block(self._block, n)
        names = [
            "equal",
            "material",
            "up",
            "down",
            "flips",
            "overflow",
            *(f"{x:g}" for x in _ABOVE),
        ]
        counts = np.sum([block.counts for block in self._blocks], axis=0).tolist()
        self.counts = dict(zip(names, counts, strict=False))

    def relative(self) -> RelativeChange | None:
        """S3."""
        if self.deltas.r is None:
            return None
        p50, p90, p95, p99 = self._r.of_blocks([block.r for block in self._blocks])
        return RelativeChange(self._total("r") / self.n, p50, p90, p95, p99, self._largest("r"))

    def plain(self) -> PlainChange | None:
        """S3a."""
        if self._plain_of is None:
            return None
        p50, p95 = self._plain.of_blocks([block.plain for block in self._blocks])
        measure = "relative" if self._points is None else "points"
        return PlainChange(measure, p50, p95, self._largest("plain"))

    def transform(self) -> TransformChange | None:
        """S4; the variance is taken around a number near the mean."""
        if self.deltas.r is None:
            return None
        off = self._total("g") / self.n
        sd = math.sqrt(max(0.0, self._total("g²") / self.n - off**2))
        return TransformChange(
            self._centre + off,
            sd,
            *(q + 0.0 for q in self._g.of_blocks([block.g for block in self._blocks])),
        )

    def revisions(self) -> tuple[float, float, float]:
        """S5: mean, mean absolute and root mean square; scaled by the largest, against over- and
        underflow.
        """
        n, d, largest = self.n, self.deltas.d, self._largest("d")
        if largest == 0:
            return 0.0, 0.0, 0.0
        if _TINY < largest < _HUGE:
            return self._total("d") / n, self._total("|d|") / n, math.sqrt(self._total("d²") / n)
        square = sum_rows(lambda rows: (d[rows] / largest) ** 2, n) / n
        mean = mean_rows(lambda rows: d[rows], n)
        absolute = mean_rows(lambda rows: np.abs(d[rows]), n)
        return mean, absolute, math.sqrt(square) * largest

    def mean_size(self) -> float:
        """The mean of |b|."""
        b = self._compared.column_b
        total = exact_total(lambda rows: np.abs(b[rows]), len(b))
        return mean_of_total(total + (0 if self._shared is None else self._shared[1].size), self.n)

    def floored(self) -> int:
        """Of how many keys the scale is below the floor."""
        scale = self.deltas.scale
        if self._shared is None or scale is None:
            return self._compared.floored
        values = self._shared[1].runs
        within = values.below(np.array([scale])) - values.upto(np.array([-scale]))
        return self._compared.floored + int(within[0])

    def top_share(self) -> float:
        """S7: the share of Σ |d| in the top 1 % of the keys, at least 1; something moved."""
        top, whole, n = [block.top for block in self._blocks], self._total("|d|"), self.n
        if math.isfinite(whole):
            return min(1.0, self._top.total(top) / whole)
        size = fill_column(lambda rows: np.abs(self.deltas.d[rows]) / self._largest("d"), n)
        return min(
            1.0,
            float(np.sort(size)[n - -(-n // 100) :].sum()) / sum_rows(lambda rows: size[rows], n),
        )

    def _block(self, rows: slice) -> _Block:
        if self._shared is None or self._shared[0].of_block(rows):
            return self._measured(rows)
        length = rows.stop - rows.start
        if length not in self._unmoved:
            self._unmoved[length] = self._measured(rows)
        return self._unmoved[length]

    def _measured(self, rows: slice) -> _Block:
        deltas = self.deltas
        a, b, d = deltas.column_a[rows], deltas.column_b[rows], deltas.d[rows]
        size = np.abs(d)
        largest = {"d": float(size.max())}
        counts = [deltas.equal[rows], deltas.material[rows], d > 0, d < 0]
        counts += [
            flips(a, b) if deltas.signed else None,
            np.isinf(d) if largest["d"] == math.inf else None,
        ]
        sums = {"d": d.sum(), "|d|": size.sum(), "d²": (size * size).sum()}
        r, g = list[Between](), list[Between]()
        if deltas.r is not None and deltas.scale is not None:
            relative, g_values = deltas.r[rows], change(deltas)(rows)
            largest["r"] = float(relative.max())
            counts += [relative > limit if limit < largest["r"] else None for limit in _ABOVE]
            r, g = self._r.of_block(relative), self._g.of_block(g_values)
            g_values = g_values - self._centre
            sums |= {"r": relative.sum(), "g": g_values.sum(), "g²": (g_values * g_values).sum()}
        plain = list[Between]()
        if self._plain_of is not None:
            plain_sizes_here = self._plain_of(a, size)
            largest["plain"] = float(plain_sizes_here.max())
            plain = self._plain.of_block(plain_sizes_here)
        return _Block(
            [0 if mask is None else int(np.count_nonzero(mask)) for mask in counts],
            {name: float(x) for name, x in sums.items()},
            largest,
            self._top.of_block(size),
            r,
            g,
            plain,
        )

    def _total(self, name: str) -> float:
        return exact_sum([block.sums[name] for block in self._blocks])

    def _largest(self, name: str) -> float:
        return max(block.largest[name] for block in self._blocks)


def _with_shared(deltas: Deltas, layout: Layout) -> Deltas:
    """The moves with those of keys that did not move; for their values stands 0, or the least value
    where all are above it.
    """
    value = max(deltas.least, 0.0)

    def spread(values: Any, other: float | bool = 0) -> Any:
        return Patched(layout, values, other)

    return replace(
        deltas,
        column_a=spread(deltas.a, value),
        column_b=spread(deltas.b, value),
        d=spread(np.asarray(deltas.d)),
        r=None if deltas.r is None else spread(deltas.r),
        material=spread(deltas.material),
        equal=spread(deltas.equal, True),
    )


def flips(a: Floats, b: Floats) -> Mask:
    """Where a value changed its sign."""
    return ((a < 0) & (b > 0)) | ((a > 0) & (b < 0))


def _flipped(deltas: Deltas) -> Rows:
    """The first keys whose value changed sign."""
    return np.flatnonzero(flips(deltas.a, deltas.b))[:_KEYS]


def _steps(deltas: Deltas, step: ColumnValues) -> StepChange:
    """S6, with the root mean square scaled by the largest, against over- and underflow."""
    common = len(step.kinds)
    step = step.take(deltas.positions)
    valid = np.flatnonzero(step.finite & (step.numbers >= 0))
    n = len(valid)
    if not n or deltas.scale is None:
        return StepChange(
            n, n / common, None, None, "degenerate_scale" if n else "no_comparable_keys"
        )
    with np.errstate(over="ignore"):
        in_steps = np.abs(deltas.d[valid]) / np.maximum(step.numbers[valid], deltas.scale)
    largest = float(in_steps.max())
    if not np.isfinite(largest):
        return StepChange(n, n / common, None, None, "overflow")
    square = float(np.sqrt(mean_of((in_steps / largest) ** 2))) * largest if largest else 0.0
    return StepChange(n, n / common, mean_of(in_steps), square)


def _top(alignment: Alignment, deltas: Deltas, overflow: int, points: float | None) -> list[Change]:
    """S7: the largest moves by r, then |d|, then key; what overflows comes first."""
    d, r = deltas.d, deltas.r
    ranked: list[Formula] = [] if r is None else [r.__getitem__]
    ranked.append(lambda rows: np.abs(d[rows]))
    if overflow:
        ranked.insert(0, lambda rows: np.isinf(d[rows]).astype(np.float64))
    rows = largest_first(_TOP, len(d), *ranked)
    rows = rows[d[rows] != 0]
    sizes, by, none = plain_sizes(deltas, points), d[rows], [None] * len(rows)
    signed = none if sizes is None else np.copysign(sizes(rows), by).tolist()
    moves = zip(
        deltas.column_a[rows].tolist(),
        deltas.column_b[rows].tolist(),
        by.tolist(),
        none if r is None else r[rows].tolist(),
        signed,
        strict=True,
    )
    return [
        Change(
            key,
            a + 0.0,  # −0.0 is 0.0
            b + 0.0,
            move if math.isfinite(move) else None,
            relative,
            plain,
        )
        for key, (a, b, move, relative, plain) in zip(
            deltas.keys(alignment, rows), moves, strict=True
        )
    ]
