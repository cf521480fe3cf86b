"""docs/stability.md, "Two years of weekly versions": what it asks can be asked, shown on the last
weeks alone.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.jobs.cli.calls import call

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")
SECTION = DOCUMENT.split("\n## Two years of weekly versions\n")[1].split("\n## ")[0]
COMMANDS = re.findall(r"^\$ (estimates .+)$", SECTION, flags=re.MULTILINE)
WEEKS = 4


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the example's last whole weeks, made by the script that `just history` runs."""
    sys.path.insert(0, str(ROOT / "examples"))
    import weekly_versions  # type: ignore[import-not-found]

    folder = tmp_path_factory.mktemp("history") / "history-store"
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(ROOT)
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder.parent / 'mlflow.db'}")
        weekly_versions.main(str(folder), WEEKS)
    return folder


def test_the_commands_of_the_document_run(weeks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command that the section shows is answered, in the order shown."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("ESTIMATES_STORE", str(weeks))
    assert len(COMMANDS) > 3
    for command in COMMANDS:
        called = call(*shlex.split(command)[1:])
        assert called.code == 0, (command, called.err)
        assert "sp500-close" in called.text, command


def test_the_python_of_the_document_runs(
    weeks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program ranks all twenty names."""
    monkeypatch.chdir(ROOT)
    (program,) = re.findall(r"```python\n(.*?)```", SECTION, flags=re.DOTALL)
    exec(program.replace("history-store", str(weeks)), {})
    table = capsys.readouterr().out
    for ticker in ("AAPL", "PEP", "AMD"):
        assert ticker in table


def test_a_second_time_nothing_is_made_twice(weeks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script goes on where it stopped: every week has one version, and sees no later prices."""
    import weekly_versions  # type: ignore[import-not-found]

    from estimates.store.store import Store

    monkeypatch.chdir(ROOT)
    weekly_versions.main(str(weeks), WEEKS)
    versions = Store(weeks)["sp500-close"].versions()
    assert [str(version.data_through.date()) for version in versions] == [
        "2022-12-02",
        "2022-12-09",
        "2022-12-16",
        "2022-12-23",
    ]
