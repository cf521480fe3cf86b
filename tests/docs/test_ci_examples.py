"""examples/ci/: the script judges for real, with a store and with a service; the CI files name only
what there is.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import polars as pl
import pytest
import yaml
from junitparser.xunit2 import JUnitXml

from estimates.gate.pages.github_annotations import render_github
from estimates.gate.pages.verdict_markdown import render_markdown
from estimates.gate.pages.verdict_text import render_text
from estimates.gate.verdict import parse_json
from estimates.store.store import Store
from estimates_jobs.cli.commands import cli
from estimates_jobs.cli.output.verdict_files import RENDERINGS
from tests import builders
from tests.api.served import serving
from tests.builders import SET, frame
from tests.jobs.cli.calls import call, ok

ROOT = Path(__file__).parents[2]
CI = ROOT / "examples" / "ci"
DOCUMENT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SCRIPT = CI / "gate-snapshot.sh"
HUB = "hub-pull-request.yml"  # of a hub, which runs no script
FIXED = ("--through", "2024-01-20", "--now", "2024-01-21T06:00:00Z")
REPORTS = ("gate.html", "gate.json", "gate.md", "gate.xml")


class Ran(NamedTuple):
    """What the script did: exit code, output, and the folder where it ran."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def reports(self) -> list[str]:
        """The names of the reports that it left."""
        return sorted(path.name for path in (self.folder / "gate-reports").iterdir())

    def report(self, name: str) -> bytes:
        """One report."""
        return (self.folder / "gate-reports" / name).read_bytes()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with two versions in production, one after the other."""
    store = builders.make_store(tmp_path_factory.mktemp("ci") / "store")
    builders.define(store)
    builders.promoted(store, "one", 100.0)
    builders.promoted(store, "two", 101.0, day=1)
    yield store
    store.catalog.engine.dispose()


@pytest.fixture(scope="module")
def url(store: Store) -> Iterator[str]:
    """A live service over it."""
    with serving(Path(store.root)) as url:
        yield url


def run(folder: Path, *arguments: object, shell: str = "sh", **environment: str) -> Ran:
    """Run the script in a folder, as a CI job would: with `estimates` on the PATH."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "ESTIMATES_"))
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    done = subprocess.run(
        [shell, SCRIPT, *map(str, arguments)],
        cwd=folder,
        env=kept | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr, folder)


def snapshot(folder: Path, level: float = 102.0) -> Path:
    """A new snapshot as a file; the gate refuses a level above 500."""
    file = folder / "new.parquet"
    frame(level).write_parquet(file)
    return file


@pytest.mark.parametrize(("level", "code", "shell"), [(102.0, 0, "sh"), (900.0, 1, "bash")])
def test_a_store_judges_a_snapshot(
    store: Store, tmp_path: Path, level: float, code: int, shell: str
) -> None:
    """The text on standard output, the reports in their folder, the gate's answer as exit code."""
    done = run(tmp_path, SET, snapshot(tmp_path, level), "--store", store.root, *FIXED, shell=shell)
    assert (done.code, done.err, done.reports) == (code, "", [*REPORTS])
    verdict = parse_json(done.report("gate.json"))
    assert (verdict.blocks, verdict.version) == (bool(code), None)
    assert done.out == render_text(verdict)
    assert done.report("gate.md").decode() == render_markdown(verdict)
    junit = JUnitXml.fromstring(done.report("gate.xml"))
    assert junit.failures == verdict.counts["fail"]
    assert bool(junit.failures) == bool(code)


@pytest.mark.parametrize("level", [102.0, 900.0])
def test_a_service_judges_the_same(store: Store, url: str, tmp_path: Path, level: float) -> None:
    """A runner that has only the URL, here from the environment, leaves the same bytes as one with
    the store.
    """
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    file = snapshot(tmp_path, level)
    local = run(here, SET, file, *FIXED, "--against", 1, ESTIMATES_STORE=str(store.root))
    remote = run(there, SET, file, *FIXED, "--against", 1, ESTIMATES_STORE=url)
    assert (remote.code, remote.out, remote.err) == (local.code, local.out, local.err)
    assert [remote.report(name) for name in REPORTS] == [local.report(name) for name in REPORTS]
    assert parse_json(remote.report("gate.json")).baseline.version == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("level", [102.0, 900.0])
