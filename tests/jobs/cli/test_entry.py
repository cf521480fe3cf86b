"""The command line as a whole: help, exit codes, errors, the shared options."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from estimates.errors import (
    ConflictError,
    CorruptError,
    GateError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from estimates.store.store import Store
from estimates_jobs.cli.interface.failures import failure_of
from tests import builders
from tests.builders import SET, parquet_of
from tests.jobs.cli.calls import call, call_process
from tests.ports import free_port

HEAVY = (
    "polars",
    "duckdb",
    "sqlalchemy",
    "mlflow",
    "statsforecast",
    "litestar",
    "granian",
    "alembic",
    "rich",
)


@pytest.fixture
def store(local_store: Store) -> Store:
    """A store with one promoted version."""
    builders.define(local_store)
    builders.promoted(local_store, "r1")
    return local_store


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    """`estimates --help` loads no data library and answers in well under a third of a second of
    processor time; on a slow or busy machine in less than five times what Click takes there.
    """
    program = f"""
import sys, time
start = time.process_time()
import click
print(time.process_time() - start)
from estimates_jobs.cli.entry import run
code = run(["--help"])
print(time.process_time() - start)
print([name for name in {HEAVY} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    of_click, *_, seconds, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    assert float(seconds) < max(0.3, 5 * float(of_click))
    assert "Set up:" in done.stdout


def test_without_a_command_the_help_is_shown_and_the_usage_is_wrong() -> None:
    """A bare `estimates` prints the help on standard error, as --help lays it out, and exits 2."""
    called = call()
    assert called.code == 2
    assert called.err == call("--help").text
    assert "Commands" not in called.out.decode()
    assert "Usage: estimates" in called.err


def test_a_misspelt_command_names_the_near_one() -> None:
    """`estimates promot` asks whether promote was meant."""
    called = call("promot")
    assert called.code == 2
    assert "did you mean promote" in called.err


@pytest.mark.parametrize("place", ["before", "after"])
def test_shared_options_work_before_and_after_the_command(store: Store, place: str) -> None:
    """`--store` and `--format` may stand on either side of the command's name."""
    shared = ["--store", store.root, "--format", "json"]
    command = ["versions", SET]
    called = call(*shared, *command) if place == "before" else call(*command, *shared)
    assert called.code == 0
    assert [version["version"] for version in called.json["versions"]] == [1]


def test_the_environment_names_the_store(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """ESTIMATES_STORE is used where --store is not given, and loses to it."""
    monkeypatch.setenv("ESTIMATES_STORE", store.root)
    assert call("versions", SET).code == 0
    assert call("versions", SET, "--store", "/nowhere/at/all").code == 2


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (GateError("blocked", "no"), 1),
        (ConflictError("moved", "no"), 1),
        (InvalidError("columns", "wrong"), 2),
        (NotFoundError("unknown_set", "none"), 2),
        (UnavailableError("catalog", "away"), 3),
        (RefusedError("storage_refused", "no"), 2),
        (CorruptError("file_damaged", "bad"), 4),
        (ModuleNotFoundError("No module named 'granian'", name="granian"), 2),
        (ModuleNotFoundError("No module named 'my_job'", name="my_job"), 4),
        (RuntimeError("surprise\nin two lines"), 4),
    ],
)
def test_every_kind_of_error_has_its_exit_code_and_one_line(
    error: Exception, expected: int
) -> None:
    """The exit code says what to do next, and the message is one line."""
    failure = failure_of(error)
    assert failure.exit == expected
    assert "\n" not in failure.text()
    assert json.loads(failure.json())["error"]["code"] == failure.code


def test_a_wrong_option_is_bad_usage_in_both_formats() -> None:
    """An unknown option exits 2 and names the help, as text and as JSON."""
    assert "estimates get --help" in call("get", "--nope", "x").err
    called = call("get", "--nope", "x", "--format", "json")
    assert called.code == 2
    assert called.error["code"] == "usage"
    assert call("get", "--nope", "x", "--format=json").error["exit"] == 2


def test_an_unexpected_exception_is_one_line_and_a_trace_with_debug(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code 4 and one line; the trace only with --debug."""
    monkeypatch.setattr(Store, "runs", lambda *_: 1 / 0)
    called = call("runs", SET, "--store", store.root)
    assert called.code == 4
    assert called.err.count("\n") == 1
    assert "ZeroDivisionError" in called.err
    assert "Traceback" in call("runs", SET, "--store", store.root, "--debug").err


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["get", "nope", "AAPL", "2024-06-03"], 2, "unknown_set"),
        (["get", SET, "AAPL", "2024-06-03", "--ref", "9"], 2, "unknown_version"),
        (["get", SET, "AAPL", "2024-06-03", "--ref", "staging"], 2, "unknown_alias"),
        (["get", SET, "AAPL", "2024-06-03", "more"], 2, "key_parts"),
        (["get", SET, "AAPL", "June"], 2, "bad_key_part"),
        (["get", SET, "ZZZ", "2024-06-03"], 2, "outside_domain"),
        (["get", SET, "AAPL", "2024-06-03", "--fields", "nope"], 2, "unknown_field"),
        (["get", SET, "AAPL", "2024-06-03", "--as-of", "2026-11-24"], 2, "bad_time"),
        (
            ["get", SET, "AAPL", "2024-06-03", "--as-of", "2999-01-01T00:00:00Z"],
            2,
            "as_of_in_future",
        ),
        (["get", SET, "AAPL", "2024-06-03", "--as-of", "2020-01-01T00:00:00Z"], 2, "before_first"),
        (
            ["get", SET, "AAPL", "2024-06-03", "--as-of", "2026-01-01T00:00:00Z", "--ref", "1"],
            2,
            "as_of_with_number",
        ),
        (["get", SET, "--limit", "0"], 2, "bad_limit"),
        (["get", SET, "--cursor", "x"], 2, "bad_cursor"),
        (["get", SET, "--keys", "nope.csv"], 2, "no_file"),
        (["get", SET, "AAPL", "--keys", "nope.csv"], 2, "usage"),
        (["history", SET, "AAPL"], 2, "key_parts"),
        (["diff", SET, "1", "9"], 2, "unknown_version"),
        (["gate", SET, "9"], 2, "unknown_version"),
        (["gate", SET], 2, "usage"),
        (["gate", SET, "1", "--through", "2024-01-01"], 2, "usage"),
        (["gate", SET, "1", "--now", "2024-01-01"], 2, "bad_time"),
        (["promote", SET, "1", "--reason", "again"], 1, "already"),
        (["promote", SET, "1", "--reason", " "], 2, "reason_needed"),
        (["promote", SET, "1"], 2, "usage"),
        (["promote", SET, "1", "--reason", "x", "--alias", "latest"], 2, "bad_alias"),
        (["rollback", SET, "--reason", "x"], 2, "nothing_before"),
        (["rollback", SET, "--reason", "x", "--to", "7"], 1, "never_held"),
        (["define", "nope.toml"], 2, "no_file"),
        (["versions", "nope"], 2, "unknown_set"),
        (["runs", "nope"], 2, "unknown_set"),
        (["log", "nope"], 2, "unknown_set"),
        (["status", "nope"], 2, "unknown_set"),
        (["publish", SET, "nope.csv"], 2, "no_file"),
        (["run", "nope"], 2, "unknown_set"),
        (["track", "nope"], 2, "unknown_set"),
        (["draft", "nope.csv", "--key", "a"], 2, "no_file"),
        (["serve", "--port", "0"], 2, "usage"),
    ],
)
def test_bad_input_has_a_code_and_stores_nothing(
    store: Store, arguments: list[str], code: int, error: str
) -> None:
    """Each mistake answers with its exit code and its stable code, and leaves no event behind."""
    before = store.refresh().last_event
    called = call(*arguments, "--store", store.root, "--format", "json")
    assert (called.code, called.error["code"]) == (code, error)
    assert called.out == b""
    assert store.refresh().last_event == before


@pytest.mark.parametrize(
    "command", [["status"], ["versions", SET], ["verify"], ["migrate"], ["sweep"], ["serve"]]
)
def test_where_no_store_is_the_way_to_make_one_is_named(tmp_path: Path, command: list[str]) -> None:
    """A folder without a store exits 2 and says `estimates init`; nothing is made there."""
    port = ("--port", free_port()) if command == ["serve"] else ()  # 8000 may be somebody's
    called = call(*command, *port, "--store", tmp_path / "none")
    assert called.code == 2
    assert "estimates init" in called.err
    assert command == ["migrate"] or "ESTIMATES_STORE" in called.err
    assert not (tmp_path / "none").exists()


def test_a_catalog_that_cannot_be_reached_is_3(tmp_path: Path) -> None:
    """An unreachable PostgreSQL exits 3: try again."""
    url = "postgresql://nobody@127.0.0.1:1/none"
    called = call_process("status", "--store", tmp_path, "--format", "json", ESTIMATES_CATALOG=url)
    assert (called.code, called.error["code"]) == (3, "catalog")


def test_a_catalog_of_another_schema_is_refused_with_one_sentence(store: Store) -> None:
    """A schema revision of a newer program exits 2 and says so."""
    with (
        store.catalog.engine.connect().execution_options(write=True) as connection,
        connection.begin(),
    ):
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    called = call("status", "--store", store.root)
    assert called.code == 2
    assert called.err.count("\n") == 1
    assert "use a newer version of the program" in called.err


def test_a_damaged_snapshot_is_4_and_verify_names_it(store: Store) -> None:
    """An altered Parquet file exits 4 on reading anew and on `verify`, which names set, version and
    file.
    """
    version = store.resolve(SET)
    path = Path(store.root) / parquet_of(store, version)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for read_file in store.lookups.paths(version):
        read_file.unlink()
    assert call("get", SET, "AAPL", "2024-06-03", "--store", store.root).code == 4
    verified = call("verify", "--store", store.root, "--format", "json")
    assert verified.code == 4
    assert [(fault["set"], fault["version"]) for fault in verified.json["faults"]] == [(SET, 1)]
    shown = call("verify", "--store", store.root)
    assert str(path.name) in shown.text


def test_a_closed_pipe_ends_quietly(store: Store) -> None:
    """`estimates log | head -0` prints no trace."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-m", "estimates_jobs.cli", "log", "--store", store.root]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert "Traceback" not in errors


def test_a_real_process_exits_with_the_code(store: Store) -> None:
    """The code of `main` is the exit status of the process; output is UTF-8 without colours."""
    called = call_process("get", SET, "ÆØÅ", "2024-06-03", "--store", store.root)
    assert called.code == 0
    assert "ÆØÅ" in called.text
    assert "\x1b[" not in called.text
    assert call_process("promote", SET, "1", "--reason", "again", "--store", store.root).code == 1


def test_pages_in_a_pipe_are_not_cut(local_store: Store) -> None:
    """A value of a thousand characters is printed whole, on one line."""
    builders.define(local_store)
    long = "x" * 1000
    version = local_store.publish(SET, builders.frame(note=long), builders.provenance("r1"))
    local_store.judge(SET, version.version)
    called = call("get", SET, "AAPL", "--ref", "1", "--store", local_store.root)
    assert called.code == 0
    assert any(long in line and "AAPL" in line for line in called.text.splitlines())


def test_every_command_answers_help_quickly() -> None:
    """`--help` of every command works and ends with examples."""
    from estimates_jobs.cli.commands import SECTIONS

    start = time.process_time()
    for commands in SECTIONS.values():
        for name in commands:
            called = call(name, "--help")
            assert called.code == 0, name
            assert "Examples:" in called.text, name
            assert f"estimates {name}" in called.text.split("Examples:")[1], name
    assert time.process_time() - start < 30
