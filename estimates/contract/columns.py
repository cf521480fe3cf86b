"""The columns of a contract: what a key column and an estimate column promise."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from estimates import instants
from estimates.contract.roles import NUMERIC_ROLES, OF_POINT, ROLES, Role

KeyType = Literal["string", "integer", "date", "timestamp"]
ColumnType = Literal["float", "integer", "string", "boolean", "date", "timestamp", "numbers"]
FEWEST_DRAWS = 2
SHARE_UNITS = frozenset(("share", "fraction", "proportion", "probability"))


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Every part of a contract refuses fields it does not know."""


class KeyColumn(Part, frozen=True):
    """One column of the key; `target` marks the one that says which time the estimate is about."""

    type: KeyType
    target: bool = False
    description: str = ""

    def __post_init__(self) -> None:
        if self.target and self.type == "string":
            raise ValueError("a target is a date, a timestamp or an integer step, not a string")


class Column(Part, frozen=True):
    """One estimate column.

    role      what the number is (`ROLES`); `lower`/`upper` need `level` (nominal, 0..1),
              `quantile` needs `quantile` (0..1), `probability` needs `label` (the outcome it
              belongs to); `samples` are many draws a row, a list of numbers; `attribute` is carried
              along and not judged
    draws     of samples: how many each row has; None: any number from two
    joint     of samples: the key columns along which one draw goes, a trajectory over dates say
    from_samples  of a quantile: the samples column whose draws it is computed from
    of        the point column an interval, quantile or samples belong to; default: the only one
    type      default `float`; for `label` `string`, for `samples` `numbers`
    min, max  hard bounds (inclusive); soft_min, soft_max: outside is a warning
    labels    the vocabulary of a `label` column
    nullable  null says "no estimate"
    rtol, atol   differences up to atol + rtol · max(|a|, |b|) are none: the number has not changed
    scale_floor  unit of the column; see docs/stability.md, S0
    step      the attribute column with each key's typical step, mean |y_t − y_(t−1)| of what was
              observed; S6
    weight    the attribute column by which each key counts in totals and weighted scores, such as a
              price; S11
    cuts      values at which decisions are made, in the unit of the column; C6, Q6
    """

    role: Role = "point"
    type: ColumnType | None = None
    unit: str | None = None
    level: float | None = None
    quantile: float | None = None
    draws: int | None = None
    joint: tuple[str, ...] = ()
    from_samples: str | None = None
    label: str | None = None
    labels: tuple[str, ...] | None = None
    of: str | None = None
    min: float | None = None
    max: float | None = None
    soft_min: float | None = None
    soft_max: float | None = None
    nullable: bool = False
    rtol: float | None = None
    atol: float | None = None
    scale_floor: float | None = None
    step: str | None = None
    weight: str | None = None
    cuts: tuple[float, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        refuse(*_role_problems(self), *_bound_problems(self))

    @property
    def kind(self) -> ColumnType:
        """The column's type, the default of its role filled in."""
        return self.type or ROLES[self.role].type

    @property
    def points(self) -> float | None:
        """Percentage points in one unit, of a probability or a share; None: changes are said
        relative to the old value.
        """
        if self.role not in NUMERIC_ROLES:
            return None
        if self.unit == "%":
            return 1.0
        bounded = self.min is not None and self.max is not None and 0 <= self.min < self.max <= 1
        share = self.role == "probability" or self.unit in SHARE_UNITS or bounded
        return 100.0 if share else None


def refuse(*problems: str) -> None:
    """Raises ValueError with all problems that there are, a line each."""
    if problems:
        raise ValueError("\n".join(problems))


def _role_problems(column: Column) -> Iterator[str]:
    for field in ("level", "quantile", "label"):
        needed = ROLES[column.role].needs == field
        present = getattr(column, field) is not None
        if needed and not present:
            yield f"role {column.role!r} needs {field!r}"
        if present and not needed:
            yield f"{field!r} has no meaning for role {column.role!r}"
    for field in ("level", "quantile"):
        value = getattr(column, field)
        if value is not None and not 0 < value < 1:
            yield f"{field} must lie between 0 and 1, both excluded; got {value}"
    if column.labels is not None and column.role != "label":
        yield (
            f"'labels' has no meaning for role {column.role!r}; it lists the vocabulary of a label"
        )
    if column.labels is not None and (
        not column.labels or len(set(column.labels)) != len(column.labels)
    ):
        yield "'labels' must list at least one label, each once"
    if column.labels is not None and column.role == "label" and column.kind != "string":
        yield f"'labels' lists text, and this label's type is {column.kind}"
    if column.of is not None and column.role not in OF_POINT:
        yield f"'of' has no meaning for role {column.role!r}"
    for field in ("step", "cuts", "weight"):
        if getattr(column, field) and column.role not in NUMERIC_ROLES:
            yield f"{field!r} has no meaning for role {column.role!r}"
    if list(column.cuts) != sorted(set(column.cuts)):
        yield "'cuts' must rise, each once"
    if column.role in NUMERIC_ROLES and column.kind not in ("float", "integer"):
        yield f"role {column.role!r} needs type float or integer, not {column.kind}"
    yield from _sample_problems(column)


def _sample_problems(column: Column) -> Iterator[str]:
    if column.role == "samples" and column.kind != "numbers":
        yield f"role 'samples' needs type numbers, not {column.kind}"
    if column.role not in ("samples", *NUMERIC_ROLES) and column.kind == "numbers":
        yield f"type numbers is that of role 'samples', not of {column.role!r}"
    for field in ("draws", "joint"):
        if getattr(column, field) and column.role != "samples":
            yield f"{field!r} has no meaning for role {column.role!r}"
    if column.draws is not None and column.draws < FEWEST_DRAWS:
        yield f"draws must be at least {FEWEST_DRAWS}; got {column.draws}"
    if len(set(column.joint)) < len(column.joint):
        yield "'joint' must list key columns, each once"
    if column.from_samples is not None and (column.role, column.kind) != ("quantile", "float"):
        yield "'from_samples' has a meaning for role 'quantile' of type float only"


def _bound_problems(column: Column) -> Iterator[str]:
    bounds = (column.min, column.max, column.soft_min, column.soft_max)
    numeric = column.kind in ("float", "integer", "numbers")
    if any(bound is not None for bound in bounds) and not numeric:
        yield f"bounds need a number, and this column's type is {column.kind}"
    chain = [
        bound
        for bound in (column.min, column.soft_min, column.soft_max, column.max)
        if bound is not None
    ]
    if chain != sorted(chain):
        yield "bounds must satisfy min <= soft_min <= soft_max <= max"
    for field in ("rtol", "atol"):
        value = getattr(column, field)
        if value is not None and not value >= 0:
            yield f"{field} must not be negative"
        if value is not None and column.kind not in ("float", "integer"):
            yield f"{field!r} needs a number, and this column's type is {column.kind}"
    if column.scale_floor is not None and not column.scale_floor > 0:
        yield "scale_floor must be above 0"


def parse_key_part(kind: KeyType, text: str) -> str | int | date | datetime:
    """Read one key part from its text form (a path segment, a command-line word); raises
    ValueError.
    """
    if kind == "string":
        return text
    if kind == "integer":
        if not re.fullmatch(r"-?[0-9]{1,19}", text) or not -(2**63) <= int(text) < 2**63:
            raise ValueError(f"{text!r} is not an integer of 64 bits")
        return int(text)
    if kind == "date":
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(f"{text!r} is not a date; write 2026-11-24")
        return date.fromisoformat(text)
    return instants.parse(text)


def key_text(part: Any) -> str:
    """One key part as text: dates ISO, timestamps RFC 3339 with `Z`, integers as decimals."""
    if hasattr(part, "tzinfo"):
        return instants.text(part)
    return part.isoformat() if isinstance(part, date) else str(part)
