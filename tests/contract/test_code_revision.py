"""The revision of a job's code: which modules it covers, and that nothing but their names and
sources is in it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from estimates.contract.code_revision import own_sources, revision
from estimates_jobs.run.job_function import Function

PACKAGE = {
    "NAME/__init__.py": "",
    "NAME/jobs/__init__.py": "from . import daily",
    "NAME/jobs/daily.py": "import polars\nfrom ..features import prices\ndef job(context):\n    "
    "import NAME.late\n",
    # a package without __init__.py
    "NAME/features/prices.py": "from NAME.features.calendar import days",
    "NAME/features/calendar.py": "days = 5",
    "NAME/features/unused.py": "import NAME.unused",
    "NAME/unused.py": "",
    "NAME/late.py": "import NAME_beside, random, estimates",
    "NAME_beside.py": "",
    "random.py": "raise AssertionError('the standard library has the name')",
}
OWN = [
    "NAME",
    "NAME.features.calendar",
    "NAME.features.prices",
    "NAME.jobs",
    "NAME.jobs.daily",
    "NAME.late",
]


def write(folder: Path, name: str, files: dict[str, str]) -> None:
    """A tree of modules in which NAME stands for a name that no other test has."""
    for path, source in files.items():
        file = folder / path.replace("NAME", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source.replace("NAME", name))


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package in a folder of its own that is on sys.path, last."""
    package = f"acme_{os.urandom(4).hex()}"
    write(tmp_path, package, PACKAGE)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    return package


def named(name: str, *modules: str) -> list[str]:
    """Names of modules as they are in this test."""
    return sorted(module.replace("NAME", name) for module in modules)


def test_modules_of_a_package(name: str) -> None:
    """What a job imports of its package and of the folder around it, also late and relatively, and
    no more.
    """
    assert sorted(own_sources(f"{name}.jobs.daily")) == named(name, *OWN, "NAME_beside")
    assert sorted(own_sources(f"{name}_beside")) == [f"{name}_beside"]


def test_a_link_counts_where_it_lies(name: str, tmp_path: Path) -> None:
    """A module that is linked into the folder is the job's own, and its bytes count, wherever they
    are.
    """
    beside, moved = tmp_path / f"{name}_beside.py", tmp_path / "elsewhere" / "file.py"
    moved.parent.mkdir()
    before = revision(own_sources(f"{name}.jobs.daily"))
    beside.rename(moved)
    beside.symlink_to(moved)
    assert revision(own_sources(f"{name}.jobs.daily")) == before
    moved.write_text("# changed")
    assert revision(own_sources(f"{name}.jobs.daily")) != before


def test_installed_package(name: str, tmp_path: Path) -> None:
    """Where packages are installed side by side, only the job's own counts."""
    (tmp_path / "somebody-1.0.dist-info").mkdir()
    assert sorted(own_sources(f"{name}.jobs.daily")) == named(name, *OWN)


def test_format(name: str) -> None:
    """The revision is SHA-256 of a line `name sha256` for each module, sorted by name."""
    sources = own_sources(f"{name}.jobs")
    lines = [
        f"{module} {hashlib.sha256(sources[module]).hexdigest()}\n" for module in sorted(sources)
    ]
    assert revision(sources) == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert Function(f"{name}.jobs.daily:job").revision == revision(
        own_sources(f"{name}.jobs.daily")
    )
    assert revision(own_sources("sys")) is None


def test_each_change_is_noticed(name: str, tmp_path: Path) -> None:
    """A changed byte in any of its own modules is another revision; in any other module it is
    none.
    """
    before = revision(own_sources(f"{name}.jobs.daily"))
    for path in PACKAGE:
        file = tmp_path / path.replace("NAME", name)
        text = file.read_text()
        file.write_text(f"{text}\n# changed")
        changed = revision(own_sources(f"{name}.jobs.daily")) != before
        assert changed == ("unused" not in path and path != "random.py"), path
        file.write_text(text)
    assert revision(own_sources(f"{name}.jobs.daily")) == before


def test_same_anywhere(name: str, tmp_path: Path) -> None:
    """Another folder, another process and modules that were imported before change nothing."""
    elsewhere = tmp_path / "deep" / "elsewhere"
    shutil.copytree(tmp_path / name, elsewhere / name)
    shutil.copy(tmp_path / f"{name}_beside.py", elsewhere)
    said = (
        f"import sys; sys.path.append('.'); import {name}.unused, {name}.features.unused\n"
        "from estimates_jobs.run.job_function import Function; "
        f"print(Function('{name}.jobs.daily:job').revision)"
    )
    there = subprocess.run(
        [sys.executable, "-c", said], cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == Function(f"{name}.jobs.daily:job").revision


def test_sources_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    """A module that is no Python counts by its bytes; one that is gone is not there."""
    late = tmp_path / name / "late.py"
    late.write_bytes(b"\xff\x00 (")
    assert sorted(own_sources(f"{name}.jobs.daily")) == named(name, *OWN)
    late.unlink()
    assert sorted(own_sources(f"{name}.jobs.daily")) == named(name, *OWN[:-1])


def test_job_in_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be run, and there is no source file that a revision would be made of."""
    module, archive = f"acme_{os.urandom(4).hex()}", tmp_path / "jobs.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{module}.py", "def job(context): ...")
    monkeypatch.syspath_prepend(str(archive))
    assert Function(f"{module}:job").revision is None


def test_jobs_that_come_along() -> None:
    """The built-in jobs cover what they import of `estimates_jobs`, and not the library."""
    modules = Function("jobs.forecast:forecast").modules
    assert {
        "estimates_jobs",
        "estimates_jobs.builtin.forecast",
        "estimates_jobs.run.context",
        "estimates_jobs.run.inputs",
    } <= set(modules)
    assert not [module for module in modules if not module.startswith("estimates_jobs")]
