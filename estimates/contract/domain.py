"""The domain of a contract: which keys every version must have."""

from collections.abc import Mapping

import msgspec

from estimates.contract.columns import KeyType, Part, parse_key_part


class OpenDomain(Part, frozen=True, tag_field="kind", tag="open"):
    """Any key may appear; at least `minimum` of them must."""

    minimum: int = 1

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise ValueError(
                "minimum must be at least 1; a version without estimates is of no use to anybody"
            )


class FileDomain(Part, frozen=True, tag_field="kind", tag="file"):
    """The keys are listed in a CSV, Parquet or Arrow file, copied into the store when the contract
    is defined.
    """

    file: str
    digest: str | None = None
    allow_missing: float = 0.0

    def __post_init__(self) -> None:
        _check_share(self.allow_missing)


class ProductDomain(Part, frozen=True, tag_field="kind", tag="product"):
    """Every combination of the listed values of each key column."""

    values: dict[str, tuple[str | int, ...]]
    allow_missing: float = 0.0

    def __post_init__(self) -> None:
        _check_share(self.allow_missing)


class RollingDomain(Part, frozen=True, tag_field="kind", tag="rolling"):
    """Every combination of the listed values × the next `steps` of a calendar after `data_through`.

    calendar  an exchange code such as XNYS, or hourly, daily, weekdays, monday-to-saturday, weekly
              (Mondays), weekly-tuesday and so on, monthly, month-end, quarterly, quarter-end,
              yearly, year-end
    """

    steps: int
    calendar: str
    values: dict[str, tuple[str | int, ...]] = msgspec.field(default_factory=dict)
    allow_missing: float = 0.0

    def __post_init__(self) -> None:
        _check_share(self.allow_missing)
        if self.steps < 1:
            raise ValueError("steps must be at least 1")


Domain = OpenDomain | FileDomain | ProductDomain | RollingDomain


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"allow_missing is a share between 0 and 1; got {share}")


def check_domain(domain: Domain, key: Mapping[str, KeyType], target: str | None) -> None:
    """Raises ValueError for a domain that does not fit the key.

    key     the type of each key column; target: which of them is one, None for none
    """
    if isinstance(domain, OpenDomain | FileDomain):
        return
    listed = set(key)
    if isinstance(domain, RollingDomain):
        if target is None:
            raise ValueError("domain: a rolling domain needs a key column with target = true")
        if key[target] == "integer":
            raise ValueError("domain: the target of a rolling domain is a date or a timestamp")
        listed.discard(target)
    if set(domain.values) != listed:
        raise ValueError(
            "domain.values must list values for exactly these key columns: "
            f"{', '.join(sorted(listed)) or 'none'}"
        )
    for name, values in domain.values.items():
        _check_values(name, key[name], values)


def _check_values(name: str, kind: KeyType, values: tuple[str | int, ...]) -> None:
    parsed: set[object] = set()
    for value in values:
        if isinstance(value, int) != (kind == "integer"):
            raise ValueError(f"domain.values.{name}: {value!r} is not a value of type {kind}")
        if value in ("", ".", "..") or "\0" in str(value):
            raise ValueError(f"domain.values.{name}: {value!r} cannot be part of a URL path")
        parsed.add(parse_key_part(kind, str(value)))
    # parsed, because one instant can be written in several ways
    if not values or len(parsed) != len(values):
        raise ValueError(f"domain.values.{name} must list at least one value, each once")
