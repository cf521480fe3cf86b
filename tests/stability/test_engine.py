"""The engine against a slow, obvious reference in plain Python."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from estimates.contract.contract_file import parse_contract
from estimates.stability.diff import diff
from estimates.stability.report import IntervalReport, ScalarReport
from tests.stability.reference import asinh, finite, quantile, relative, same, scale_floor

CONTRACT = parse_contract(
    """
    name = "set"
    [key.id]
    type = "integer"
    [columns.value]
    nullable = true
    [columns.lower]
    role = "lower"
    level = 0.8
    nullable = true
    [columns.upper]
    role = "upper"
    level = 0.8
    nullable = true
    """
)
EDGES = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    5e-324,
    -1e-310,
    1e-9,
    1e300,
    1.7e308,
    -1.7e308,
    math.nan,
    math.inf,
    -math.inf,
    None,
)
VALUE = st.one_of(st.floats(-1e6, 1e6), st.floats(0.5, 2.0), st.sampled_from(EDGES), st.floats())
ROWS = st.tuples(VALUE, VALUE, VALUE)
VERSION = st.dictionaries(st.integers(0, 30), ROWS, max_size=30)
Row = tuple[float | None, float | None, float | None]
Version = dict[int, Row]


def frame(version: Version) -> pl.DataFrame:
    """The version as a frame, its rows in the order of the dictionary."""
    rows = [(key, *row) for key, row in version.items()]
    schema = {"id": pl.Int64, "value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def check_scalar(got: ScalarReport, a: list[float], b: list[float]) -> None:
    """Every scalar metric, one obvious line each."""
    n, d = len(a), [y - x for x, y in zip(a, b, strict=True)]
    largest = [max(abs(x), abs(y)) for x, y in zip(a, b, strict=True)]
    assert got.overflow == sum(math.isinf(x) for x in d)
    same(
        got.equal_share,
        sum(abs(x) <= 1e-9 * m * (1 + 1e-12) for x, m in zip(d, largest, strict=True)) / n,
    )
    same(
        got.material_share,
        sum(abs(x) > 0.01 * m * (1 + 1e-12) for x, m in zip(d, largest, strict=True)) / n,
    )
    same(got.up_share, sum(x > 0 for x in d) / n)
    same(got.down_share, sum(x < 0 for x in d) / n)
    same(got.zero_share, sum(x == 0 for x in d) / n)
    same(got.sign_flip_share, sum(x < 0 < y or y < 0 < x for x, y in zip(a, b, strict=True)) / n)
    floor = scale_floor(a)
    check_revisions(got, d, b, floor)
    if floor is None:
        assert got.r is got.g is got.scale_floor is None
        return
    same(got.scale_floor, floor)
    r = [relative(x, y, floor) for x, y in zip(a, b, strict=True)]
    assert got.r is not None
    same(got.r.mean, math.fsum(r) / n)
    for name, at in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)):
        same(getattr(got.r, name), quantile(r, at))
    check_transform(got, a, b, floor)


def check_revisions(got: ScalarReport, d: list[float], b: list[float], floor: float | None) -> None:
    """S5 in exact arithmetic; null when one difference overflows."""
    if got.overflow:
        assert got.mean_revision is got.root_mean_square_revision is got.rmar is None
        return
    n, exact = len(d), [Fraction(x) for x in d]
    absolute = float(sum(abs(x) for x in exact) / n)
    same(got.mean_revision, float(sum(exact) / n), scale=absolute)
    same(got.mean_absolute_revision, absolute)
    largest = max(abs(x) for x in exact)
    square = (
        math.sqrt(sum((x / largest) ** 2 for x in exact) / n) * float(largest) if largest else 0.0
    )
    same(got.root_mean_square_revision, square)
    if floor is not None:
        same(got.rmar, absolute / max(float(sum(abs(Fraction(x)) for x in b) / n), floor))


def check_transform(got: ScalarReport, a: list[float], b: list[float], floor: float) -> None:
    """S4; g is a difference, so the last bits of its two terms are what it can be compared to."""
    g = [asinh(y, floor) - asinh(x, floor) for x, y in zip(a, b, strict=True)]
    scale = max(abs(asinh(x, floor)) for x in (*a, *b))
    assert got.g is not None
    mean = math.fsum(g) / len(g)
    same(got.g.mean, mean, scale)
    same(got.g.sd, math.sqrt(math.fsum((x - mean) ** 2 for x in g) / len(g)), scale)
    for name, at in (("p1", 0.01), ("p50", 0.5), ("p99", 0.99)):
        same(getattr(got.g, name), quantile(g, at), scale)


Ends = tuple[Fraction, Fraction, Fraction]


def ends(point: float, lower: float, upper: float) -> Ends:
    """An interval in exact arithmetic."""
    return Fraction(point), Fraction(lower), Fraction(upper)


def check_interval(got: IntervalReport, old: list[Ends], new: list[Ends]) -> None:
    """I1 to I4 in exact arithmetic."""
    n, floor = got.n, None if got.scale_floor is None else Fraction(got.scale_floor)
    pairs = list(zip(old, new, strict=True))
    same(got.new_outside_old, sum(not low <= p <= up for (_, low, up), (p, _, _) in pairs) / n)
    same(got.old_outside_new, sum(not low <= p <= up for (p, _, _), (_, low, up) in pairs) / n)
    jaccard = []
    for (_, low_a, up_a), (_, low_b, up_b) in pairs:
        union = max(up_a, up_b) - min(low_a, low_b)
        jaccard.append(
            float(max(Fraction(0), min(up_a, up_b) - max(low_a, low_b)) / abs(union))
            if union
            else 1.0
        )
    same(got.disjoint_share, sum(min(a[2], b[2]) < max(a[1], b[1]) for a, b in pairs) / n)
    assert got.jaccard is not None
    same(got.jaccard.p50, quantile(jaccard, 0.5), 1)
    if floor is None:
        assert got.z is got.width_change is None
        return
    half = [[max((up - low) / 2, floor) for _, low, up in side] for side in (old, new)]
    width = [math.log(y) - math.log(x) for x, y in zip(*half, strict=True)]
    assert got.width_change is not None
    same(got.width_change.p95, quantile(width, 0.95), 1e3)
    z = [abs(b[0] - a[0]) / h for (a, b), h in zip(pairs, half[0], strict=True)]
    if max(z) > Fraction(1.79e308):
        assert got.z is None
        return
    assert got.z is not None
    same(got.z.mean, float(sum(z) / n))
    same(got.z.p95, quantile([float(x) for x in z], 0.95))


def check_ends(got: IntervalReport, rows: list[tuple[Row, Row]]) -> None:
    """I5 in exact arithmetic, where an end is finite in both versions and a half width is known."""
    for change, end, other in ((got.lower_change, 1, 2), (got.upper_change, 2, 1)):
        moved: list[Fraction] = []
        n = 0
        for a, b in rows:
            far, near, both = finite(a[other]), finite(a[0], a[end]), finite(a[end], b[end])
            if not both or not (far or near):
                continue
            n += 1
            was, now = map(Fraction, both)
            opposite = Fraction(far[0]) if far else 2 * Fraction((near or both)[0]) - was
            half = (opposite - was) / (2 if end == 1 else -2)
            moved += (
                []
                if got.scale_floor is None
                else [(now - was) / max(half, Fraction(got.scale_floor))]
            )
        assert change.n == n
        if not moved or max(map(abs, moved)) > Fraction(1.79e308):
            assert change.mean is None
            continue
        size = [float(abs(x)) for x in moved]
        same(change.mean, float(sum(moved) / n), max(size))
        same(change.p95, quantile(size, 0.95))


def check_asymmetry(got: IntervalReport, old: list[Ends], new: list[Ends]) -> None:
    """I6, where both widths are above 0."""
    wide = [(a, b) for a, b in zip(old, new, strict=True) if a[2] > a[1] and b[2] > b[1]]
    assert got.asymmetry_change.n == len(wide)
    place = [[(up - p) / (up - low) for p, low, up in pair] for pair in wide]
    largest = max((abs(x) for pair in place for x in pair), default=Fraction(0))
    if not wide or largest > Fraction(1e300):
        return
    moved = [b - a for a, b in place]
    same(got.asymmetry_change.mean, float(sum(moved) / len(moved)), float(largest))
    same(got.asymmetry_change.p95, quantile([float(abs(x)) for x in moved], 0.95), float(largest))


@given(VERSION, VERSION)
def test_engine_agrees_with_the_reference(old: Version, new: Version) -> None:
    """Keys, kinds, scalar and interval metrics of any two versions agree with plain Python to
    1e-12.
    """
    report = diff(frame(old), frame(new), CONTRACT)
    common = sorted(old.keys() & new.keys())
    assert (report.keys.common, report.keys.added, report.keys.removed) == (
        len(common),
        len(new.keys() - old.keys()),
        len(old.keys() - new.keys()),
    )
    for i, name in enumerate(("value", "lower", "upper")):
        moves = [pair for key in common if (pair := finite(old[key][i], new[key][i]))]
        column = report.columns[name]
        assert column.n == len(moves)
        if moves:
            assert column.scalar is not None
            check_scalar(column.scalar, [a for a, _ in moves], [b for _, b in moves])
    whole = [six for key in common if (six := finite(*old[key], *new[key]))]
    (interval,) = report.intervals
    assert interval.n == len(whole)
    check_ends(interval, [(old[key], new[key]) for key in common])
    if whole:
        before, after = [ends(*six[:3]) for six in whole], [ends(*six[3:]) for six in whole]
        check_interval(interval, before, after)
        check_asymmetry(interval, before, after)


@given(VERSION, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(version: Version, random: Random) -> None:
    """Any order of rows gives the same report, bit for bit."""
    rows = list(version.items())
    random.shuffle(rows)
    other: Version = dict.fromkeys(list(version)[::2], (None, 1.0, 2.0))
    assert diff(frame(version), frame(other), CONTRACT) == diff(
        frame(dict(rows)), frame(other), CONTRACT
    )
