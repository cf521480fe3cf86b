"""Parts of the report that one family of metrics fills: ranks, drift, cut-offs, quantiles,
probabilities, schema.

As in `report`: a number that cannot be computed is None and its reason stands beside it.
"""

from __future__ import annotations

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """The middle and the 5 % tails of a distribution."""

    p5: float
    p50: float
    p95: float


class StepChange(msgspec.Struct, frozen=True):
    """S6: changes in units of each key's typical step, q = max(step in A, scale_floor).

    n, coverage  keys whose step is a number from 0, and their share of the common keys
    masc         mean of |d| / q; rmssc: root mean square of d / q
    reason       why both are None: `no_comparable_keys`, `degenerate_scale`, `overflow`
    """

    n: int
    coverage: float
    masc: float | None
    rmssc: float | None
    reason: str | None = None


class RankMove(msgspec.Struct, frozen=True):
    """One key's rank in A and in B; 1 is the largest value, equal values share the mean of their
    ranks.
    """

    key: list[str]
    a: float
    b: float


class RankGroup(msgspec.Struct, frozen=True):
    """Ranks among the keys of one group; few: n < 30; reasons as in RankReport."""

    value: str | None
    n: int
    spearman: float | None
    top_k_overlap: float | None
    few: bool
    reasons: dict[str, str]


class RankReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """S9: how the order of the keys changed, largest first, on the n keys of the column.

    spearman        correlation of the ranks
    top_k           how many the top holds; top_k_overlap: share of A's top that is in B's
    top_1pct_overlap  the same for the top 1 % of the keys, at least 1
    largest_move    the largest change of rank of a key whose value changed
    top             the 20 largest of these above 0, ties by key
    groups          by each rank group of the contract
    reasons         metric → why it is None: `constant` (a version has one value only),
                    `too_few_keys`
    """

    n: int
    spearman: float | None
    top_k: int
    top_k_overlap: float | None
    top_1pct_overlap: float | None
    largest_move: float
    top: list[RankMove]
    reasons: dict[str, str]
    groups: dict[str, list[RankGroup]] = {}


class DriftReport(msgspec.Struct, frozen=True):
    """S8, S10: how the distribution of the values changed, whatever the keys are.

    n_from, n_to      finite values of the common keys in A and in B; each version counts all of its
                      own
    location_shift    (median B − median A) / max(IQR of A, scale_floor)
    dispersion_shift  ln(max(IQR of B, scale_floor) / max(IQR of A, scale_floor))
    psi, psi_bins     population stability index over the deciles of A and the kinds that are not
                      finite
    ks                largest distance of the two distribution functions
    w1                mean distance of the two quantile functions, in units of max(IQR of A,
                      scale_floor) / 1.349
    reasons           metric → why it is None: `no_comparable_keys`, `degenerate_scale`, `overflow`
    """

    n_from: int
    n_to: int
    location_shift: float | None
    dispersion_shift: float | None
    psi: float | None
    psi_bins: int
    ks: float | None
    w1: float | None
    reasons: dict[str, str]


class CutReport(msgspec.Struct, frozen=True):
    """C6: keys whose value crossed one of the contract's cut-offs; a value at the cut-off is above
    it.

    n              keys with a finite value in both versions
    crossing_low, crossing_high  Wilson's 95 % interval of crossing_share
    up_share, down_share  from below to above, from above to below
    margin         median of |b − cut| over the keys that crossed, in the unit of the column
    keys           the first 20 that crossed, by key
    reason         why `margin` is None: `no_crossing`, `overflow`
    """

    cut: float
    n: int
    crossing_share: float
    crossing_low: float
    crossing_high: float
    up_share: float
    down_share: float
    margin: float | None
    keys: list[list[str]]
    reason: str | None = None


class QuantileMove(msgspec.Struct, frozen=True):
    """Changes of a quantile function, in units of max(IQR of A, scale_floor)."""

    mean: float
    p50: float
    p95: float
    max: float


class ProbabilityShift(msgspec.Struct, frozen=True):
    """Q6: |F_B(cut) − F_A(cut)|; clamped_share: keys whose cut lies beyond the outer quantiles in A
    or in B.
    """

    cut: float
    mean: float
    p50: float
    p95: float
    clamped_share: float


class QuantileReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """Q: how the quantiles of one point moved together, on the keys where all are finite and none
    cross.

    point, columns, levels  "" without a point; the quantile columns by level
    n, coverage         keys compared and their share of the common keys
    crossing_from, crossing_to  Q4: rows of each version with quantiles out of order
    crossing_keys       common keys left out because quantiles cross in A or in B
    iqr_levels          the pair of levels nearest 0.25 and 0.75; IQR is the distance of their
                        quantiles
    scale_floor         of the point (without one: of the quantile nearest the median)
    move                Q2: mean |change| over the levels; sup: Q3, the largest
    iqr_change          Q5: ln(max(IQR B, s) / max(IQR A, s))
    tail_change         Q5: the same for (outermost range / IQR)
    cuts                Q6: by each cut-off of the point
    reasons             metric → why it is None: `no_comparable_keys`, `degenerate_scale`,
                        `overflow`, `no_tails` (the IQR is the outermost range)
    """

    point: str
    columns: list[str]
    levels: list[float]
    n: int
    coverage: float | None
    crossing_from: int
    crossing_to: int
    crossing_keys: int
    iqr_levels: list[float]
    scale_floor: float | None
    move: QuantileMove | None
    sup: QuantileMove | None
    iqr_change: Spread | None
    tail_change: Spread | None
    reasons: dict[str, str]
    cuts: list[ProbabilityShift] = []


class Divergence(msgspec.Struct, frozen=True):
    """How far two probability vectors of a key are apart."""

    mean: float
    p95: float
    max: float


class ProbabilityMove(msgspec.Struct, frozen=True):
    """One key's total variation distance between its old and its new probabilities."""

    key: list[str]
    tv: float


class ProbabilityReport(msgspec.Struct, frozen=True):
    """C5: how the probabilities of the contract's labels moved together.

    columns, labels    the vector; rest: what is missing to 1 is one more label, when not all labels
                       have a column
    n, coverage        common keys with a valid vector in both versions, and their share
    invalid_from, invalid_to  rows of each version whose vector is finite, and negative or not
                              adding up
    tv                 ½ Σ |p_B − p_A|; jsd: Jensen–Shannon divergence in bits
    top                the 20 largest tv above 0, ties by key
    reason             why tv and jsd are None: `no_comparable_keys`
    """

    columns: list[str]
    labels: list[str]
    rest: bool
    n: int
    coverage: float | None
    invalid_from: int
    invalid_to: int
    tv: Divergence | None
    jsd: Divergence | None
    top: list[ProbabilityMove]
    reason: str | None = None


class SchemaChange(msgspec.Struct, frozen=True):
    """`what` of `column` is declared otherwise, as text; None where a contract is silent."""

    column: str
    what: str
    a: str | None
    b: str | None


class NearKeys(msgspec.Struct, frozen=True):
    """K1: pairs of a removed and an added key that are the same but for how they are written.

    pairs     how many there are when all rules are applied together
    by_rule   how many each rule alone would make: `trimmed`, `unicode` (NFC), `case`, `point_zero`
              (1001.0 and 1001), `leading_zeros`
    examples  the first five, the removed key and the added one
    """

    pairs: int
    by_rule: dict[str, int]
    examples: list[list[list[str]]]


class SchemaReport(msgspec.Struct, frozen=True):
    """K5: how two contracts differ in what decides whether versions can be compared; keys and
    columns by name.
    """

    added: list[str]
    removed: list[str]
    changed: list[SchemaChange]


class Total(msgspec.Struct, frozen=True):
    """S11: what the keys of a group add up to, on those that are finite in both versions.

    path      the values of the hierarchy's levels, from the first one; empty for all keys
    n         keys with a weight above 0
    a, b      the totals in A and in B; change: (b − a) / |a|, None where a is 0
    carriers  how many parts (groups of the next level, of the last one keys) have 80 % of the sum
              of their absolute changes; parts: how many changed at all
    """

    path: list[str | None]
    n: int
    a: float
    b: float
    change: float | None
    carriers: int
    parts: int


class Totals(msgspec.Struct, frozen=True):
    """S11: the totals of a column; `levels` by the hierarchy's columns.

    weight       the attribute that each key is multiplied by
    below_floor  the share of A's total on keys whose r is relative to the contract's `scale_floor`
    """

    weight: str | None
    all: Total
    levels: dict[str, list[Total]]
    below_floor: float | None
