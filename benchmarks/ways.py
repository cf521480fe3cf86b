"""How far the ways through the program are: `python -m benchmarks.ways`.

For each way, the files and functions of this repository that it enters, how often Parquet is
decoded and stored bytes are hashed, and its processor time. Each is walked in processes of its own,
on a store with two versions of 500 rows: once watched, for the counts, and three times unwatched,
for the time, which includes the imports. Functions are those with a name: a lambda or a
comprehension belongs to the one around it. What is called while a module is imported counts, the
module itself does not. What DuckDB reads by `read_parquet` is not seen.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import resource
import runpy
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import click
import msgspec

APP = "estimates_api.app"  # the module with `create_app`
ROOT = Path(__file__).parent.parent
ESTIMATES = Path(sys.executable).with_name("estimates")
OURS = tuple(f"{ROOT / folder}{os.sep}" for folder in ("estimates", "api", "jobs", "migrations"))
WALK = [sys.executable, "-m", "benchmarks.ways", "walk"]
ROUNDS = 3

OLD, NEW = (str(ROOT / "examples" / name) for name in ("churn.csv", "churn-next-week.csv"))
BEFORE = (
    "init",
    "define churn.toml",
    f"publish churn {OLD} --through 2024-01-05 --run-id first",
    "promote churn 1 --reason first",
)
PUBLISH = f"publish churn {NEW} --through 2024-01-12 --run-id second"
PROMOTE = "promote churn 2 --reason second"
GET = "GET /v1/sets/churn/estimates/000137"
DIFF = "diff churn 1 2"


class Walk(NamedTuple):
    """What is walked, after other ways, with the caches that these left or without any."""

    way: str
    after: tuple[str, ...] = ()
    cold: bool = False


WALKS = [
    Walk(PUBLISH),
    Walk(PROMOTE, (PUBLISH,)),
    Walk(GET, (PUBLISH, PROMOTE)),
    Walk(DIFF, (PUBLISH, PROMOTE), cold=True),
    Walk(DIFF, (PUBLISH, PROMOTE)),
    Walk("gate churn 2", (PUBLISH,)),
]


class Entered(msgspec.Struct):
    """What was entered on one way.

    files, functions  of this repository
    decoded           Parquet files that polars or pyarrow began to read
    hashed            how often a stored Parquet file went through SHA-256, its writing included
    """

    files: int
    functions: int
    decoded: int
    hashed: int


class Way(msgspec.Struct):
    """One way; `processor_s` is user and system time of a fresh process, the median of some."""

    way: str
    entered: Entered
    processor_s: float


class Watch:
    """Notes what threads call while `watching`; they must have been started after it."""

    def __init__(self) -> None:
        self.codes: set[CodeType] = set()
        self.decoded = 0
        self.hashes: list[_Hash] = []
        self._on = False
        hashlib.sha256 = self._sha256  # type: ignore[assignment]
        threading.setprofile(self._note)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch what happens inside."""
        self._on = True
        sys.setprofile(self._note)
        try:
            yield
        finally:
            self._on = False
            sys.setprofile(None)

    def entered(self, store: Path) -> Entered:
        """What was seen, of a store."""
        files = store.rglob("*.parquet")
        stored = {hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        functions = [code for code in self.codes if _is_function(code)]
        return Entered(
            len({code.co_filename for code in functions}),
            len(functions),
            self.decoded,
            sum(hashed.hexdigest() in stored for hashed in self.hashes),
        )

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or not self._on:
            return
        code = frame.f_code
        if code.co_filename.startswith(OURS):
            self.codes.add(code)
        elif _decodes(frame):
            self.decoded += 1

    def _sha256(self, content: Any = b"", **settings: Any) -> _Hash:
        made = _Hash(_SHA256(content, **settings))
        if self._on:
            self.hashes.append(made)
        return made


_SHA256 = hashlib.sha256


class _Hash:
    """A hash that can be asked again; those of the C library cannot be subclassed."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & CO_OPTIMIZED) and not code.co_name.startswith("<")


def _decodes(frame: FrameType) -> bool:
    """Whether a call begins to read Parquet: `scan_parquet` not where `read_parquet` calls it."""
    code, caller = frame.f_code, frame.f_back
    if "/pyarrow/parquet/" in code.co_filename:
        return code.co_qualname in ("ParquetFile.__init__", "ParquetDataset.__init__")
    if "/polars/io/parquet/" not in code.co_filename or code.co_name not in (
        "read_parquet",
        "scan_parquet",
    ):
        return False
    while caller is not None and "/polars/" in caller.f_code.co_filename:
        if caller.f_code.co_name == "read_parquet":
            return False
        caller = caller.f_back
    return True


def walk(way: str, watch: Watch | None) -> None:
    """Walk a way in this process."""
    if way.startswith("GET "):
        _get(way.removeprefix("GET "), watch)
        return
    sys.argv = ["estimates", *way.split()]
    with watch.watching() if watch else nullcontext():
        try:
            runpy.run_path(str(ESTIMATES), run_name="__main__")
        except SystemExit as ended:
            if ended.code:
                raise


def _get(path: str, watch: Watch | None) -> None:
    """Ask the application, in this process; only the lookup is watched, the start is not."""
    from litestar.testing import TestClient

    with TestClient(importlib.import_module(APP).create_app()) as client:
        while client.get("/health/ready").status_code == 503:  # it is still opening the versions
            time.sleep(0.01)
        with watch.watching() if watch else nullcontext():
            assert client.get(path).is_success


def measure(folder: Path) -> Iterator[Way]:
    """Walk every way in a folder, each from the state of the store that it begins with."""
    contract = _run([str(ESTIMATES), "draft", OLD, "--key", "customer_id"], folder)
    (folder / "churn.toml").write_text(contract)
    saved: dict[tuple[str, ...], Path] = {}
    for after in ((), (PUBLISH,), (PUBLISH, PROMOTE)):
        for command in after[-1:] or BEFORE:
            _run([str(ESTIMATES), *command.split()], folder)
        saved[after] = folder / f"after-{len(after)}"
        shutil.copytree(folder / "store", saved[after])
    for walk in WALKS:
        start = saved[walk.after]
        _restore(folder, start, walk.cold)
        watched = _run([*WALK, walk.way, "--watched"], folder)
        entered = msgspec.json.decode(watched.splitlines()[-1], type=Entered)
        seconds = []
        for _ in range(ROUNDS):
            _restore(folder, start, walk.cold)
            seconds.append(_processor_s(walk.way, folder))
        name = walk.way.replace(f"{ROOT}{os.sep}", "") + (", empty cache" if walk.cold else "")
        yield Way(name, entered, round(statistics.median(seconds), 2))


def _restore(folder: Path, saved: Path, cold: bool) -> None:
    shutil.rmtree(folder / "store")  # in the same place: MLflow keeps the path of its artifacts
    shutil.copytree(saved, folder / "store")
    if cold:
        shutil.rmtree(folder / "store" / "cache")


def _processor_s(way: str, folder: Path) -> float:
    command = [str(ESTIMATES), *way.split()]
    if way.startswith("GET "):
        command = [*WALK, way]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _run(command, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(command: list[str], folder: Path) -> str:
    """What a command prints that is run in the folder, on its store."""
    ours = ("ESTIMATES_", "MLFLOW_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment["ESTIMATES_STORE"] = str(folder / "store")
    environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
    environment["PYTHONPATH"] = str(ROOT)  # for this module; the program is installed
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise click.ClickException(f"{' '.join(command)}: {ended.stdout}{ended.stderr}")
    return ended.stdout


@click.group(invoke_without_command=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_context
def main(context: click.Context, form: str) -> None:
    """Print a line for each way."""
    if context.invoked_subcommand:
        return
    with tempfile.TemporaryDirectory() as folder:
        ways = list(measure(Path(folder).resolve()))
    if form == "json":
        print(msgspec.json.format(msgspec.json.encode(ways)).decode())
    else:
        print(table(ways))


def table(ways: list[Way]) -> str:
    """The ways as a page."""
    lines = ["files  functions  decoded  hashed  processor  way"]
    for way in ways:
        files, functions, decoded, hashed = msgspec.structs.astuple(way.entered)
        counts = f"{files:5}  {functions:9}  {decoded:7}  {hashed:6}"
        lines.append(f"{counts}  {way.processor_s:7.2f} s  {way.way}")
    return "\n".join(lines)


@main.command("walk", hidden=True)
@click.argument("way")
@click.option("--watched", is_flag=True)
def walk_here(way: str, watched: bool) -> None:
    """Walk a way in this process; watched, print what it entered."""
    watch = Watch() if watched else None
    walk(way, watch)
    if watch:
        print(msgspec.json.encode(watch.entered(Path(os.environ["ESTIMATES_STORE"]))).decode())


if __name__ == "__main__":
    main()
