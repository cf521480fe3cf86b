"""Commands that keep a store well: verify, sweep."""

from __future__ import annotations

from estimates.store.sweep import sweep as sweep_store
from estimates.store.sweep import verify as verify_store
from estimates_jobs.cli import show
from estimates_jobs.cli.command import Options, command
from estimates_jobs.cli.failures import DAMAGED


@command("verify", examples=("estimates verify", "estimates verify --format json | jq .faults"))
def verify(options: Options) -> int:
    """Check every file of every version against its digest; name each that is missing, truncated or
    altered.

    Also completes the copies of the catalog from which a lost one can be rebuilt. Exits 4 when
    anything is wrong.
    """
    store = options.open()
    versions = sum(len(found.versions) for found in store.view().sets.values())
    done = 0
    with show.bar(versions, quiet=options.json) as advance:

        def progress(what: str, _total: int) -> None:
            nonlocal done
            advance(what, done)
            done += 1

        faults = verify_store(store, progress)
    if options.json:
        show.value({"versions": versions, "faults": faults})
    elif faults:
        rows = [[fault.set, fault.version, fault.code, fault.message] for fault in faults]
        show.table(["set", "version", "fault", "what is wrong"], rows)
        show.line(f"{len(faults)} faults in {versions} versions")
    else:
        show.line(f"{versions} versions, every file matches its digest")
    return DAMAGED if faults else 0


@command("sweep", examples=("estimates sweep", "estimates sweep --format json"))
def sweep(options: Options) -> None:
    """Expire the versions that their contract's retention lets go, and delete the files that no
    version needs.

    Safe at any time, also while something is published; one that was interrupted is finished by the
    next.
    """
    swept = sweep_store(options.open())
    if options.json:
        show.value(swept)
        return
    if not swept.expired and not swept.deleted:
        show.line("nothing to sweep")
    for name, version in swept.expired:
        show.line(f"{name}: version {version} expired (retention)")
    for name, snapshot_id in swept.deleted:
        show.line(f"{name}: deleted the files of snapshot {snapshot_id}")
