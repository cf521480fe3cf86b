"""What is said of a set's stability through time: one row for each move of production."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from estimates.catalog.records import Event
from estimates.catalog.ref import PRODUCTION
from estimates.extras import needs
from estimates.render.digits import rounded
from estimates.render.notebook import fragment, short
from estimates.stability.report import METRICS_REVISION

if TYPE_CHECKING:
    import polars as pl

DEFAULT_LAST = 30
MOVES_JUDGED = 100  # moves of production that say to the gate what is usual
MAX_LAST = 10_000

Move = Literal["promoted", "rolled_back"]


class ColumnMove(msgspec.Struct, frozen=True):
    """How one estimate column moved; the names and formulas are those of the report.

    n, coverage  keys that have a value in both versions, and their share of the common keys
    r_p50, r_p95, material_share, mean_revision, sign_flip_share  of a number
    measure, plain_p50, plain_p95  its change as people say it: `relative` to the old value, or in
                 percentage `points`
    churn        of a label
    """

    n: int
    coverage: float | None
    r_p50: float | None
    r_p95: float | None
    material_share: float | None
    mean_revision: float | None
    sign_flip_share: float | None
    churn: float | None
    measure: Literal["relative", "points"] | None = None
    plain_p50: float | None = None
    plain_p95: float | None = None


class PairMove(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """What changed when production moved from one version (`from`) to another (`to`).

    move          `promoted`, also to an older version; `rolled_back`: somebody took production back
    promoted_at   when production moved
    data_through  of the version it moved to
    reason        why nothing can be measured, and all that follows is null: `other_shape`,
                  `expired`, or the code of the error that reading a file gave
    identical     the snapshots have the same content; identical_share: of the rows
    columns       the estimates but for what belongs to a point: interval ends and quantiles
    frozen_share  K4, where the contract says `frozen_after`: of the `frozen_n` keys that so many
                  versions in production have, this one the last, those whose estimates are the same
                  in all of them
    frozen_reason why frozen_share is null: `too_few_versions`, `no_comparable_keys`, or as `reason`
    """

    from_: int
    to: int
    move: Move
    promoted_at: datetime
    data_through: datetime
    reason: str | None = None
    identical: bool | None = None
    identical_share: float | None = None
    common: int | None = None
    added: int | None = None
    removed: int | None = None
    elapsed: int | None = None
    advanced: int | None = None
    columns: dict[str, ColumnMove] = {}
    headline: str | None = None
    frozen_n: int | None = None
    frozen_share: float | None = None
    frozen_reason: str | None = None


class Series(msgspec.Struct, frozen=True):
    """How stable a set was from each version in production to the next, oldest first.

    total  how many moves there were in all; `last` of them were asked for
    """

    set: str
    total: int
    last: int
    pairs: list[PairMove]
    metrics_revision: int = METRICS_REVISION

    def __repr__(self) -> str:
        moves = [
            f"  {pair.from_} → {pair.to}  {pair.promoted_at:%Y-%m-%d}  "
            f"{pair.headline or pair.reason or pair.move}"
            for pair in reversed(self.pairs)
        ]
        title = f"{self.set}: {len(self.pairs)} of {self.total} moves of production, newest first"
        return short([title, *moves], "  … all of them: series.frame()")

    def _repr_html_(self) -> str:
        rows = [
            {
                "from": pair.from_,
                "to": pair.to,
                "when": pair.promoted_at,
                "keys": pair.common,
                "what": pair.headline or pair.reason or pair.move,
            }
            for pair in reversed(self.pairs)
        ]
        title = f"{self.set}: {len(self.pairs)} of {self.total} moves of production, newest first"
        return fragment(title, rows, "all of them: series.frame(); as a picture: series.plot()")

    def plot(self, column: str | None = None) -> Any:
        """How far a number moved at each move of production, as an Altair chart; raises
        InvalidError (`no_charts`).

        column  default: the first number
        """
        from estimates.render.plots import through_time

        names = dict.fromkeys(n for p in self.pairs for n, c in p.columns.items() if c.measure)
        name = column or next(iter(names), "")
        moved = [(pair, pair.columns[name]) for pair in self.pairs if name in pair.columns]
        rows = [
            {
                "moved": pair.promoted_at.isoformat(),
                "versions": f"{pair.from_} → {pair.to}",
                "half": of.plain_p50,
                "far": of.plain_p95,
            }
            for pair, of in moved
        ]
        points = any(of.measure == "points" for _, of in moved)
        title = f"change of {name}{', percentage points' if points else ''}"
        return through_time(rows, title, percent=not points)

    @property
    def json(self) -> bytes:
        """The bytes that HTTP sends; numbers have 12 significant digits."""
        return msgspec.json.encode(self)

    def frame(self) -> pl.DataFrame:
        """A row a move: the fields of `PairMove` in order, in place of `columns` such as
        `close.r_p95`.
        """
        with needs("frames"):
            import polars as pl

        integer, number, truth, text = pl.Int64(), pl.Float64(), pl.Boolean(), pl.String()
        instant = pl.Datetime("us", "UTC")
        fields: dict[str, pl.DataType] = {
            "from": integer,
            "to": integer,
            "move": text,
            "promoted_at": instant,
            "data_through": instant,
            "reason": text,
            "identical": truth,
            "identical_share": number,
            "common": integer,
            "added": integer,
            "removed": integer,
            "elapsed": integer,
            "advanced": integer,
            "frozen_n": integer,
            "frozen_share": number,
            "frozen_reason": text,
        }
        others = {"n": integer, "measure": text}
        measures = {name: others.get(name, number) for name in ColumnMove.__struct_fields__}
        names = dict.fromkeys(name for pair in self.pairs for name in pair.columns)
        cells = {f"{name}.{part}": kind for name in names for part, kind in measures.items()}
        headlines = [pair.headline for pair in self.pairs]
        rows = pl.DataFrame([_flat(pair, fields) for pair in self.pairs], schema=fields | cells)
        return rows.with_columns(pl.Series("headline", headlines, text))


def production_moves(events: Iterable[Event]) -> int:
    """How often production was promoted, rollbacks left out."""
    return sum(event.kind == "promoted" and event.alias == PRODUCTION for event in events)


def promoted_material(series: Series) -> dict[str, list[float]]:
    """Each column's share of materially changed keys in the promotions of a series, oldest first.

    With the digits that a service tells: the gate says the same wherever it judges.
    """
    shares: dict[str, list[float]] = {}
    for pair in series.pairs:
        for name, column in pair.columns.items() if pair.move == "promoted" else ():
            if column.material_share is not None:
                shares.setdefault(name, []).append(rounded(column.material_share))
    return shares


def _flat(pair: PairMove, fields: Iterable[str]) -> dict[str, object]:
    row: dict[str, object] = {
        name: getattr(pair, "from_" if name == "from" else name) for name in fields
    }
    for name, column in pair.columns.items():
        row |= {f"{name}.{part}": getattr(column, part) for part in ColumnMove.__struct_fields__}
    return row
