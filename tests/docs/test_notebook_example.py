"""examples/researcher.ipynb runs from its first cell to its last, and what it shows can be seen."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from estimates.render.vega import svg
from tests.docs.notebook import Shown, run_notebook

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    """What each cell shows, run beside the examples, as Jupyter does."""
    folder = tmp_path_factory.mktemp("notebook")
    shutil.copytree(ROOT / "examples", folder / "examples")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder / "examples")
        patched.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patched.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        return run_notebook(folder / "examples" / "researcher.ipynb")


def test_every_cell_shows_something_short(shown: list[Shown]) -> None:
    """Objects print at most fifteen lines, and are a table or a page in a notebook."""
    objects = [cell.value for cell in shown if hasattr(cell.value, "_repr_html_")]
    own = [thing for thing in objects if type(thing).__module__.startswith("estimates")]
    assert {type(thing).__name__ for thing in own} >= {
        *("EstimateSet", "Report", "Answer", "Series", "Verdict", "SetAccuracy"),
    }
    for thing in own:
        assert len(repr(thing).splitlines()) <= 15
        assert "<" in thing._repr_html_()


def test_its_charts_can_be_drawn(shown: list[Shown]) -> None:
    """Each chart is drawn, with marks in it."""
    charts = [c for c in shown if c.source.rstrip().endswith(("plot()", 'plot("AAPL")'))]
    assert len(charts) == 4
    for cell in charts:
        picture = svg(cell.value.to_dict())
        assert picture.count("<path") > 5, cell.source
