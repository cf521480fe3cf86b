"""Verify: compare all that is stored with what it should be; change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec
import polars as pl

from estimates.catalog.audit import Fault, law_faults
from estimates.catalog.event_chain import Entry
from estimates.catalog.records import Version
from estimates.catalog.view import View
from estimates.contract.domain import FileDomain
from estimates.errors import CorruptError, EstimatesError, RefusedError, UnavailableError
from estimates.gate.unapproved import unapproved
from estimates.storage import log_copies, snapshot
from estimates.storage.copying import Replaced
from estimates.storage.storage_errors import MEND
from estimates.store.backup import Progress, replaced_of_log, untold
from estimates.store.erased_files import files_of_erased
from estimates.store.identity import identity_faults
from estimates.store.open_store import OpenStore
from estimates.store.recover import find_log

# What is said of a file that was to go.
NOT_ERASED = "not_erased", "holds what was erased; `estimates sweep` takes it away"
_LATE = 10  # events without a copy: those of a command that was killed are fewer
_FIRST = 3  # the same of a log without any copy, as one that was lost has
_ENTRIES = 1000  # of the log that are in memory


def verify(store: OpenStore, progress: Progress = untold) -> list[Fault]:
    """Everything that is wrong with a store, whatever else is broken.

    progress  told of each version before it is looked at, and how many were before it
    Compared are the catalog with its chain and its log's copies, root and catalog with each other,
    and each file of each unexpired version with its digest. Raises UnavailableError where catalog
    or storage do not answer: what was not seen is neither sound nor damaged.
    """
    faults = [
        *_catalog_faults(store),
        *identity_faults(store.objects, store.catalog),
        *_copy_faults(store),
    ]
    try:
        view = store.refresh()
    except UnavailableError:
        raise
    except EstimatesError as error:
        # What is wrong with the catalog is said already; of the files, at least what says so itself
        if not faults:
            faults.append(Fault("", None, error.code, error.message))
        return faults + list(_snapshot_faults(store))
    faults += _unapproved_faults(view, faults)
    faults += _unerased_faults(store, view)
    return faults + list(_file_faults(store, view, progress))


def _catalog_faults(store: OpenStore) -> list[Fault]:
    try:
        return store.catalog.audit()
    except CorruptError as error:  # not even its log's row is there
        return [Fault("", None, error.code, error.message)]


def _copy_faults(store: OpenStore) -> Iterator[Fault]:
    """Compare the copies of the log with the log; the newest ones may be missing still, those that
    a command makes before it was killed.
    """
    try:
        copied = log_copies.copied_events(store.objects)
    except RefusedError as error:
        if store.objects.folder is None:
            raise
        yield Fault("", None, error.code, error.message)
        return
    expected = range(1, max(copied, default=0) + 1)
    with suppress(CorruptError):  # the audit says what is wrong with the catalog
        head = store.catalog.head()
        lacks = head.last_event - len(expected)
        # a store of before there were copies has them from its next write on
        is_new = head.last_event > head.chained_later
        if is_new and lacks > (_LATE if copied else _FIRST):
            what = f"the copies of the newest {lacks:,} events are missing"
            yield Fault("", None, "log_gap", f"{what}; whatever writes next makes them")
    for event in sorted(set(expected) - set(copied)):
        yield Fault("", None, "log_gap", f"the copy {log_copies.name_of(event)} is missing")
    entries, at = dict[int, Entry](), 0
    is_readable = True
    for event, copy in log_copies.read_all(store.objects, copied):
        if event > at and is_readable:
            at = event + _ENTRIES - 1
            try:
                entries = {e.event.id: e for e in store.catalog.entries(event - 1, _ENTRIES)}
            except UnavailableError:
                raise
            except EstimatesError:
                is_readable = False  # reported by the audit; the copies prove themselves
        if isinstance(copy, EstimatesError):
            yield Fault("", None, copy.code, copy.message)
        elif is_readable and copy != (entry := entries.get(event)):
            code, what = "log_differs", f"is not what the catalog holds of event {event}"
            if entry is None:
                what = f"is of event {event}, which the catalog does not have"
            elif entry.named and not copy.named:
                code, what = NOT_ERASED
            message = f"{log_copies.name_of(event)} {what}"
            yield Fault(copy.event.set, copy.event.version, code, message)


def _unapproved_faults(view: View, known: list[Fault]) -> Iterator[Fault]:
    """Name what was done without approvals: where the store has an access record, what counts for
    nothing because of it, which the audit of the catalog alone does not see.
    """
    reported = {fault.message for fault in known}
    yield from (fault for fault in law_faults(view.law) if fault.message not in reported)
    for name in view.sets:
        yield from unapproved(view, name)


def _unerased_faults(store: OpenStore, view: View) -> Iterator[Fault]:
    """Name files that hold what was erased still; copies of the log are compared elsewhere."""
    code, what = NOT_ERASED
    for name, file in files_of_erased(store.objects, view):
        yield Fault(name, None, code, f"{file} {what}")


def _file_faults(store: OpenStore, view: View, progress: Progress) -> Iterator[Fault]:
    """Check each snapshot once, and tell of each version that has it."""
    total = sum(len(set_view.versions) for set_view in view.sets.values())
    number = 0
    faults: list[Fault] = []
    for name, set_view in view.sets.items():
        checked: dict[str, Fault | None] = {}
        parts: dict[str, int] = {}
        for version in set_view.versions:
            progress(f"{name} version {version.version}", number, total)
            number += 1
            if version.expired_at is not None:
                continue
            if version.snapshot_id not in checked:
                checked[version.snapshot_id] = _version_fault(store, version, parts)
            if (fault := checked[version.snapshot_id]) is not None:
                faults.append(msgspec.structs.replace(fault, version=version.version))
        if isinstance(set_view.contract.domain, FileDomain):
            try:
                store.domain_keys(name)
            except UnavailableError:
                raise
            except EstimatesError as error:
                faults.append(Fault(name, None, error.code, error.message))
    newest = store.refresh().sets
    for fault in faults:  # what expired meanwhile is no fault
        versions = newest[fault.set].versions
        if fault.version is None or versions[fault.version - 1].expired_at is None:
            yield fault


def _version_fault(store: OpenStore, version: Version, parts: dict[str, int]) -> Fault | None:
    try:
        rows = store.readable(
            version,
            lambda: _verified_rows(
                store, version.set, version.snapshot_id, parts, store.manifests.replaced
            ),
        )
        # of the manifest as it was written: an erasure changes no version
        if rows != version.rows:
            raise CorruptError(
                "row_count",
                f"{rows} rows, the catalog says {version.rows}",
                remedy=MEND,
            )
    except UnavailableError:
        raise
    except EstimatesError as error:
        return Fault(version.set, version.version, error.code, error.message)
    return None


def _snapshot_faults(store: OpenStore) -> Iterator[Fault]:
    """Check every snapshot that has a manifest, where no catalog says which there should be."""
    parts: dict[str, int] = {}
    replaced: Replaced = {}
    with suppress(EstimatesError):
        replaced = replaced_of_log(find_log(store.objects).entries())
    for name in filter(snapshot.is_manifest, store.objects.names("sets")):
        _, set_name, *_, snapshot_id, _ = name.split("/")
        if name != snapshot.manifest_name(set_name, snapshot_id):  # of somebody's copy
            continue
        try:
            _verified_rows(store, set_name, snapshot_id, parts, replaced)
        except UnavailableError:
            raise
        except EstimatesError as error:
            yield Fault(set_name, None, error.code, error.message)


def _verified_rows(
    store: OpenStore, set_name: str, snapshot_id: str, parts: dict[str, int], replaced: Replaced
) -> int:
    """The number of rows of a snapshot whose files match their digests; raises CorruptError.

    parts     the rows of those that were verified already, by digest; snapshots share them
    replaced  what is read in place of parts from which something was erased
    """
    manifest = snapshot.read_manifest(store.objects, set_name, snapshot_id)
    read = manifest.through(replaced.get(set_name, {}))
    for part in read.content():
        if part.sha256 not in parts:
            name = read.name_of(set_name, part)
            content = snapshot.read_part(store.objects, name, part)
            try:
                parts[part.sha256] = pl.read_parquet(content).height
            except pl.exceptions.PolarsError as error:
                raise CorruptError(
                    "file_unreadable",
                    f"{name}: {error}",
                    remedy=MEND,
                ) from None
        if parts[part.sha256] != part.rows:
            raise CorruptError(
                "row_count",
                f"{parts[part.sha256]} rows, the manifest says {part.rows}",
                remedy=MEND,
            )
    return manifest.rows
