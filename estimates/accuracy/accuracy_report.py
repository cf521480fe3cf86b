"""The report of accuracy, as Structs. Names and formulas are those of docs/accuracy.md.

Losses are in the unit of the column (its square never: `rmse` is a root), shares lie in 0..1. A
number that cannot be computed is None and its reason stands in `reason` or `reasons`; it is never
0. `n` is how many keys a number is about, `coverage` their share of the keys that have an actual
   value.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from estimates.accuracy.point_report import PointScores
from estimates.accuracy.sample_report import SampleScores
from estimates.render.notebook import preformatted, printed, rendered

LAST_SCORED = 100  # versions whose scores are given unless others are asked for

METRICS_REVISION = 2  # raised whenever the same snapshot and actual values would give other numbers


class Keys(msgspec.Struct, frozen=True):
    """What there is to score.

    n          keys of the version whose target its run had not seen; elapsed: the others, which are
               not scored
    matched    keys that have a row in the actual values; unmatched: the others
    """

    n: int
    elapsed: int
    matched: int
    unmatched: int


class IntervalScores(msgspec.Struct, frozen=True, omit_defaults=True):
    """One prediction interval: how often the actual value lies in it (ends included), and the
    interval score.

    crossed                    keys whose lower end lies above the upper one; they are left out
    covered_low, covered_high  Wilson's 95 % interval of `covered`
    score                      dispersion + penalty_below + penalty_above, each a mean over the keys
    penalty_below              for actual values below the interval; penalty_above: above it
    weighted_covered, weighted_score  each key times the contract's `weight`; left out without one
    weight                     Σ weight of the n keys, by which versions are pooled
    """

    level: float
    lower: str
    upper: str
    n: int
    coverage: float | None
    crossed: int
    covered: float | None
    covered_low: float | None
    covered_high: float | None
    score: float | None
    dispersion: float | None
    penalty_below: float | None
    penalty_above: float | None
    reasons: dict[str, str]
    weighted_covered: float | None = None
    weighted_score: float | None = None
    weight: float | None = None


class QuantileScores(msgspec.Struct, frozen=True):
    """One quantile: mean pinball loss, and how often the actual value is at most the quantile, with
    Wilson's interval.

    column  where it comes from; for the median of intervals the point
    """

    quantile: float
    column: str
    pinball: float | None
    below: float
    below_low: float
    below_high: float


class PitBin(msgspec.Struct, frozen=True):
    """How many actual values lie between two neighbouring quantiles; `expected` is the share that
    should.
    """

    low: float
    high: float
    expected: float
    n: int
    share: float


class DistributionScores(msgspec.Struct, frozen=True, omit_defaults=True):
    """The predictive distribution as its quantiles say it: weighted interval score and its parts,
    PIT.

    source   `quantiles` (columns of that role) or `intervals` (their ends, and the point as the
             median)
    crossed  keys whose quantiles do not increase; they are left out
    weighted_wis  each key times the contract's `weight`; left out without one
    weight   Σ weight of the n keys, by which versions are pooled
    reasons  metric → why it is None: `asymmetric_quantiles` (no parts), `overflow`
    """

    source: str
    n: int
    coverage: float | None
    crossed: int
    wis: float | None
    dispersion: float | None
    penalty_below: float | None
    penalty_above: float | None
    quantiles: list[QuantileScores]
    pit: list[PitBin]
    reasons: dict[str, str]
    weighted_wis: float | None = None
    weight: float | None = None


class ProbabilityScores(msgspec.Struct, frozen=True):
    """Probabilities of outcomes. One label: (p − o)²; several: the sum of it over the labels (0 to
    2).

    invalid   keys whose probabilities are none: beyond 0..1 by more than 1e-9, or a sum off 1 by
              more than its tolerance
    unknown   keys whose outcome has no probability column; both are left out
    clipped   keys whose outcome had less than 1e-15, which the log loss takes for 1e-15
    """

    labels: list[str]
    n: int
    coverage: float | None
    invalid: int
    unknown: int
    brier: float | None
    log_loss: float | None
    clipped: int


class LabelScores(msgspec.Struct, frozen=True):
    """A label column: the share that is right, with Wilson's 95 % interval."""

    n: int
    coverage: float
    right: float
    right_low: float
    right_high: float


class Covered(msgspec.Struct, frozen=True):
    """The share of actual values inside an interval, over n keys."""

    n: int
    share: float


class Slice(msgspec.Struct, frozen=True, omit_defaults=True):
    """The headline numbers of one group or one horizon; each family has its own number of keys.
    JSON omits defaults.

    value   the group, or the step after `data_through`; target: what the step stands for in this
            version
    n       keys with an actual value that have any of the losses
    few     n < 30; pooled: several groups together, which only scores stored before
            metrics revision 2 have
    """

    value: str | None
    n: int
    target: str | None = None
    point_n: int = 0
    mae: float | None = None
    rmse: float | None = None
    bias: float | None = None
    wis_n: int = 0
    wis: float | None = None
    crps_n: int = 0
    crps: float | None = None
    covered: dict[str, Covered] = {}
    probability_n: int = 0
    brier: float | None = None
    log_loss: float | None = None
    label_n: int = 0
    right: float | None = None
    few: bool = False
    pooled: bool = False


class Compared(msgspec.Struct, frozen=True):
    """A mean loss of this version and of the baseline on the same n keys; skill = 1 − ours /
    theirs, relative = ours / theirs.

    reason  why both are None: `perfect_baseline` (its loss is 0), `overflow`
    """

    n: int
    ours: float
    theirs: float
    skill: float | None
    reason: str | None = None
    relative: float | None = None