def test_in_github_it_annotates_and_summarises(url: str, tmp_path: Path, level: float) -> None:
    """Annotations in place of the text; the Markdown is added to what other steps said."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    done = run(tmp_path, SET, snapshot(tmp_path, level), "--store", url, *FIXED, **github)
    verdict = parse_json(done.report("gate.json"))
    assert done.out == render_github(verdict)
    assert summary.read_text() == "before\n" + render_markdown(verdict)


def damaged(folder: Path) -> Store:
    """A store whose listed keys were damaged."""
    store = builders.make_store(folder / "damaged")
    text = builders.source(more='[domain]\nkind = "file"\nfile = "keys.csv"\n')
    store.define(builders.parse_contract(text), text, frame().select("ticker", "target_date"))
    (file,) = Path(store.root).rglob("domains/*.parquet")
    file.write_bytes(b"damaged")
    return store


@pytest.mark.parametrize(
    ("code", "message", "options"),
    [
        (2, "[no_file]", lambda folder: (SET, folder / "nowhere.parquet", "--store", "{store}")),
        (2, "[unknown_set]", lambda folder: ("nobody", snapshot(folder), "--store", "{store}")),
        (
            2,
            "[unknown_version]",
            lambda folder: (SET, snapshot(folder), "--store", "{store}", "--against", 9),
        ),
        (2, "[usage]", lambda folder: (SET, snapshot(folder), "--store", "{store}", "--nonsense")),
        (3, "[service]", lambda folder: (SET, snapshot(folder), "--store", "http://127.0.0.1:1")),
        (
            4,
            "[file_damaged]",
            lambda folder: (SET, snapshot(folder), "--store", damaged(folder).root),
        ),
    ],
)
def test_without_an_answer_there_is_no_report(
    store: Store, tmp_path: Path, code: int, message: str, options: Any
) -> None:
    """Wrong input, nobody there, damage: each has its exit code, and no report of an earlier run is
    left; what cannot be judged is a failure in JUnit, and why it cannot an annotation and a line
    of the summary.
    """
    (tmp_path / "gate-reports").mkdir()
    for name in REPORTS:
        (tmp_path / "gate-reports" / name).write_text("old")
    arguments = [str(option).replace("{store}", str(store.root)) for option in options(tmp_path)]
    summary = tmp_path / "summary.md"
    done = run(tmp_path, *arguments, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert done.code == code, done.err
    assert message in done.err
    assert f"not judged (exit code {code})" in done.err
    assert re.fullmatch(r"::error title=estimates gate::.*not judged.+\n", done.out)
    said = summary.read_text()
    assert said.startswith("### Not judged")
    assert f"\nExit code {code}: " in said
    if message == "[usage]":  # nothing that the gate itself could say
        assert done.reports == ["gate.md"]
        return
    assert done.reports == ["gate.md", "gate.xml"]
    assert message in done.out
    assert message[1:-1] in said.replace("\\", "")


def test_too_few_arguments_are_wrong_usage(tmp_path: Path) -> None:
    """SET and FILE have to be there."""
    done = run(tmp_path, SET)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("usage: gate-snapshot.sh SET FILE")


def documents() -> dict[str, Any]:
    """The CI files, parsed."""
    return {
        path.name: yaml.safe_load(path.read_text())
        for path in CI.iterdir()
        if path.suffix in (".yml", ".yaml") and path.name != HUB
    }


def commands() -> Iterator[tuple[str, str]]:
    """Every command that the CI files run, with the file's name."""
    files = documents()
    for step in files["github-workflow.yml"]["jobs"]["gate"]["steps"]:
        if "run" in step:
            yield "github-workflow.yml", step["run"]
    yield from (
        ("gitlab-ci.yml", line) for line in files["gitlab-ci.yml"]["gate-snapshot"]["script"]
    )
    (hook,) = files["pre-commit-config.yaml"]["repos"][0]["hooks"]
    yield (
        "pre-commit-config.yaml",
        shlex.join([hook["entry"], *hook["args"], "snapshots/churn.csv"]),
    )


def test_the_ci_files_run_the_script_with_what_it_takes() -> None:
    """Each file runs the script that is there and can be executed, with a set and a file."""
    # of a fork's request, an expression adds --no-functions
    plain = [(name, re.sub(r"\$\{\{.*?\}\}", "", line)) for name, line in commands()]
    calls = [(name, shlex.split(line)) for name, line in plain]
    runs = {name: words for name, words in calls if words[0].endswith(".sh")}
    assert set(runs) == set(documents())
    for words in runs.values():
        assert (ROOT / words[0]).samefile(SCRIPT)
        assert words[1:] == ["churn", "snapshots/churn.csv"]
    assert os.access(SCRIPT, os.X_OK)
    others = {tuple(words) for _, words in calls if not words[0].endswith(".sh")}
    assert others == {("pip", "install", "estimates-store[client,store] @ $ESTIMATES_WHEEL")}


def judging() -> click.Command:
    """The command behind `estimates gate SET …`."""
    context = click.Context(cli)
    group = cli.get_command(context, "gate")
    assert isinstance(group, click.Group)
    judge = group.get_command(context, "judge")
    assert judge is not None
    return judge


