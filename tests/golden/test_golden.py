"""What every command and every route answers is what was recorded."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

from tests.mlflow_tables import AddMlflow

HERE = Path(__file__).parent
SHOWN = 300  # lines of what differs


def test_every_command_and_route_answers_as_recorded(tmp_path: Path, add_mlflow: AddMlflow) -> None:
    """All of `commands.txt` prints what is in `outputs/`; `python -m tests.golden` records anew."""
    add_mlflow(tmp_path)
    command = [sys.executable, "-m", "tests.golden", tmp_path / "outputs", tmp_path / "mlflow.db"]
    root = HERE.parent.parent
    ended = subprocess.run(command, cwd=root, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    recorded, printed = _lines(HERE / "outputs"), _lines(tmp_path / "outputs")
    different = list(difflib.unified_diff(recorded, printed, "recorded", "now", n=2, lineterm=""))
    remedy = "what is meant is recorded by `python -m tests.golden`"
    assert not different, "\n".join([*different[:SHOWN], remedy])


def _lines(folder: Path) -> list[str]:
    pages = sorted(folder.glob("*.txt"))
    return [f"{page.stem}: {line}" for page in pages for line in page.read_text().splitlines()]
