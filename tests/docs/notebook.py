"""A notebook run without Jupyter: its cells in order, and what each shows."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple


class Shown(NamedTuple):
    """A cell of code, and the value of its last expression; None where it ends with none."""

    source: str
    value: Any


def run_notebook(path: Path) -> list[Shown]:
    """Run each cell of code; a cell that begins with `!` is a command. What fails, raises."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return [Shown(source, _run(source, names)) for source in sources]


def _run(source: str, names: dict[str, Any]) -> Any:
    if source.startswith("!"):
        done = subprocess.run(source[1:], shell=True, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (source, done.stderr)
        return done.stdout
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)
