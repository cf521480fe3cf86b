"""The report of a diff, as Structs. Names, formulas and section numbers are those of
docs/stability.md.

Shares lie in 0..1, revisions are in the unit of the column, `r`, `g`, `z` and `width_change` have
no unit. A number that cannot be computed is None and its reason stands in `reason` or `reasons`; it
is never 0.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from estimates.contract.contract import Pairing
from estimates.render.notebook import framed, has_charts, printed, rendered
from estimates.stability.family_reports import (
    CutReport,
    DriftReport,
    NearKeys,
    ProbabilityReport,
    QuantileReport,
    RankReport,
    SchemaReport,
    Spread,
    StepChange,
    Totals,
)
from estimates.stability.label_report import LabelReport

METRICS_REVISION = 9  # raised whenever the same two snapshots would give other numbers


class KeysReport(msgspec.Struct, frozen=True):
    """K: which keys came and went, without those that elapsed and advanced.

    n_from, n_to         keys of A and B that are neither elapsed nor advanced
    common               keys in both
    elapsed, advanced    None when the contract has no dated target, or `through_b` is not known;
                         None by horizon
    identical_share      rows that are bitwise equal, attributes included, of `common`
    added_keys, removed_keys  the first 100, by key
    new_targets          added keys whose target A does not have; None where `elapsed` is
    near                 pairs that are the same but for how they are written, where there are any
    """

    n_from: int
    n_to: int
    common: int
    added: int
    removed: int
    elapsed: int | None
    advanced: int | None
    added_share: float
    removed_share: float
    key_jaccard: float
    identical_share: float | None
    added_keys: list[list[str]]
    removed_keys: list[list[str]]
    reason: str | None = None
    near: NearKeys | msgspec.UnsetType = msgspec.UNSET
    new_targets: int | None = None


class Change(msgspec.Struct, frozen=True):
    """One key's move: d = b − a (None when it overflows), r relative (None without a scale).

    plain  S3a with its sign; None where it is relative and there is no scale
    """

    key: list[str]
    a: float
    b: float
    d: float | None
    r: float | None
    plain: float | None = None


class RelativeChange(msgspec.Struct, frozen=True):
    """S3: r = |d| / max((|a| + |b|) / 2, scale_floor), from 0 to 2."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


class PlainChange(msgspec.Struct, frozen=True):
    """S3a: the change as people say it.

    measure  `relative`: |d| / max(|a|, scale_floor); `points`: |d| in percentage points, of
             probabilities and shares
    """

    measure: Literal["relative", "points"]
    p50: float
    p95: float
    max: float


class TransformChange(msgspec.Struct, frozen=True):
    """S4: g = asinh(b / 2s) − asinh(a / 2s) with s the scale floor; about ln(b / a) for values far
    above it.
    """

    mean: float
    sd: float
    p1: float
    p50: float
    p99: float


class Group(msgspec.Struct, frozen=True):
    """The headline numbers of one group or one horizon.

    p50, p95      of r; few: n < 30
    change_share  of the Σ |d| of all groups; None when nothing moved or it overflows
    plain_p50, plain_p95  of S3a, in the measure of the column
    """

    value: str | None
    n: int
    p50: float | None
    p95: float | None
    material_share: float
    change_share: float | None
    few: bool = False
    plain_p50: float | None = None
    plain_p95: float | None = None


class ScalarReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """S: how one number moved, on the keys where it is finite in both versions.

    scale_floor     unit of the column, from A alone
    equal_share     equal but for bit noise; material_share: outside the contract's materiality
                    tolerance
    floored_share   keys whose r is relative to the scale floor
    r_above         number of keys with r above each limit
    overflow        keys whose b − a does not fit a double
    top_share       share of Σ |d| in the 1 % of the keys (at least 1) that moved most
    top             the 20 largest moves, by r, then |d|, then key
    sign_flip_keys  the first 100, by key
    reasons         metric → why it is None: `degenerate_scale` (A is all zero), `overflow`,
                    `no_move`
    step            S6, when the contract names the attribute that holds each key's typical step
    plain           S3a; None where it is relative and there is no scale
    """

    scale_floor: float | None
    equal_share: float
    material_share: float
    r: RelativeChange | None
    floored_share: float | None
    r_above: dict[str, int] | None
    g: TransformChange | None
    mean_revision: float | None
    mean_absolute_revision: float | None
    root_mean_square_revision: float | None
    rmar: float | None
    up_share: float
    down_share: float
    zero_share: float
    sign_flip_share: float
    overflow: int
    top_share: float | None
    top: list[Change]
    sign_flip_keys: list[list[str]]
    reasons: dict[str, str]
    step: StepChange | None = None
    plain: PlainChange | None = None


class ColumnReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """One estimate column.

    n, coverage     keys that have a finite value (a label: any) in both versions, and their share
                    of the common keys
    kinds           number of keys by kind in A and kind in B: finite, null, nan, +inf, -inf, absent
    kind_loss_keys  the first 100, by key
    reason          why neither `scalar` nor `label` is there: `no_comparable_keys`
    groups          by each group column of the contract; horizons: by step after B's origin, for
                    dated targets
    ranks, drift    S9, S8 and S10, of points and scores; drift of probabilities too
    cuts            C6, by each cut-off of the contract
    """

    role: str
    unit: str | None
    n: int
    coverage: float | None
    kinds: dict[str, dict[str, int]]
    kind_loss_share: float | None
    kind_gain_share: float | None
    kind_loss_keys: list[list[str]]
    reason: str | None = None
    scalar: ScalarReport | None = None
    label: LabelReport | None = None
    groups: dict[str, list[Group]] = {}
    horizons: list[Group] = []
    ranks: RankReport | None = None
    drift: DriftReport | None = None
    cuts: list[CutReport] = []
    totals: Totals | None = None


