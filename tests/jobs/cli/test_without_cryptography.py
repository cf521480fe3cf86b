"""A store with an access record where the package `cryptography` is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from estimates.store.store import Store
from tests.builders import SET, define, promoted, publish
from tests.principals.signed import ALL, Keys

TREE = Path(__file__).parents[3]
CODE = """
import sys
from estimates_jobs.cli.entry import run
for line in sys.stdin.read().splitlines():
    print("exit", run(line.split(" ")), flush=True)
"""


@pytest.fixture
def python(tmp_path: Path) -> dict[str, str]:
    """The environment of a Python that has all packages of this one but `cryptography`."""
    packages = tmp_path / "packages"
    packages.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(("cryptography", "estimates", "_estimates")):
            (packages / path.name).symlink_to(path)
    sources = (TREE / name for name in ("", "api", "jobs", "migrations"))
    return {"PYTHONPATH": os.pathsep.join(map(str, [*sources, packages]))}


def test_reading_goes_on_and_signing_names_the_extra(
    local_store: Store, tmp_path: Path, python: dict[str, str]
) -> None:
    """Who reads is answered and told in a line that signatures are not checked; who signs, and who
    relies on a root key, is told which extra does it; nobody sees a trace.
    """
    define(local_store)
    promoted(local_store, "first")
    publish(local_store, "second", 100.1)
    keys = Keys(tmp_path / "keys")
    keys.set(local_store, {"anna": ALL})
    named = {"ESTIMATES_STORE": local_store.root, "ESTIMATES_KEY": str(keys.file("anna"))}
    reads = [f"get {SET} AAPL 2024-06-03", "status", "verify", "access show"]
    signs = [f"retire {SET} --reason x", f"approve {SET} 1", "key show", "key create --key x.pem"]
    printed = _run("\n".join([*reads, *signs]), tmp_path, python | named)
    exits = [line for line in printed.splitlines() if line.startswith("exit")]
    assert exits == [*("exit 0", "exit 0", "exit 4", "exit 0"), *["exit 2"] * 4]
    text = " ".join(printed.split())
    assert "warning: signatures are not checked here: pip install 'estimates-store[sig" in text
    assert text.count("[no_cryptography]") == len(signs)
    assert "Traceback" not in printed
    assert "UserWarning" not in printed
    pinned = named | {"ESTIMATES_ROOT_KEY": keys.public("root")}
    assert "[no_cryptography]" in _run(reads[0], tmp_path, python | pinned)


def _run(commands: str, folder: Path, variables: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-S", "-c", CODE],
        cwd=folder,
        env=os.environ | variables,
        input=commands,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout
