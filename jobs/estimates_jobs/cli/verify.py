"""`estimates verify`: compare all that is stored with what it should be."""

from __future__ import annotations

from estimates.errors import EstimatesError
from estimates.render.wording import count
from estimates.store.open_store import OpenStore
from estimates.store.verify import verify as verify_store
from estimates_jobs.cli.interface.command import Options, command
from estimates_jobs.cli.interface.failures import DAMAGED
from estimates_jobs.cli.output import fault_table, progress, terminal
from estimates_jobs.cli.output.hold_table import show_holds


@command("estimates verify", "estimates verify --format json | jq .faults")
def verify(options: Options) -> int:
    """Compare all that is stored with what it should be; name each fault, and change nothing.

    Compared are every file of every version with its digest, every row of the catalog with the
    event that made it, the log with its copies beside the snapshots, and the store's folder with
    its catalog. Exits 4 when anything is wrong.
    """
    store = options.open()
    versions = _count_versions(store)
    with progress.bar(versions, quiet=options.json) as advance:
        faults = verify_store(store, advance)
    if options.json:
        terminal.json({"versions": versions, "faults": faults})
        return DAMAGED if faults else 0
    of = count(versions, "version")
    if faults:
        fault_table.show(faults)
        faulty = count(len(faults), "fault")
        terminal.line(f"{faulty} in {of}" if versions else faulty)
    else:
        terminal.line(f"{of}, every file and every record matches its digest")
        for name, of_set in store.view().sets.items():
            if of_set.holds:
                show_holds(name, of_set.holds)
    return DAMAGED if faults else 0


def _count_versions(store: OpenStore) -> int:
    try:
        return sum(len(estimate_set.versions) for estimate_set in store.view().sets.values())
    except EstimatesError:  # which is reported as a fault
        return 0
