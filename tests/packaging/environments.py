"""The wheel, and environments that hold it with the packages of some extras and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

SOURCE = Path(__file__).parents[2]


def run(command: list[str | Path], folder: Path, expected: int = 0, **variables: str) -> str:
    """What a command prints, on both streams; fails on another exit code than the expected one."""
    # The source tree must not be importable, so that what works works from the wheel.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout + done.stderr


def build_wheel(folder: Path, tree: Path = SOURCE) -> None:
    """Build the wheel from a source tree, by default this one."""
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], tree)


def make_environment(wheel: Path, extras: str, folder: Path) -> None:
    """A new environment `venv` in a folder, with the wheel and what the extras need, such as
    `client,frames`; the packages come from the installer's cache.
    """
    uv = Path(sys.executable).with_name("uv")
    python = folder / "venv" / "bin" / "python"
    run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], folder)
    locked = SOURCE / "requirements" / "dev.txt"
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", python]
    install += ["--no-verify-hashes", "--constraints", locked]
    run([*install, f"estimates-store[{extras}] @ {wheel.as_uri()}"], folder)


def lend_packages(wheel: Path, folder: Path) -> None:
    """A new environment `venv` in a folder, with the wheel; what it needs is found where this
    Python has it, and this source tree is not.
    """
    uv = Path(sys.executable).with_name("uv")
    python = folder / "venv" / "bin" / "python"
    run([uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], folder)
    run([uv, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel], folder)
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"))


def installed_mb(python: Path) -> float:
    """Megabytes of all files of an environment, compiled Python aside."""
    (packages,) = python.parents[1].glob("lib/python*/site-packages")
    files = (file for file in packages.rglob("*") if file.is_file() and not file.is_symlink())
    return sum(file.stat().st_size for file in files if file.suffix != ".pyc") / 1e6