class IntervalOrder(msgspec.Struct, frozen=True):
    """I0: what is wrong with the intervals of one version, in numbers of rows; one_sided: one end
    null or NaN.
    """

    rows: int
    lower_above_point: int | None
    point_above_upper: int | None
    lower_above_upper: int
    zero_width: int
    one_sided: int


class PointMove(msgspec.Struct, frozen=True):
    """I1: z = |Δpoint| / max(half width of A, scale_floor)."""

    mean: float
    p50: float
    p95: float
    p99: float
    max: float


class Surprise(msgspec.Struct, frozen=True):
    """One key's move in half widths of its old interval."""

    key: list[str]
    z: float


class GroupSurprise(msgspec.Struct, frozen=True):
    """The share of a group's keys with z above 1; few: n < 30."""

    value: str | None
    n: int
    z_gt1_share: float
    few: bool = False


class SignedChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change on the n keys that have it, and their share of the common keys.

    mean    signed: the bias; p95: of the absolute change
    reason  why both are None: `no_comparable_keys`, `no_point`, `degenerate_scale`, `overflow`
    """

    n: int
    coverage: float | None
    mean: float | None
    p95: float | None
    reason: str | None = None


class IntervalReport(msgspec.Struct, frozen=True):
    """I: how one prediction interval moved, on the keys where point and both ends are finite in
    both versions.

    from_quantiles              whether its ends are two quantiles, and nothing declares it
    point, level, lower, upper  the interval as the contract has it; point is "" without one
    order_from, order_to        I0, over all rows of each version
    scale_floor                 of the point (without one: of the middle of the interval)
    z, z_gt1_share              I1, and the share of keys with z above 1
    z_top                       the 20 largest z above 0, ties by key
    new_outside_old             I2: share of keys whose new point lies outside the old interval
    old_outside_new             I2: share of keys whose old point lies outside the new interval
    jaccard, disjoint_share     I3: overlap of old and new interval
    width_change                I4: ln(half width B / half width A)
    width_beyond_share          share of keys whose interval became over 25 % wider, or narrower by
                                as much
    lower_change, upper_change  I5: change of one end in units of max(half width of A, scale_floor),
                                on the keys where this end is finite in both versions; where the
                                other end of A is not finite, the distance to the point is the half
                                width
    asymmetry_change            I6: change of (u − p) / (u − l), on the keys where both widths are
                                above 0
    reasons                     metric → why it is None:
                                `no_comparable_keys`, `no_point`, `degenerate_scale`, `overflow`
    groups                      z_gt1_share by each group column of the contract, where there is a z
    """

    point: str
    level: float
    lower: str
    upper: str
    from_quantiles: bool
    n: int
    coverage: float | None
    order_from: IntervalOrder
    order_to: IntervalOrder
    scale_floor: float | None
    z: PointMove | None
    z_gt1_share: float | None
    z_top: list[Surprise]
    new_outside_old: float | None
    old_outside_new: float | None
    jaccard: Spread | None
    disjoint_share: float | None
    width_change: Spread | None
    width_beyond_share: float | None
    lower_change: SignedChange
    upper_change: SignedChange
    asymmetry_change: SignedChange
    reasons: dict[str, str]
    groups: dict[str, list[GroupSurprise]] = {}


class Carried(msgspec.Struct, frozen=True):
    """A column carried along: on how many of n common keys it differs; null equals null."""

    n: int
    differ: int
    differ_share: float


class Report(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """What changed from one version (`from_`, A, the baseline) to another (`to`, B, the candidate)
    of a set.

    identical   the two snapshots have the same content
    pairing     which keys are compared with which: `same_key`; `same_horizon`, the same step after
                each version's own origin, which stands in the keys; `same_target`, what both
                estimate
    rtol, atol  the materiality tolerance: |b − a| <= atol + rtol · max(|a|, |b|) is not material
    headline    the answer in one sentence
    headline_only  only keys, kinds and the numbers of `scalar` and `label` were asked for: all else
                   is empty or None
    quantiles, probabilities  a point with two quantile columns each; all probability columns
    schema      how the contracts of A and B differ, where they are two
    carried     by column: attributes, and of two tables what is taken for no estimate
    """

    set: str
    from_: str | int
    to: str | int
    identical: bool
    headline: str
    keys: KeysReport
    columns: dict[str, ColumnReport]
    intervals: list[IntervalReport]
    rtol: float
    atol: float
    pairing: Pairing = "same_key"
    metrics_revision: int = METRICS_REVISION
    headline_only: bool = False
    quantiles: list[QuantileReport] = []
    probabilities: ProbabilityReport | None = None
    schema: SchemaReport | None = None
    carried: dict[str, Carried] = {}

    def __repr__(self) -> str:
        return printed("stability.pages.report_text", "render_short", self)

    def _repr_html_(self) -> str | None:
        page = ("stability.pages.report_html", "render_html", self, None)
        return framed(rendered(*page)) if has_charts() else None

    def plot(self) -> Any:
        """The largest moves of the first number, as an Altair chart; raises InvalidError
        (`no_charts`).
        """
        return rendered("stability.pages.change_sections", "plot_moves", self)
