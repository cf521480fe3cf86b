"""The versions that aliases point to: opened before they are served, retried when that fails.

Until a version is open, a fallback answers for its alias.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime

import msgspec

from estimates import Store
from estimates.catalog.records import Version
from estimates.catalog.view import Fallback, View
from estimates.errors import EstimatesError

# Longer than it takes to open a read file, shorter than the second in which promotions are
# followed.
OPENING_S = 0.4
RETRY_S = 1.0
MAX_RETRY_S = 30.0
_OPENERS = 4  # each may hold a version's rows in memory
log = logging.getLogger("api")

VersionKey = tuple[str, int]
Fallbacks = dict[tuple[str, str], Fallback]


class Fault(msgspec.Struct, frozen=True):
    """An alias whose version cannot be read here: the error's code, and the version that answers
    instead, if any.
    """

    set: str
    alias: str
    version: int
    code: str
    serving: int | None


Faults = dict[tuple[str, str], Fault]


class _Target:
    """A version to be served: whether it is open, and when to try again."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.attempt: Future[None] | None = None
        self.opened = False
        self.fault: str | None = None
        self.failures = 0
        self.retry_at = 0.0

    def update(self) -> None:
        """Take over the outcome of the attempt that runs, if it has ended."""
        if self.attempt is None or not self.attempt.done():
            return
        error = self.attempt.exception()
        self.attempt = None
        self.opened = error is None
        if error is None:
            self.fault = None
            self.failures = 0
            return
        self.fault = error.code if isinstance(error, EstimatesError) else "internal"
        self.retry_at = time.monotonic() + min(RETRY_S * 2**self.failures, MAX_RETRY_S)
        self.failures += 1
        if self.failures == 1:
            trace = None if isinstance(error, EstimatesError) else error
            log.error("a read file cannot be opened: %s", error, exc_info=trace)

    @property
    def settled(self) -> bool:
        """Whether it is known if this version can be read."""
        return self.opened or self.fault is not None


class Targets:
    """The versions that the aliases of a store point to, as far as this process could open them.

    faults  aliases whose version cannot be read, by set and alias
    ready   whether of every alias it was known once if its version can be read
    """

    def __init__(self, store: Store) -> None:
        self.faults: Faults = {}
        self.ready = False
        self._settled = False
        self._store = store
        self._known: dict[VersionKey, _Target] = {}
        self._used: set[VersionKey] = set()
        self._pool = ThreadPoolExecutor(_OPENERS, "opener")
        self._discarded = 0
        self._seen: tuple[int, datetime] | None = None

    def open(self, view: View) -> Fallbacks | None:
        """Open what the view's aliases point to, for OPENING_S at most (blocks).

        Gives the fallbacks of those that are not open; None when nothing has changed since the
        last call.
        """
        seen = (view.last_event, view.moment)
        self._check_opened()
        if self._settled and seen == self._seen and not self._attempts_due():
            return None
        self._seen = seen
        deadline = time.monotonic() + OPENING_S
        while True:
            fallbacks, faults = self._check_aliases(view)
            awaited = [
                target.attempt
                for target in self._known.values()
                if not target.settled and target.attempt
            ]
            remaining = deadline - time.monotonic()
            if not awaited or remaining <= 0:
                break
            wait(awaited, remaining)
        self._log_changes(faults)
        self.faults = faults
        self._settled = not awaited
        self.ready = self.ready or self._settled
        return fallbacks

    def close(self) -> None:
        """Begin nothing new."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check_opened(self) -> None:
        """When reads found damage and discarded files, what was open may not be any more."""
        discarded = self._store.read_files.discarded
        if discarded == self._discarded:
            return
        self._discarded = discarded
        for target in self._known.values():
            target.opened = target.opened and self._store.lookups.is_open(target.version)
            self._settled = self._settled and target.settled

    def _attempts_due(self) -> bool:
        """Whether an attempt runs, or the time for one has come."""
        now = time.monotonic()
        return any(
            target.attempt or (target.fault and target.retry_at <= now)
            for target in self._known.values()
        )

    def _check_aliases(self, view: View) -> tuple[Fallbacks, Faults]:
        """The fallbacks and the faults, as far as is known now."""
        fallbacks: Fallbacks = {}
        faults: Faults = {}
        self._used = set()
        pointed = [
            (name, alias.alias, of_set.versions[alias.version - 1])
            for name, of_set in view.sets.items()
            for alias in of_set.aliases.values()
        ]
        for name, alias, version in pointed:
            target = self._target(version)
            if target.opened:
                continue
            fallback = self._fallback(view, name, alias, target.fault)
            if fallback is not None:
                fallbacks[name, alias] = fallback
            if target.fault is not None:
                serving = None if fallback is None else fallback.version.version
                faults[name, alias] = Fault(name, alias, version.version, target.fault, serving)
        self._known = {key: self._known[key] for key in self._used}
        return fallbacks, faults

    def _fallback(self, view: View, name: str, alias: str, fault: str | None) -> Fallback | None:
        """The newest version that the alias pointed to before and that can be read.

        While the alias's own version is only being opened, nothing is opened for it that is not
        open.
        """
        for version, moment in view.sets[name].former(alias):
            known = (name, version.version) in self._known
            if not known and fault is None:
                continue
            target = self._target(version)
            if target.opened:
                return Fallback(version, moment, fault)
            if not target.settled and fault is not None:
                return None
        return None

    def _target(self, version: Version) -> _Target:
        """A version's target; an attempt to open it is begun where one is due."""
        key = (version.set, version.version)
        self._used.add(key)
        target = self._known.setdefault(key, _Target(version))
        target.update()
        if not target.opened and target.attempt is None and time.monotonic() >= target.retry_at:
            target.attempt = self._pool.submit(self._open, version)
        return target

    def _open(self, version: Version) -> None:
        with self._store.unexpired(version):
            self._store.lookups.check(version)
            opened = self._store.lookups.open(version)
        with suppress(RuntimeError):  # the service stops
            # It is served from now on; its pages follow, behind what else there is to open.
            self._pool.submit(opened.map_pages)

    def _log_changes(self, faults: Faults) -> None:
        """Log what has changed of the aliases."""
        for name, fault in faults.items():
            if self.faults.get(name) != fault:
                instead = "nothing" if fault.serving is None else f"version {fault.serving}"
                log.error(
                    "%s: %s points to version %d, which cannot be read (%s); %s answers instead",
                    *(fault.set, fault.alias, fault.version, fault.code, instead),
                )
        for name, alias in self.faults.keys() - faults.keys():
            log.warning("%s: %s can be read again", name, alias)
