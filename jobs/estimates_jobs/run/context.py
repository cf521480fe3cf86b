"""What a job may look at: parameters, inputs cut at `data_through`, targets; and a place for its
warnings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl

from estimates import instants
from estimates.catalog.records import InputDigest
from estimates.contract.contract import Contract
from estimates.contract.domain import RollingDomain
from estimates.contract.job_inputs import Job, variable_of
from estimates.errors import EstimatesError, InvalidError, NotFoundError
from estimates.redaction import redacted
from estimates.render.wording import did_you_mean
from estimates_jobs.run.calendars import Calendar, calendar_of, first_moment
from estimates_jobs.run.pinned_input import Pins
from estimates_jobs.run.references import with_values

if TYPE_CHECKING:
    from estimates.contract.job_inputs import Input
    from estimates.store.store import Store
    from estimates_jobs.run.inputs import ReadFile
    from estimates_jobs.run.pinned_input import Reading

Targets = list[date] | list[datetime]


class Context:
    """The only thing a job needs to look at.

    contract      what the set promises
    parameters    those of the contract's job, a copy, with the values of variables that they name
    data_through  the last moment of data the job may see; on an exchange the close of a session
    calendar      the calendar of a rolling set, else None
    targets       for a rolling set the targets of this run in order, in the type of the target
                  column; else empty
    seed          a number below 2^32 that depends on set and `data_through` only, for jobs that
                  draw random numbers
    """

    def __init__(
        self,
        contract: Contract,
        data_through: datetime,
        store: Store | None = None,
        pins: Pins | None = None,
        moment: datetime | None = None,
    ) -> None:
        """Of a run that reads sets of a store, and certain versions of its inputs.

        moment  until when sets that are read count what was promoted; default: `data_through`
        Raises InvalidError: `unknown_calendar`, `calendar_range`, `target_type`.
        """
        rolling = contract.domain if isinstance(contract.domain, RollingDomain) else None
        self.contract = contract
        self.calendar: Calendar | None = calendar_of(rolling.calendar) if rolling else None
        self.data_through = self.calendar.origin(data_through) if self.calendar else data_through
        self.targets: Targets = _targets(contract, self.calendar, self.data_through)
        name_and_time = f"{contract.name} {instants.text(self.data_through)}"
        self.seed = int(hashlib.sha256(name_and_time.encode()).hexdigest()[:8], 16)
        self._store, self._pins = store, pins or Pins()
        self._through, self._moment = data_through, moment or data_through
        self._frames: dict[str, pl.DataFrame] = {}
        self._digests: dict[str, InputDigest] = {}
        self._warnings: list[str] = []

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """Raises InvalidError (`no_variable`) where a variable has no value."""
        return {} if self._job is None else self._job.parameters

    @cached_property
    def _job(self) -> Job | None:
        """A copy of the contract's with values of variables, which the contract must not get."""
        return with_values(self.contract).job

    def input(
        self, name: str, read: ReadFile | None = None, text: Sequence[str] = ()
    ) -> pl.DataFrame:
        """An input of the contract as it was known at `data_through`, sorted by all columns.

        A static input comes whole; a set is the version of it that was in production. `read` reads
        one file of a source in place of DuckDB, which guesses types, but not those of the
        contract's string keys and of the columns in `text`.
        Raises InvalidError (`unknown_input`, and those of `estimates_jobs.run.inputs.read_input`),
        UnavailableError (`input_unreachable`), NotFoundError (`no_store`), and those of
        `estimates_jobs.run.input_sets.read_set`.
        """
        if name not in self._frames:
            inputs = self.contract.job.inputs if self.contract.job else {}
            if name not in inputs:
                raise InvalidError(
                    "unknown_input",
                    f"{self.contract.name}: the contract's job has no input {name!r}"
                    f"{did_you_mean(name, inputs)}",
                    remedy=f"inputs: {', '.join(inputs) or 'none'}",
                )
            assert self._job is not None
            reading = self._read(name, self._job.inputs[name], read, text)
            if reading.undated:
                self.warn(
                    f"input {name}: {reading.undated} rows left out, their "
                    f"{inputs[name].time!r} is null"
                )
            if reading.is_changed:
                self.warn(f"input {name}: it held other rows when this run read it before")
            digest = reading.digest
            if variable_of(source := inputs[name].source) is not None:
                digest = msgspec.structs.replace(digest, source=str(source))
            self._frames[name], self._digests[name] = reading.frame, digest
        return self._frames[name]

    def again(self, contract: Contract) -> Context:
        """The same moment and the same versions of inputs, under another contract."""
        return Context(contract, self._through, self._store, self._pins, self._moment)

    def pin_sets(self) -> None:
        """Write down which versions of other sets this run reads, before the job begins; of what is
        not there, reading it says why.
        """
        for name, spec in self._job.inputs.items() if self._job else ():
            if spec.set is None or self._store is None:
                continue
            from estimates_jobs.run.input_sets import pin_set

            with suppress(EstimatesError):
                pin_set(self._store, name, spec.set, self._moment, self.data_through, self._pins)

    def _read(self, name: str, spec: Input, read: ReadFile | None, text: Sequence[str]) -> Reading:
        if spec.set is not None:
            from estimates_jobs.run.input_sets import read_set

            if self._store is None:
                raise NotFoundError(
                    "no_store",
                    f"input {name!r} is the set {spec.set}, and there is no store to read it from",
                    remedy="give the context a store: Context(contract, data_through, store)",
                )
            return read_set(self._store, name, spec, self._moment, self.data_through, self._pins)
        from estimates_jobs.run.inputs import read_input  # DuckDB takes a moment to load

        codes = [key for key, column in self.contract.key.items() if column.type == "string"]
        codes += [column for column in text if column not in codes]
        return read_input(
            name, spec, self.data_through, self.calendar, read, codes, pins=self._pins
        )

    def warn(self, message: str) -> None:
        """Say something that a reader of this version should know; it is stored with it."""
        self._warnings.append(redacted(message))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The warnings, in order."""
        return tuple(self._warnings)

    @property
    def digests(self) -> tuple[InputDigest, ...]:
        """The inputs that were read, by name."""
        return tuple(digest for _, digest in sorted(self._digests.items()))


def data_reach(contract: Contract, store: Store | None = None) -> datetime:
    """As far as the data of a job go: the oldest among the newest times of its inputs that declare
    a `time`, and the `data_through` of what the sets that it reads have in production; never beyond
    now, and now where none has either.

    store  of the sets; without one they do not count
    Raises what `Context.input` does of an input that cannot be read.
    """
    now = instants.now()
    job = with_values(contract).job
    inputs = job.inputs if job else {}
    dated = {name: spec for name, spec in inputs.items() if spec.time is not None}
    of_sets = [
        store.resolve(spec.set).data_through
        for spec in inputs.values()
        if store is not None and spec.set is not None
    ]
    if not dated:
        return min([now, *of_sets])
    from estimates_jobs.run.inputs import newest_moment

    rolling = contract.domain if isinstance(contract.domain, RollingDomain) else None
    calendar = calendar_of(rolling.calendar) if rolling else None
    newest = [newest_moment(name, spec, now, calendar) for name, spec in dated.items()]
    return min([now, *of_sets, *(moment for moment in newest if moment is not None)])


def _targets(contract: Contract, calendar: Calendar | None, data_through: datetime) -> Targets:
    if calendar is None or not isinstance(contract.domain, RollingDomain):
        return []
    assert contract.target is not None
    kind = contract.key[contract.target].type
    steps = calendar.next_steps(data_through, contract.domain.steps)
    if kind == "timestamp":
        return [first_moment(step) for step in steps]
    if any(isinstance(step, datetime) for step in steps):
        raise InvalidError(
            "target_type",
            f"{contract.name}: calendar {calendar.name} steps within a day, so "
            f"key.{contract.target} must be a timestamp",
            remedy=f'write type = "timestamp" under [key.{contract.target}], or choose a '
            "calendar of days",
        )
    return steps
