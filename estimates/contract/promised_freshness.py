"""`[freshness]` of a contract: how often versions come, how old data may get, when one is due."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from estimates import instants
from estimates.contract.columns import Part
from estimates.contract.due import Due
from estimates.contract.window import SubmissionWindow


class Freshness(Part, frozen=True):
    """How often versions come and how old the data may get; durations such as `36h`, `1d12h`, `2w`.

    cadence  time from one version to the next, for `status`
    max_age  limit on now − data_through; `blocks` makes the gate refuse what is older instead of
             warning
    window   how long before each deadline versions are taken; the gate warns of others
    due      until when a version has to be in production, such as `05:30 Europe/Zurich`
    calendar on which days it is due: see `contract.due`
    holidays days of the calendar on which nothing is due; `estimates define` fills in those of an
             exchange
    """

    cadence: str | None = None
    max_age: str | None = None
    blocks: bool = False
    due: str | None = None
    calendar: str = "daily"
    holidays: tuple[date, ...] = ()
    window: str | None = None

    def __post_init__(self) -> None:
        if self.due is not None:
            Due(self.due, self.calendar, self.holidays)  # says what is wrong with them
        if self.window is not None and self.due is None:
            raise ValueError("'window' is the time before a deadline: it needs 'due'")
        for value in (self.cadence, self.max_age, self.window):
            if value is not None and not instants.duration(value):
                raise ValueError("a duration must be longer than 0")

    @property
    def deadlines(self) -> Due | None:
        """When versions are due; None where the contract does not say."""
        return None if self.due is None else Due(self.due, self.calendar, self.holidays)

    def window_around(self, moment: datetime) -> SubmissionWindow | None:
        """The window that a moment lies in, else the nearest one; None where versions are taken at
        any time.
        """
        due = self.deadlines
        if due is None or self.window is None:
            return None
        return due.window_around(moment, instants.duration(self.window))

    @property
    def cadence_duration(self) -> timedelta | None:
        """`cadence` as a timedelta."""
        return None if self.cadence is None else instants.duration(self.cadence)

    @property
    def max_age_duration(self) -> timedelta | None:
        """`max_age` as a timedelta."""
        return None if self.max_age is None else instants.duration(self.max_age)
