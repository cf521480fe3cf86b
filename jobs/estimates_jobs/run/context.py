"""What a job is given: parameters, inputs cut at `data_through`, targets; and a place to say what
went wrong.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl

from estimates import instants
from estimates.catalog.records import InputDigest
from estimates.contract.contract import Contract, RollingDomain
from estimates.errors import InvalidError
from estimates_jobs.run.calendars import Calendar, Step, calendar
from estimates_jobs.run.inputs import Read, read_input

Targets = list[date] | list[datetime]


class Context:
    """The only thing a job needs to look at.

    contract      what the set promises
    parameters    those of the contract's job, a copy
    data_through  the last moment of data the job may see; on an exchange the close of a session
    calendar      the calendar of a rolling set, else None
    targets       for a rolling set the targets of this run in order, in the type of the target
                  column; else empty
    seed          a number below 2^32 that depends on set and `data_through` only, for jobs that
                  draw random numbers
    """

    def __init__(self, contract: Contract, data_through: datetime) -> None:
        """Raises InvalidError: `unknown_calendar`, `calendar_range`, `target_type`."""
        rolling = contract.domain if isinstance(contract.domain, RollingDomain) else None
        self.contract = contract
        self.parameters: dict[str, Any] = (
            copy.deepcopy(contract.job.parameters) if contract.job else {}
        )
        self.calendar: Calendar | None = calendar(rolling.calendar) if rolling else None
        self.data_through = self.calendar.origin(data_through) if self.calendar else data_through
        self.targets: Targets = _targets(contract, self.calendar, self.data_through)
        self.seed = int(
            hashlib.sha256(
                f"{contract.name} {instants.text(self.data_through)}".encode()
            ).hexdigest()[:8],
            16,
        )
        self._frames: dict[str, pl.DataFrame] = {}
        self._digests: dict[str, InputDigest] = {}
        self._warnings: list[str] = []

    def input(self, name: str, read: Read | None = None) -> pl.DataFrame:
        """An input of the contract as it was known at `data_through`, sorted by all columns.

        A static input comes whole. `read` reads one file of a source in place of DuckDB, which
        guesses types.
        Raises InvalidError (`unknown_input`, and those of `estimates_jobs.run.inputs.read_input`),
        UnavailableError (`input_unreachable`).
        """
        if name not in self._frames:
            inputs = self.contract.job.inputs if self.contract.job else {}
            if name not in inputs:
                raise InvalidError(
                    "unknown_input",
                    f"{self.contract.name}: the contract's job has no input {name!r}; "
                    f"inputs: {', '.join(inputs) or 'none'}",
                )
            reading = read_input(name, inputs[name], self.data_through, self.calendar, read)
            if reading.undated:
                self.warn(
                    f"input {name}: {reading.undated} rows left out, their "
                    f"{inputs[name].time!r} is null"
                )
            self._frames[name], self._digests[name] = reading.frame, reading.digest
        return self._frames[name]

    def warn(self, message: str) -> None:
        """Say something a reader of this version should know; it is kept with the version."""
        self._warnings.append(message)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was said, in order."""
        return tuple(self._warnings)

    @property
    def digests(self) -> tuple[InputDigest, ...]:
        """The inputs that were read, by name."""
        return tuple(digest for _, digest in sorted(self._digests.items()))


Job = Callable[[Context], pl.DataFrame]


def _targets(contract: Contract, steps: Calendar | None, data_through: datetime) -> Targets:
    if steps is None or not isinstance(contract.domain, RollingDomain):
        return []
    assert contract.target is not None
    kind = contract.key[contract.target].type
    found = steps.next_steps(data_through, contract.domain.steps)
    if kind == "timestamp":
        return [_instant(step) for step in found]
    if any(isinstance(step, datetime) for step in found):
        raise InvalidError(
            "target_type",
            f"{contract.name}: calendar {steps.name} steps within a day, so key.{contract.target} "
            "must be a timestamp",
        )
    return found


def _instant(step: Step) -> datetime:
    return step if isinstance(step, datetime) else datetime.combine(step, time(), UTC)
