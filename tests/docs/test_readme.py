"""The README does what it says: its commands and snippets are run as they stand."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.cli.calls import call

SOURCE = Path(__file__).parents[2]
README = (SOURCE / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader has it: the examples, and an environment in `.venv`."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(SOURCE / "examples", folder / "examples")
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent, target_is_directory=True)
    for block in blocks("python") + blocks("toml"):
        named = re.match(r"# (\S+\.(?:py|toml))\n", block)
        if named:
            (folder / named[1]).write_text(block)
    return folder


@pytest.fixture(scope="module")
def tour(clone: Path) -> str:
    """What the README's commands print, run one after the other up to the first failure."""
    printed = []
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(clone)
        for line in "\n".join(blocks("bash")).splitlines():
            program, *words = shlex.split(line, comments=True) or [""]
            if program == "export":
                patched.setenv("ESTIMATES_STORE", words[-1].removeprefix("ESTIMATES_STORE="))
            if program in ("export", ""):
                continue
            assert program == "estimates", line
            words, file = (words[:-2], words[-1]) if ">" in words else (words, None)
            called = call(*words)
            assert called.code == 0, (line, called.err)
            if file is None:
                printed.append(called.text)
            else:
                (clone / file).write_bytes(called.out)
    return "".join(printed)


def _shell(script: str, folder: Path) -> str:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("ESTIMATES_") and k != "PYTHONPATH"
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tour_runs_from_table_to_rollback(tour: str, clone: Path) -> None:
    """Every command of the README succeeds in the order given, and the store ends as the tour
    says.
    """
    assert "000137" in tour
    status = _shell(".venv/bin/estimates status churn --store churn-store --format json", clone)
    assert '"held":true' in status.replace(" ", "")


def test_what_the_readme_shows_is_printed(clone: Path) -> None:
    """The page below the first command is what the command prints, up to the dots."""
    shown = blocks("text")[0].split("…\n")[0]
    assert _shell(f"exec 2>&1\n{blocks('bash')[0]}", clone).startswith(shown)


@pytest.mark.usefixtures("tour")
def test_the_python_snippet_reads_what_the_tour_made(clone: Path) -> None:
    """The README's Python reads the store that its commands made."""
    snippet = next(block for block in blocks("python") if "estimates.Store" in block)
    printed = subprocess.run(
        [sys.executable, "-c", snippet], cwd=clone, capture_output=True, text=True, check=True
    ).stdout
    assert "churn_score" in printed


@pytest.mark.usefixtures("tour")
def test_the_job_of_ones_own_ran(clone: Path) -> None:
    """The README's five-line job made a version of its set."""
    rows = _shell(
        ".venv/bin/estimates get last-price AAPL --ref 1 --store churn-store --format json", clone
    )
    assert '"price":134.119' in rows


def test_it_is_short() -> None:
    """Prose of fewer than 700 words."""
    prose = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
    assert len(prose.split()) < 700


def test_urls_are_quoted() -> None:
    """Every URL of a command is in quotes, so that any shell takes `?` and `&` as they are."""
    lines = [line for line in README.splitlines() if line.startswith("curl ")]
    assert lines
    assert all("'http" in line for line in lines)


def test_links_lead_somewhere() -> None:
    """Every relative link of the README, ARCHITECTURE and the docs names a file or folder that
    exists.
    """
    pages = [
        SOURCE / "README.md",
        SOURCE / "ARCHITECTURE.md",
        *sorted((SOURCE / "docs").rglob("*.md")),
    ]
    missing = [
        f"{page.relative_to(SOURCE)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not missing


def test_every_setting_is_documented() -> None:
    """Each ESTIMATES_ variable that the settings read is on their page, and nothing else is."""
    read = set(
        re.findall(r"ESTIMATES_[A-Z_]+[A-Z]", (SOURCE / "estimates" / "settings.py").read_text())
    )
    assert read
    page = (SOURCE / "docs" / "settings.md").read_text()
    assert read == set(re.findall(r"ESTIMATES_[A-Z_]+[A-Z]", page))
