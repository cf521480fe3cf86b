"""The domain of a contract: which keys every version must have."""

import msgspec

from estimates.contract.columns import Part


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

    calendar  an exchange code such as XNYS, or hourly, daily, weekdays, weekly, monthly
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