class SkillSlice(msgspec.Struct, frozen=True):
    """The comparison at one step of the target."""

    value: str
    target: str
    losses: dict[str, Compared]


class Skill(msgspec.Struct, frozen=True):
    """Against a baseline, on exactly the keys that both have an estimate for.

    losses  by name: mae, rmse, wis, crps, brier, log_loss, error_rate; those that both can have
    reason  why there are none: `no_shared_keys`, `no_such_column` (the baseline has nothing alike)
    """

    set: str
    version: int
    n: int
    coverage: float | None
    losses: dict[str, Compared]
    horizons: list[SkillSlice]
    reason: str | None = None


class Revision(msgspec.Struct, frozen=True):
    """Whether the version lies nearer to the actual values than the one that production held
    before it.

    version         the one before; None for all versions together
    error_change    mean of |b − y| − |a − y|: below 0 is better
    won, lost       share of keys nearer, farther by more than the materiality tolerance; neutral:
                    the rest. A label is won when it was wrong and is right, lost when it was right
                    and is wrong (a negative flip)
    churn           labels: share that changed; excess_churn: beyond what the change of the error
                    rate needs
    reason          why there are no numbers: `no_shared_keys`
    """

    version: int | None
    n: int
    coverage: float | None
    error_change: float | None = None
    won: float | None = None
    lost: float | None = None
    neutral: float | None = None
    churn: float | None = None
    excess_churn: float | None = None
    reason: str | None = None


class ColumnScores(msgspec.Struct, frozen=True):
    """What is observed: a number (point, intervals, quantiles) or a label (label column,
    probabilities).

    source    the column of the actual values that it was scored against
    actuals   keys with an actual value; missing: keys whose actual value is null, NaN or infinite
    reason    why nothing is scored: `no_actual_values`
    """

    unit: str | None
    source: str
    actuals: int
    missing: int
    reason: str | None = None
    point: PointScores | None = None
    intervals: list[IntervalScores] = []
    distribution: DistributionScores | None = None
    samples: SampleScores | None = None
    label: LabelScores | None = None
    probability: ProbabilityScores | None = None
    horizons: list[Slice] = []
    groups: dict[str, list[Slice]] = {}
    skill: Skill | None = None
    revision: Revision | None = None


class Accuracy(msgspec.Struct, frozen=True):
    """What one version was worth, given the actual values known at a vintage.

    actuals   SHA-256 of the actual values used: keys and values, by key
    vintage   the newest vintage among them; asked: the one that was asked for
    """

    set: str
    version: int
    contract_revision: int
    data_through: datetime | None
    actuals: str
    vintage: str | None
    asked: str | None
    keys: Keys
    columns: dict[str, ColumnScores]
    metrics_revision: int = METRICS_REVISION


class Scored(msgspec.Struct, frozen=True):
    """The stored scores of a version; `event` announced them."""

    event: int
    scored_at: datetime
    scores: Accuracy


class Together(msgspec.Struct, frozen=True):
    """A column over all versions scored: every mean is over all their keys, so that a version
    counts by its keys.

    versions  how many; of several with one `data_through` the newest counts
    all       the headline numbers; horizons: by step
    wis parts, intervals, pit, revision  as in `ColumnScores`; energy_score: over trajectories
    skill     by baseline set and loss, over the keys that both have
    wape, percentage_bias, weighted_…  Σ over the keys of all versions, divided once; None where a
              version's scores were stored before their sizes and weights were
    """

    versions: int
    all: Slice
    horizons: list[Slice]
    intervals: list[IntervalScores]
    dispersion: float | None
    penalty_below: float | None
    penalty_above: float | None
    pit: list[PitBin]
    revision: Revision | None
    skill: dict[str, dict[str, Compared]] = {}
    energy_score: float | None = None
    wape: float | None = None
    percentage_bias: float | None = None
    weighted_mae: float | None = None
    weighted_wape: float | None = None
    weighted_bias: float | None = None
    weighted_wis: float | None = None


class DieboldMariano(msgspec.Struct, frozen=True):
    """Whether a loss differs from the baseline's by more than chance, over the dates
    (`data_through`) of the versions.

    step             of the target; None without a dated target
    dates            number of versions that have both losses
    lag              how many later versions were made before a target was known: their losses
                     overlap
    mean_difference  ours − theirs, of squares for rmse; below 0 is better
    statistic        with the small-sample correction of Harvey, Leybourne and Newbold; p_value:
                     two-sided, t of T − 1
    reason           why these are None: `too_few_dates`, `no_difference`, `variance_not_positive`
    """

    column: str
    baseline: str
    loss: str
    step: str | None
    dates: int
    lag: int
    mean_difference: float
    statistic: float | None
    p_value: float | None
    reason: str | None = None


class SetAccuracy(msgspec.Struct, frozen=True):
    """The stored scores of a set's versions, oldest first, and what they say together.

    vintage          the one that was asked for when these were scored; None: the newest values
    vintages         all for which there are scores, None among them
    together         by column
    diebold_mariano  for versions that were compared with a baseline; by column, baseline set, loss
                     and step
    """

    set: str
    vintage: str | None
    vintages: list[str | None]
    versions: list[Scored]
    together: dict[str, Together]
    diebold_mariano: list[DieboldMariano]

    def __repr__(self) -> str:
        return printed("accuracy.accuracy_text", "render_short", self)

    def _repr_html_(self) -> str:
        return preformatted(rendered("accuracy.accuracy_text", "render_text", self))
