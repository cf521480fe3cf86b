"""Record what every command and every route answers: `python -m tests.golden` writes `outputs/`.

Do that after a change that is meant, and look at what git says has changed. `python -m tests.golden
FOLDER` writes somewhere else, and there also the outputs of which `outputs/` has only digests:
recorded from two trees, they can be compared by `diff -r`. Copies of a second argument, a file with
MLflow's tables, spare the first publish and the demo making them.

`commands.txt` says what is run, in one process, by the console script that is installed beside this
Python: nothing here knows a module of the program. `replay.py` runs it, and `normal.py` knows what
differs from one run to the next.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.golden.as_tester import be_tester
from tests.golden.normal import Normal
from tests.golden.replay import Output, Replay

HERE = Path(__file__).parent
LARGE = 20_000  # characters: of larger outputs `outputs/` has the digest


def record(target: Path, *, whole: bool, mlflow: Path | None = None) -> None:
    """Run all lines in a new folder and write a page for each heading."""
    pages: dict[str, list[Output]] = {}
    start = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as scratch:
        folder = _prepare(Path(scratch).resolve())
        if mlflow is not None:
            for name in ("store", "demo"):
                (folder / name).mkdir()
                shutil.copy(mlflow, folder / name / "mlflow.db")
            (folder / "demo" / "sp500-close.toml").touch()  # so it is the demo's folder
        replay = Replay()
        try:
            page: list[Output] = []
            for line in (HERE / "commands.txt").read_text().splitlines():
                if line.startswith("== "):
                    page = pages[line.removeprefix("== ")] = []
                elif line and not line.startswith("#"):
                    page += replay.run(line)
            events = replay.events() + replay.events("demo")
        finally:
            replay.close()
            os.chdir(HERE)
    names = {replay.words[name]: f"<{name}>" for name in ("service", "receiver")}
    normal = Normal(names | {str(folder): "<folder>"}, events, start)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, outputs in pages.items():
        texts = [_text(output, normal, target / name if whole else None) for output in outputs]
        (target / f"{name}.txt").write_text("".join(texts).lstrip("\n"))


def _prepare(folder: Path) -> Path:
    """Go to a folder with examples and inputs, without settings of somebody's environment."""
    shutil.copytree(HERE.parent.parent / "examples", folder / "examples")
    shutil.copytree(HERE / "inputs", folder, dirs_exist_ok=True)
    shutil.copytree(next(HERE.parent.rglob("format1/store")), folder / "frozen")
    for name in list(os.environ):
        if name.startswith(("ESTIMATES_", "MLFLOW_")) or name == "COLUMNS":
            del os.environ[name]
    os.environ |= {"ESTIMATES_STORE": "store"}
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    be_tester()
    os.chdir(folder)
    return folder


def _text(output: Output, normal: Normal, whole: Path | None) -> str:
    """An output as it stands in a page; one that is too large is written to `whole`, if given."""
    title = normal(output.title)
    try:
        printed = output.body.decode()
    except UnicodeDecodeError:
        return f"{title}<{len(output.body)} bytes, SHA-256 {_digest(output.body)}>\n"
    text = normal(printed)
    if text != printed:  # these two follow from it
        title = re.sub(r"(?m)^(content-length|etag): .*", r"\1: <of the body>", title)
    if len(text) > LARGE:
        digest = _digest(text.encode())
        if whole is not None:
            whole.mkdir(exist_ok=True)
            (whole / f"{digest[:12]}.txt").write_text(text)
        text = f"<{len(text.splitlines())} lines, SHA-256 {digest}>\n"
    elif text.startswith(("{", "[")):
        text = re.sub(r"(?<=[\[,:]){", "\n{", text)  # so that they can be compared by lines
    return title + text + ("" if text.endswith("\n") or not text else "\n[no newline]\n")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


if __name__ == "__main__":
    words = argparse.ArgumentParser(description="Record what commands and routes answer.")
    words.add_argument("folder", nargs="?", type=Path, help="in place of outputs/; all is whole")
    words.add_argument("mlflow", nargs="?", type=Path, help="a file with the tables of MLflow")
    chosen = words.parse_args()
    paths = [None if path is None else path.absolute() for path in (chosen.folder, chosen.mlflow)]
    record(paths[0] or HERE / "outputs", whole=paths[0] is not None, mlflow=paths[1])