def test_the_script_uses_options_that_there_are() -> None:
    """`estimates gate` in the script has these options, and the forms that it writes."""
    text = SCRIPT.read_text().replace("\\\n", " ")
    (line,) = re.findall(r"^estimates (.*)$", text, re.MULTILINE)
    words = shlex.split(line)
    gate = judging()
    assert gate is not None
    known = {option for parameter in gate.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
    forms = [
        word.partition("=")[0] for before, word in itertools.pairwise(words) if before == "--write"
    ]
    assert sorted(forms) == ["html", "json", "junit", "markdown"]
    assert set(forms) | {"text", "github"} <= set(RENDERINGS)


def test_the_ci_files_collect_what_the_script_leaves() -> None:
    """Artifacts and reports are files that the script writes; they are kept when the gate
    blocks.
    """
    files = documents()
    upload = files["github-workflow.yml"]["jobs"]["gate"]["steps"][-1]
    assert (upload["if"], upload["with"]["path"]) == ("always()", "gate-reports/")
    job = files["gitlab-ci.yml"]["gate-snapshot"]
    kept = job["artifacts"]
    assert kept["when"] == "always"
    named = {*kept["paths"], kept["reports"]["junit"]}
    assert named == {f"gate-reports/{name}" for name in REPORTS}
    assert job["retry"]["exit_codes"] == 3
    assert files["github-workflow.yml"][True]["pull_request"]["paths"] == job["rules"][0]["changes"]
    (hook,) = files["pre-commit-config.yaml"]["repos"][0]["hooks"]
    assert re.search(hook["files"], job["rules"][0]["changes"][0])


def test_the_workflow_of_a_hub_is_safe_for_forks() -> None:
    """It runs on the request itself with the right to read, has no secret, takes no text of the
    request into its script, and the command has its options.
    """
    text = (CI / HUB).read_text()
    workflow = yaml.safe_load(text)
    assert set(workflow[True]) == {"pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    assert "secrets" not in text
    job = workflow["jobs"]["check"]
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    assert not [script for script in scripts if "${{" in script]
    group = cli.get_command(click.Context(cli), "hub")
    assert isinstance(group, click.Group)
    check = group.get_command(click.Context(group), "check")
    assert check is not None
    known = {option for parameter in check.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", scripts[-1])) <= known
    assert job["steps"][0]["with"]["fetch-depth"] == 0
    assert "estimates-store[hub] @" in scripts[0]


def test_the_document_explains_every_file_exit_code_and_option() -> None:
    """docs/ci.md links each file, and its tables have the exit codes of the script and options of
    the command.
    """
    page = (ROOT / "docs" / "ci.md").read_text()
    for path in CI.iterdir():
        assert f"(../examples/ci/{path.name})" in page
    assert re.findall(r"^\| (\d) \|", page, re.MULTILINE) == ["0", "1", "2", "3", "4"]
    gate = judging()
    assert gate is not None
    known = {option for parameter in gate.params for option in parameter.opts}
    named = {
        option
        for row in re.findall(r"^\| `(--.*?)` \|", page, re.MULTILINE)
        for option in [row.split()[0]]
    }
    assert named
    assert named <= known


def test_no_address_stands_in_the_ci_files() -> None:
    """Whose service and which registry: that is said where they run."""
    for path in CI.iterdir():
        assert not re.search(r"https?://|index-url", path.read_text()), path.name


def test_the_document_shows_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment in per cent and thirty rows lost: the lines of the text, of the table in Markdown
    and of JUnit.
    """
    monkeypatch.setenv("ESTIMATES_STORE", str(tmp_path / "store"))
    examples = ROOT / "examples"
    contract = tmp_path / "churn.toml"
    contract.write_text(ok("draft", examples / "churn.csv", "--key", "customer_id").text)
    ok("init")
    ok("define", contract)
    ok("publish", "churn", examples / "churn.csv")
    ok("promote", "churn", 1, "--reason", "first")
    rows = pl.read_csv(examples / "churn-next-week.csv", infer_schema=False).slice(30)
    scores = [name for name in rows.columns if name.startswith("churn")]
    in_percent = (pl.col(scores).cast(pl.Float64) * 100).round(2).cast(pl.String)
    is_public = pl.col("segment") == "public"
    rows = rows.with_columns(pl.when(is_public).then(in_percent).otherwise(pl.col(scores)))
    rows.write_csv(tmp_path / "wrong.csv")
    files = {form: tmp_path / f"gate.{form}" for form in ("markdown", "junit")}
    more = [word for form, file in files.items() for word in ("--write", f"{form}={file}")]
    words = ("gate", "churn", "--file", tmp_path / "wrong.csv", "--through", "2026-11-24")
    printed = call(*words, *more).text + "".join(file.read_text() for file in files.values())
    printed += call(*words, "--format", "github").text
    printed = printed.replace("\u00a0", " ")  # which keeps a number and its unit in a line
    section = DOCUMENT.partition("Here the scores of one segment")[2].partition("## Who is")[0]
    blocks = re.findall(r"^```\w+\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    table = [line.removeprefix("> ") for line in section.splitlines() if line.startswith("> ")]
    shown = [*table, *(line for block in blocks for line in block.splitlines())]
    lines = [line.strip().removesuffix("…") for line in shown if not line.startswith("$ ")]
    missing = [line for line in lines if line not in printed and line != "1"]
    assert not missing, "\n".join(missing)
