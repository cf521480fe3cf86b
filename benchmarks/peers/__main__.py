"""Measure the read service beside what a user would pick instead, one after the other, on the same
keys.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.load import Load, run_wrk
from benchmarks.peers.peer import PEERS, PYTHON, Peer, Started
from benchmarks.peers.rows import COLUMNS, Key, make_frame, random_keys, write_parquet

BATCH = 1000
BATCHES = 300
KEYS = 300_000
WARM_UP_S = 2
HEADINGS = (
    "peer",
    "requests/s",
    "ours ×",
    "p50 ms",
    "p99 ms",
    "batch keys/s",
    "ours ×",
    "MB",
    "set-up s",
)


@dataclass(frozen=True)
class Measured:
    """One peer. The latencies are those at half of its own maximum load; `failed` counts answers
    that were none.
    """

    peer: str
    version: str
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    batch_keys_per_s: float
    memory_mb: float
    set_up_s: float
    failed: int


def measure(peer: Peer, frame: pl.DataFrame, parquet: Path, seconds: float) -> Measured:
    """Start a peer in a folder of its own, make sure that it answers right, put it under load."""
    click.echo(f"{peer.name} …", err=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL, started by root, is another user
        with peer.start(folder, parquet) as started:
            check(peer, started.server.url, frame)
            return put_under_load(peer, started, frame.height, seconds)


def put_under_load(peer: Peer, started: Started, rows: int, seconds: float) -> Measured:
    """As fast as it goes, then single keys at half of that, then batches."""
    url, keys = started.server.url, random_keys(rows, KEYS)
    single = [peer.route.single(key).raw() for key in keys]
    run_wrk(url, single, WARM_UP_S)
    full = run_wrk(url, single, seconds)
    half = run_wrk(url, single, seconds, rate=full.requests_per_s / 2)
    batches = [peer.route.many(chunk).raw() for chunk in _chunks(keys)]
    run_wrk(url, batches, WARM_UP_S, connections=4)
    batch = run_wrk(url, batches, seconds, connections=4)
    return Measured(
        peer=peer.name,
        version=started.title,
        requests_per_s=full.requests_per_s,
        p50_ms=half.p50_ms,
        p99_ms=half.p99_ms,
        batch_keys_per_s=batch.requests_per_s * BATCH,
        memory_mb=started.memory_mb(),
        set_up_s=started.set_up_s,
        failed=sum(_failed(load) for load in (full, half, batch)),
    )


def check(peer: Peer, url: str, frame: pl.DataFrame) -> None:
    """Raises ClickException unless single keys and a batch are answered with the frame's values, in
    order.
    """
    keys = random_keys(frame.height, BATCH, seed=3)
    requested = pl.DataFrame(keys, schema={"name": pl.String, "step": pl.Int64}, orient="row")
    expected = (
        requested.join(frame, on=["name", "step"], how="left", maintain_order="left")
        .select(COLUMNS)
        .rows()
    )
    try:
        many = peer.route.values(peer.route.many(keys).answer(url))
        singles = [peer.route.values(peer.route.single(key).answer(url))[0] for key in keys[:50]]
    except httpx.HTTPError as error:
        raise click.ClickException(str(error)) from None
    if many != expected or singles != expected[:50]:
        raise click.ClickException("it does not answer what is in the rows")


def _chunks(keys: Sequence[Key]) -> list[Sequence[Key]]:
    return [keys[start : start + BATCH] for start in range(0, BATCHES * BATCH, BATCH)]


def _failed(load: Load) -> int:
    return load.errors + load.refused


def rows_of(measured: Sequence[Measured]) -> list[tuple[str, ...]]:
    """The table's rows; ours, the first, is what the ratios are to."""
    ours = measured[0]
    return [
        (
            measurement.peer,
            f"{measurement.requests_per_s:,.0f}",
            _ratio(ours.requests_per_s, measurement.requests_per_s),
            f"{measurement.p50_ms:,.2f}",
            f"{measurement.p99_ms:,.2f}",
            f"{measurement.batch_keys_per_s:,.0f}",
            _ratio(ours.batch_keys_per_s, measurement.batch_keys_per_s),
            f"{measurement.memory_mb:,.0f}",
            f"{measurement.set_up_s:,.1f}",
        )
        for measurement in measured
    ]


def _ratio(ours: float, theirs: float) -> str:
    return f"{ours / theirs:,.3g}" if theirs else "-"


def machine() -> str:
    """Cores and processor."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in info if line.startswith("model name")),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}"


def show(measured: Sequence[Measured], rows: int, seconds: float, form: str) -> None:
    """Print as a table, as JSON or as Markdown."""
    versions = ", ".join(sorted({measurement.version for measurement in measured}))
    title = f"{rows:,} rows, {seconds:g} s each, {machine()}, {datetime.now(UTC):%Y-%m-%d}"
    if form == "json":
        print(
            json.dumps(
                {"title": title, "peers": [asdict(measurement) for measurement in measured]},
                indent=2,
            )
        )
        return
    if form == "markdown":
        lines = [HEADINGS, ("---", *["---:"] * (len(HEADINGS) - 1)), *rows_of(measured)]
        print(f"`just bench-peers`: {title}; {versions}.\n")
        print("\n".join(f"| {' | '.join(line)} |" for line in lines))
        return
    table = Table(*HEADINGS, title=title, caption=versions)
    for column in table.columns[1:]:
        column.justify = "right"
    for line in rows_of(measured):
        table.add_row(*line)
    Console(width=max(Console().width, 120)).print(table)


@click.command()
@click.option(
    "--rows",
    type=click.IntRange(min=1000),
    default=1_000_000,
    show_default=True,
    help="Rows that are stored.",
)
@click.option(
    "--seconds",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Length of each load.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
)
def main(rows: int, seconds: int, form: str) -> None:
    """Print a table; `ours ×` says how many times as many requests or keys a second the read
    service answers.
    """
    if not PYTHON.exists():
        raise click.ClickException(
            "the peers are not installed; `just bench-peers` installs them into .venv-peers"
        )
    frame = make_frame(rows)
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        parquet = Path(name) / "rows.parquet"
        Path(name).chmod(0o755)
        write_parquet(frame, parquet)
        ours, *others = PEERS
        measured = [measure(ours, frame, parquet, seconds)]
        for peer in others:
            try:
                measured.append(measure(peer, frame, parquet, seconds))
            except click.ClickException as error:
                broken.append(f"{peer.name}: {error.message}")
    show(measured, rows, seconds, form)
    broken += [
        f"{measurement.peer}: {measurement.failed} requests failed"
        for measurement in measured
        if measurement.failed
    ]
    if broken:
        raise click.ClickException("\n".join(broken))


if __name__ == "__main__":
    main()
