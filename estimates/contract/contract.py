"""The contract: what every snapshot of an estimate set promises, as msgspec Structs read from TOML.

Only `name`, one `[key.…]` and one `[columns.…]` are mandatory; every other default means "not
checked". `docs/contract.md` shows every field; `estimates.contract.conform` makes a frame conform.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal, get_args

from estimates import instants
from estimates.contract.about import About
from estimates.contract.columns import Column, KeyColumn, Part, refuse
from estimates.contract.domain import Domain, OpenDomain, check_domain
from estimates.contract.family import Family, Member
from estimates.contract.gate_policy import GatePolicy, check_group
from estimates.contract.job_inputs import Job
from estimates.contract.kept_files import Retention
from estimates.contract.load_rule import Load
from estimates.contract.promised_freshness import Freshness
from estimates.contract.roles import JUDGED, OF_POINT, Role
from estimates.contract.sample_rules import check_samples
from estimates.contract.shape import Interval, Shape, ShapeColumn, ShapeKey, quantile_pairs
from estimates.render.notebook import printed
from estimates.render.wording import did_you_mean

# Query parameters of the service, and columns of the SQL views.
RESERVED = frozenset(
    (
        "ref",
        "as_of",
        "limit",
        "cursor",
        "fields",
        "format",
        "shape",
        "clock",
        "version",
        "published_at",
        "data_through",
    )
)
Pairing = Literal["same_key", "same_horizon", "same_target"]
PAIRINGS = get_args(Pairing)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class Stability(Part, frozen=True):
    """How versions are compared: materiality tolerance (equal iff |b−a| <= atol +
    rtol·max(|a|,|b|)), groups, ranks.

    groups       columns by which changes are broken down
    hierarchy    columns from the coarsest to the finest, such as region and shop, over which totals
                 are told
    rank_groups  columns within whose values ranks are compared as well
    top_k        how many of the largest count as the top
    pairing      which keys are compared: `same_key`, `same_horizon` (the same step after each
                 version's own origin) or `same_target` (what both estimate, at whatever horizon)
    step         how long a step of an integer target is, such as `1d`; only `same_target` needs it
    frozen_after in how many versions in a row an estimate may not be the same to the bit; None: as
    long as it likes
    """

    rtol: float = 0.01
    atol: float = 0.0
    groups: tuple[str, ...] = ()
    hierarchy: tuple[str, ...] = ()
    rank_groups: tuple[str, ...] = ()
    top_k: int = 10
    pairing: Pairing = "same_key"
    step: str | None = None
    frozen_after: int | None = None

    def __post_init__(self) -> None:
        if self.rtol < 0 or self.atol < 0:
            raise ValueError("rtol and atol must not be negative")
        if self.top_k < 1:
            raise ValueError("top_k must be at least 1")
        if self.frozen_after is not None and not 2 <= self.frozen_after <= 100:
            raise ValueError("frozen_after must lie between 2 and 100 versions")
        if self.step is not None and not instants.duration(self.step):
            raise ValueError("step must be longer than 0")

    @property
    def step_duration(self) -> timedelta | None:
        """`step` as a timedelta."""
        return None if self.step is None else instants.duration(self.step)


class Contract(Part, frozen=True):
    """What every snapshot of the set promises.

    timezone       that of times without one in the tables that come, such as `Europe/Berlin`; what
                   is stored is UTC
    sum_tolerance  how far probabilities of all labels may add up to other than 1; None: as far as
                   rounding explains
    actuals        the set whose production has the actual values of this one's keys
    """

    name: str
    key: dict[str, KeyColumn]
    columns: dict[str, Column]
    description: str = ""
    owner: str = ""
    domain: Domain = OpenDomain()
    freshness: Freshness = Freshness()
    gate: GatePolicy = GatePolicy()
    stability: Stability = Stability()
    job: Job | None = None
    retention: Retention = Retention()
    timezone: str | None = None
    sum_tolerance: float | None = None
    load: Load = Load()
    family: Family | None = None
    member: Member | None = None
    actuals: str | None = None
    about: About = About()

    def __post_init__(self) -> None:
        refuse(*_problems(self))

    @property
    def target(self) -> str | None:
        """The key column that says which time an estimate is about."""
        return next((name for name, column in self.key.items() if column.target), None)

    @property
    def points(self) -> list[str]:
        """The point columns, in order."""
        return self.of_role("point")

    @property
    def judged(self) -> list[str]:
        """The columns that are estimates, in order: all but carried attributes, and samples, which
        are judged by their quantiles.
        """
        return [name for name, column in self.columns.items() if column.role in JUDGED]

    @property
    def main(self) -> str:
        """The column that stands for an estimate where there is room for one: the first point, else
        the quantile nearest the median, else the first estimate.
        """
        levels = [(column.quantile, name) for name, column in self.columns.items()]
        near = [(abs(level - 0.5), name) for level, name in levels if level is not None]
        middle = min(near, key=lambda pair: pair[0])[1] if near else self.judged[0]
        return next(iter(self.points), middle)

    @property
    def samples(self) -> list[str]:
        """The columns of samples, in order."""
        return self.of_role("samples")

    def of_role(self, role: Role) -> list[str]:
        """The columns of a role, in order."""
        return [name for name, column in self.columns.items() if column.role == role]

    def intervals(self) -> list[Interval]:
        """The declared (point, lower, upper) triples, by point and level."""
        return [
            Interval(point, level, *pair)
            for (point, level), pair in sorted(_interval_ends(self).items())
        ]

    def quantile_intervals(self) -> list[Interval]:
        """The pairs of quantiles of a point that lie around its median, as intervals."""
        quantiles = [
            (self.point_of(column), column.quantile, name)
            for name, column in self.columns.items()
            if column.quantile is not None
        ]
        return list(quantile_pairs(quantiles))

    def all_intervals(self) -> list[Interval]:
        """The declared intervals, and those that quantiles are: from 0.25 to 0.75 is the 50 %
        interval. By point and level; a declared one goes before quantiles of its level.
        """
        by_level = {(i.point, round(i.level, 9)): i for i in self.quantile_intervals()}
        by_level |= {(i.point, round(i.level, 9)): i for i in self.intervals()}
        return [interval for _, interval in sorted(by_level.items())]

    def point_of(self, column: Column) -> str:
        """The point column that an interval end, a quantile or samples belong to, spelled out or
        not; "" for none.
        """
        if column.role not in OF_POINT:
            return ""
        return column.of or next(iter(self.points), "")

    def __repr__(self) -> str:
        return printed("contract.contract_text", "render_short", self)

    def percentage_points(self, name: str) -> float | None:
        """`Column.points`, which ends and quantiles have from their point."""
        column = self.columns[name]
        point = self.point_of(column)
        return column.points or (self.columns[point].points if point else None)

    def shape(self) -> Shape:
        """The part that decides whether versions are comparable."""
        of = self.point_of
        return Shape(
            key=tuple(ShapeKey(name, column.type) for name, column in self.key.items()),
            columns=tuple(
                ShapeColumn(n, c.kind, c.role, c.unit, c.level, c.quantile, c.label, of(c) or None)
                for n, c in self.columns.items()
            ),
        )


def _problems(contract: Contract) -> Iterator[str]:
    """The first problem of each kind."""
    rules = (
        _check_timezone,
        _check_fields,
        _check_names,
        _check_estimates,
        _check_samples,
        _check_domain,
        _check_stability,
    )
    for rule in rules:
        try:
            rule(contract)
        except ValueError as error:
            yield str(error)


def _check_timezone(contract: Contract) -> None:
    if contract.timezone is not None:
        instants.check_zone(contract.timezone, "timezone: ")


def _check_fields(contract: Contract) -> None:
    if not _NAME.fullmatch(contract.name):
        what = "must be lower-case letters, digits, '.', '_' or '-', a letter or digit first"
        raise ValueError(f"name {contract.name!r} {what}")
    if contract.actuals is not None and not _NAME.fullmatch(contract.actuals):
        raise ValueError(f"actuals {contract.actuals!r} is no name of a set")
    if contract.sum_tolerance is not None and not 0 <= contract.sum_tolerance < 1:
        raise ValueError("sum_tolerance must lie between 0 and 1")
    if contract.family is not None and (contract.job or contract.member):
        raise ValueError("a family has no [job] and is no [member]; it is published to from files")


def _check_stability(contract: Contract) -> None:
    _check_pairing(contract)
    if contract.gate.carry_over is not None:
        check_group(contract.gate.carry_over.by, contract.key, contract.columns)
    names = (*contract.key, *contract.columns)
    for field in ("groups", "hierarchy", "rank_groups"):
        for group in getattr(contract.stability, field):
            if group not in names:
                what = f"which is no column of the contract{did_you_mean(group, names)}"
                raise ValueError(f"stability.{field} names {group!r}, {what}")


def _check_names(contract: Contract) -> None:
    if not contract.key:
        raise ValueError("key: at least one key column is needed, such as [key.customer_id]")
    for name in (*contract.key, *contract.columns):
        if name.lower() in RESERVED:
            raise ValueError(
                f"column {name!r}: this name is reserved ({', '.join(sorted(RESERVED))})"
            )
        if not name or not name.isprintable() or name != name.strip():
            raise ValueError(
                f"column {name!r}: a name is printable text without spaces at its ends"
            )
    spelled: dict[str, str] = {}
    for name in dict.fromkeys((*contract.key, *contract.columns)):
        if spelled.setdefault(name.lower(), name) != name:
            raise ValueError(
                f"columns {spelled[name.lower()]!r} and {name!r} differ only in case, which SQL "
                "cannot tell apart"
            )
    both = sorted(set(contract.key) & set(contract.columns))
    if both:
        raise ValueError(f"{both[0]!r} is both a key column and an estimate column")
    if sum(column.target for column in contract.key.values()) > 1:
        raise ValueError("key: only one column can be the target")


def _check_estimates(contract: Contract) -> None:
    if not contract.judged:
        more = "; samples need 'quantiles', by which they are judged" if contract.samples else ""
        raise ValueError(
            f"columns: at least one estimate column is needed, such as [columns.value]{more}"
        )
    numbers = [
        name
        for name in contract.of_role("attribute")
        if contract.columns[name].kind in ("float", "integer")
    ]
    for name, column in contract.columns.items():
        if column.of is not None and column.of not in contract.points:
            what = f"which is not a point column{did_you_mean(column.of, contract.points)}"
            raise ValueError(f"columns.{name}.of names {column.of!r}, {what}")
        if column.role in OF_POINT and column.of is None and len(contract.points) > 1:
            raise ValueError(
                f"columns.{name}: with several point columns, 'of' says which one it belongs to"
            )
        for field in ("step", "weight"):
            other = getattr(column, field)
            if other is not None and other not in numbers:
                raise ValueError(
                    f"columns.{name}.{field} names {other!r}, which is no attribute that is a "
                    "number"
                )
    for (_, level), (lower, upper) in _interval_ends(contract).items():
        if not lower or not upper:
            raise ValueError(
                f"columns.{lower or upper}: the interval of level {level} has no "
                f"{'upper' if lower else 'lower'} end"
            )
    _check_unique(contract, "quantile", "quantile")
    _check_unique(contract, "probability", "label")


def _check_samples(contract: Contract) -> None:
    belongs = {name: contract.point_of(column) for name, column in contract.columns.items()}
    check_samples(contract.columns, contract.key, belongs)


def _check_unique(contract: Contract, role: Role, field: str) -> None:
    seen: dict[tuple[str, object], str] = {}
    for name in contract.of_role(role):
        column = contract.columns[name]
        mark = (contract.point_of(column), getattr(column, field))
        if mark in seen:
            raise ValueError(
                f"columns.{name} and columns.{seen[mark]} have the same {field} {mark[1]!r}"
            )
        seen[mark] = name


def _interval_ends(contract: Contract) -> dict[tuple[str, float], tuple[str, str]]:
    ends: dict[tuple[str, float], tuple[str, str]] = {}
    for name, column in contract.columns.items():
        if column.role not in ("lower", "upper"):
            continue
        assert column.level is not None
        mark = (contract.point_of(column), column.level)
        lower, upper = ends.get(mark, ("", ""))
        if (lower if column.role == "lower" else upper) != "":
            raise ValueError(
                f"columns.{name}: the interval of level {column.level} has two {column.role} ends"
            )
        ends[mark] = (name, upper) if column.role == "lower" else (lower, name)
    return ends


def _check_domain(contract: Contract) -> None:
    kinds = {name: column.type for name, column in contract.key.items()}
    check_domain(contract.domain, kinds, contract.target)


def _check_pairing(contract: Contract) -> None:
    pairing, target = contract.stability.pairing, contract.target
    if pairing == "same_key":
        return
    if target is None:
        raise ValueError(f"stability.pairing: {pairing} needs a key column with target = true")
    if (
        pairing == "same_target"
        and contract.key[target].type == "integer"
        and contract.stability.step is None
    ):
        raise ValueError(
            f"stability.pairing: {pairing} needs stability.step, the length of a step of "
            f"{target!r}, such as '1d'"
        )
