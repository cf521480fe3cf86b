"""`estimates verify`: check every file against its digest."""

from __future__ import annotations

import itertools

from estimates.store.sweep import verify as verify_store
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.failures import DAMAGED
from estimates_jobs.cli.output import progress, terminal


@command("estimates verify", "estimates verify --format json | jq .faults")
def verify(options: Options) -> int:
    """Check every file of every version against its digest; name each that is missing, truncated or
    altered.

    Also completes the copies of the catalog from which a lost one can be rebuilt. Exits 4 when
    anything is wrong.
    """
    store = options.open()
    versions = sum(len(estimate_set.versions) for estimate_set in store.view().sets.values())
    checked = itertools.count()
    with progress.bar(versions, quiet=options.json) as advance:
        faults = verify_store(store, lambda file, _total: advance(file, next(checked)))
    if options.json:
        terminal.json({"versions": versions, "faults": faults})
    elif faults:
        terminal.records(
            [
                {
                    "set": fault.set,
                    "version": fault.version,
                    "fault": fault.code,
                    "what is wrong": fault.message,
                }
                for fault in faults
            ]
        )
        terminal.line(f"{len(faults)} faults in {versions} versions")
    else:
        terminal.line(f"{versions} versions, every file matches its digest")
    return DAMAGED if faults else 0
