"""What is said of estimates through time: of one key, of all keys of a set, of their revisions."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from estimates.render.notebook import cell_text, fitted_table, fragment, short
from estimates.render.wording import count, percent

Across = Literal["horizon", "version"]


class Step(msgspec.Struct, frozen=True):
    """One version's value, against the one before it and against the first; None for the first
    value itself.

    d, r, g, material  against the value before, as in a diff; d is None when it overflows
    first_d, first_r   against the first value
    """

    version: int
    value: float | int
    d: float | None
    r: float | None
    g: float | None
    material: bool | None
    first_d: float | None
    first_r: float | None


class Chain(msgspec.Struct, frozen=True):
    """V: one key's number through the versions.

    versions      versions that had to have the key; n: those with a finite value; availability:
                  their share (V7)
    flips, turns  moves that reversed the one before, and pairs of neighbouring moves that were both
                  material (V1)
    efficiency    how straight the way was (V2)
    autocorrelation, pairs  of neighbouring moves (V3), from three moves on
    volatility    sd of g, no unit (V4)
    since_change  values after the last material move; settle_time: values before the number came to
                  stay (V5)
    settled_version  the version it came to stay with
    previous_r, first_r  the newest value against the one before it and against the first (V6)
    reasons       metric → why it is None
    """

    unit: str | None
    versions: int
    n: int
    availability: float | None
    scale_floor: float | None
    previous_r: float | None
    first_r: float | None
    flips: int
    turns: int
    flip_share: float | None
    efficiency: float | None
    autocorrelation: float | None
    pairs: int
    volatility: float | None
    since_change: int | None
    settle_time: int | None
    settled_version: int | None
    steps: list[Step]
    reasons: dict[str, str]


class Middle(msgspec.Struct, frozen=True):
    """A number that each key has one of: on how many keys it rests, median and 95th percentile."""

    n: int
    p50: float
    p95: float


class Chains(msgspec.Struct, frozen=True):
    """V of all keys of a set together.

    keys     keys with a finite value; long_keys: those with three or more, which have a path
    moves    from each finite value to the next one of the same key
    flips, turns, autocorrelation, pairs, volatility  over all moves
    efficiency  over the long keys that moved; since_change, settle_time, previous_r, first_r  over
                those that have two
    measure     of `previous_plain` and `first_plain`, S3a in place of r: `relative` to the old
                value, or percentage `points`
    """

    keys: int
    long_keys: int
    moves: int
    availability: float | None
    scale_floor: float | None
    previous_r: Middle | None
    first_r: Middle | None
    flips: int
    turns: int
    flip_share: float | None
    efficiency: Middle | None
    autocorrelation: float | None
    pairs: int
    volatility: float | None
    since_change: Middle | None
    settle_time: Middle | None
    reasons: dict[str, str]
    measure: Literal["relative", "points"] = "relative"
    previous_plain: Middle | None = None
    first_plain: Middle | None = None


class RevisionStatistics(msgspec.Struct, frozen=True):
    """How estimates were revised: R = L − P, the later estimate of a key minus the one before it.

    horizon     of the later estimate; None for all revisions together
    n, dates    revisions, and targets they are about; lags: how far errors over dates reach
    mean, mean_se, mean_absolute, root_mean_square  in the unit of the column
    relative_mean_absolute  Σ|R| / Σ|L|
    noise_to_signal  sd of R / sd of L within its series
    autocorrelation, pairs  of a revision with the one before it
    reasons     metric → why it is None
    """

    horizon: int | None
    n: int
    dates: int | None
    lags: int | None
    mean: float
    mean_se: float | None
    mean_absolute: float
    root_mean_square: float
    relative_mean_absolute: float | None
    noise_to_signal: float | None
    autocorrelation: float | None
    pairs: int
    reasons: dict[str, str]


class NewsOrNoise(msgspec.Struct, frozen=True):
    """T4: the estimates P of one horizon against what became of them, Y; R = Y − P.

    horizon                 None for keys without a dated target
    corr_revision_estimate  corr(R, P): 0 when the estimate used all it could know (news)
    corr_revision_actual    corr(R, Y): 0 when the estimate is the truth and an error of measurement
                            (noise)
    alpha, beta             of Y = alpha + beta · P, with standard errors: 0 and 1 for an efficient
                            estimate
    """

    horizon: int | None
    n: int
    dates: int | None
    lags: int | None
    corr_revision_estimate: float | None
    corr_revision_actual: float | None
    alpha: float | None
    alpha_se: float | None
    beta: float | None
    beta_se: float | None
    reason: str | None = None


class Revisions(msgspec.Struct, frozen=True):
    """Revision statistics of one column of a set, or of the keys under a leading part of the key.

    versions       numbers of the versions, oldest first; keys: those that have a value in any of
                   them
    revisions      all together first, then by horizon, nearest first
    chains         V of all keys together
    news_or_noise  by horizon, where actual values were given
    """

    set: str
    column: str
    unit: str | None
    key: list[str]
    versions: list[int]
    keys: int
    revisions: list[RevisionStatistics]
    chains: Chains | None
    news_or_noise: list[NewsOrNoise]

    def __repr__(self) -> str:
        title, rows = self._shown()
        texts = [[cell_text(cell) or "–" for cell in row.values()] for row in rows]
        return short(
            [title, *(fitted_table(list(rows[0]), texts) if rows else [])], "  … more: .revisions"
        )

    def _repr_html_(self) -> str:
        return fragment(*self._shown())

    def _shown(self) -> tuple[str, list[dict[str, Any]]]:
        """A title, and a row a horizon."""
        name = " ".join((self.set, "/".join(self.key))).rstrip()
        title = f"revisions of {name}: {self.column}{f' {self.unit}' if self.unit else ''}"
        return f"{title}, {count(self.keys, 'key')} in {count(len(self.versions), 'version')}", [
            {
                "horizon": "all" if r.horizon is None else str(r.horizon),
                "n": r.n,
                "mean": r.mean,
                "mean absolute": r.mean_absolute,
                "relative": percent(r.relative_mean_absolute),
            }
            for r in self.revisions
        ]


class FrozenReport(msgspec.Struct, frozen=True):
    """Keys whose estimates are bit-identical in all of some versions; whether that is wrong, their
    owner knows.

    versions, n   how many versions, and how many keys all of them have
    frozen_share  of n; None with the reason `no_comparable_keys` or `too_few_versions` (two are
                  needed; where a contract says `frozen_after`, that many)
    keys          the first 100, by key
    """

    versions: int
    n: int
    frozen_share: float | None
    keys: list[list[str]]
    reason: str | None = None
