"""Whatever a key, a reason, a description or an error has in it, no command hands a terminal an
order: control characters, marks that turn the direction and what draws nothing are shown.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from estimates.contract.contract_file import parse_contract
from estimates.render.wording import visible, visible_json, visible_lines
from estimates.store.issued_tokens import create_token
from estimates.store.store import Store
from estimates_jobs.cli.commands import SECTIONS
from estimates_jobs.cli.entry import run
from tests.builders import START, frame, make_store, provenance, source
from tests.jobs.cli.calls import call
from tests.teams import (
    FAR,
    JOB,
    KEY,
    OF_THE_STORE,
    READS,
    READS_THE_CLOCK,
    WHY,
    WRITES,
    Command,
)

# A title, a cleared screen by ESC and by the C1 that is short for it, a bell, a carriage return, a
# deleted letter; a right-to-left override and isolate; a blank without width; a forged line.
ORDERS = (
    "a\x1b]0;owned\x07\x1b[2J\x9b2J\r\x08\x7f\u202e\u2066\u200b\U000e0041z\n  99  promoted by anna"
)
SET = "orders"
FAILING = """
def fail(context):
    print("said", flush=True)
    raise ValueError(TEXT)
"""
# Commands that the table of teams leaves out, and refusals that repeat what was given.
MORE: dict[str, list[Command]] = {
    "draft": [["draft", "table.parquet", "--key", "ticker,target_date"], ["draft", ORDERS]],
    "site": [["site", ORDERS, "-o", ORDERS]],
    "repair": [["repair"], ["repair", "--from", ORDERS]],
    "restore": [["restore", ORDERS]],
    "recover": [["recover"]],
    "repair-clock": [["repair-clock", *WHY]],
    "approve": [["approve", SET, 1], ["approve", ORDERS, 1]],
    "decline": [["decline", SET, 1, "--reason", ORDERS]],
    "demo": [["demo", "--no-serve", "--store", f"http://{ORDERS}"]],
    "new": [["new", ORDERS, "--from", ORDERS, "--time", "day", "--value", "v"]],
    "hub": [["hub", "check", ORDERS]],
    "key": [["key", "show", "--key", ORDERS]],
    "notify": [["notify", f"http://127.0.0.1:1/{ORDERS}", "--after", 0]],
    "serve": [["serve", "--access", ORDERS]],
    "access": [["access", "show"], ["access", "set", ORDERS, *WHY]],
    "token": [["token", "list"]],
    "get": [["get", SET, ORDERS, "2024-06-30"], ["get", SET, ORDERS], ["get", ORDERS]],
    "promote": [["promote", SET, 3, "--reason", ORDERS, "--alias", ORDERS]],
    "runs": [["runs", "failing"], ["runs", "failing", "failed"], ["runs"], ["runs", SET, ORDERS]],
    "run": [["run", "failing", "--run-id", "failed"]],
    "gate": [["gate", "policy", SET], ["gate", SET, 3, "--format", "markdown"]],
    "diff": [
        ["diff", SET, 1, 2, "--changes"],
        ["diff", SET, 1, 2, "--group", "note"],
        ["diff", "table.parquet", "other.parquet", "--key", "ticker,target_date"],
        ["diff", SET, ORDERS, 2],
    ],
    "history": [["history", SET, ORDERS, "2024-06-03", "--format", "html"]],
    "sql": [["sql", f'SELECT note AS "{ORDERS}" FROM "{SET}" LIMIT 1'], ["sql", ORDERS]],
    "status": [["status", "--check"], ["status", "--store", ORDERS]],
}
# What is tried in both forms: all that reads, and refusals.
FORMS: tuple[tuple[str, ...], ...] = ((), ("--format", "json"))
READING = {*READS, *READS_THE_CLOCK, "approve", "decline", "draft", "restore", "key"} - {
    *("backup", "history", "diff")
}


class Hostile(NamedTuple):
    """A store in which everything that may be is full of orders; what words stand for."""

    store: Store
    words: dict[object, object]

    def command(self, command: Command) -> list[str]:
        """The arguments of a command of a table."""
        words = self.words | {KEY[0]: ORDERS, "test": ORDERS, "demo": "elsewhere"}
        return [
            str(words.get(p, p.replace("SET", SET) if isinstance(p, str) else p)) for p in command
        ]


def table(level: float, note: str = ORDERS) -> pl.DataFrame:
    """Estimates of which one key is full of orders, and each has a note that is."""
    return frame(level, note=note).with_columns(ticker=pl.col("ticker").replace("AAPL", ORDERS))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """Contract, keys, values, reasons, runs, waivers, tokens, a failed job: orders everywhere."""
    folder = tmp_path_factory.mktemp("orders")
    store = make_store(folder / "store")
    table(100.2).write_parquet(folder / "table.parquet")
    table(120.2, "other").write_parquet(folder / "other.parquet")
    table(100.1).drop("note").write_parquet(folder / "actuals.parquet")
    (folder / "failing_job.py").write_text(f"TEXT = {ORDERS!r}\n{FAILING}")
    text = _contract(SET, JOB)
    (folder / f"{SET}.toml").write_text(text.replace("z\\n", "y\\n"))
    job = '[job]\nfunction = "failing_job:fail"\n'
    for name, more in ((SET, JOB), ("old", ""), ("failing", job)):
        store.define(parse_contract(_contract(name, more)), _contract(name, more))
    for day, level in enumerate((100.0, 100.1)):
        store.publish(SET, table(level), provenance(f"run-{day}{ORDERS}", day))
        store.judge(SET, day + 1)
        store.promote(SET, day + 1, reason=ORDERS)
    store.publish(SET, table(900.0), provenance("candidate", 3))
    store.judge(SET, 3)
    store.hold(SET, 2, reason=ORDERS)
    store.retire("old", reason=ORDERS)
    begun = store.catalog.begin_run("candidate", SET, START)
    store.catalog.update_run(
        begun.run_id, step="track", status="published", version=3, finished=True
    )
    waived = store.waive(SET, "jumps", 2, reason=ORDERS, until=FAR)
    token = create_token(store, "reader", reason=ORDERS)
    words = {"V": 3, "OLD": "old", "WAIVER": waived.id, "TOKEN": token.token.id}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("ESTIMATES_STORE", str(folder / "store"))
        patch.setenv("ESTIMATES_ACTOR", ORDERS)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
        yield Hostile(store, words)
    store.catalog.engine.dispose()


def _contract(name: str, more: str) -> str:
    quoted = json.dumps(ORDERS).replace("\x7f", "\\u007f").replace("\\udb40\\udc41", "")
    about = f"[about]\ntags = [{quoted}]\ncontact = {quoted}\ndocs = {quoted}\n"
    text = source(name, more=f"{about}{more}").replace('"closing prices"', quoted)
    return f"owner = {quoted}\n{text}"


def commands(tables: list[dict[str, list[Command]]]) -> list[Command]:
    """All commands of some tables."""
    return [command for table in tables for each in table.values() for command in each]


def test_every_command_is_walked() -> None:
    """A new command has to be tried here, too."""
    walked = {*WRITES, *OF_THE_STORE, *READS, *READS_THE_CLOCK, *MORE}
    assert {name for section in SECTIONS.values() for name in section} == walked


def test_orders_are_shown(hostile: Hostile) -> None:
    """They are not left out: whoever looks sees that they are there, and no line is forged."""
    shown = call("log", SET).text
    assert "\\u{1b}[2J\\u{9b}2J\\u{d}\\u{8}\\u{7f}\\u{202e}\\u{2066}\\u{200b}" in shown
    assert not re.search("^  99  promoted", shown, re.MULTILINE)
    events = call("log", SET, "--format", "json").json["events"]
    reasons = [event.get("reason") for event in events]
    assert ORDERS in reasons


def test_a_table_for_a_program_is_exact(hostile: Hostile) -> None:
    """CSV in a pipe has what the store has."""
    rows = call("export", SET, "--ref", 1, "-o", "-").out
    assert ORDERS.encode() in rows
    assert ORDERS in pl.read_csv(rows)["ticker"].to_list()


@pytest.mark.parametrize(
    "command",
    [
        ["get", SET, ORDERS, "2024-06-03"],
        ["get", SET, ORDERS, "2024-06-03", "--format", "csv"],
        ["get", SET, ORDERS, "2024-06-03", "--format", "json"],
        ["get", SET, ORDERS, "2024-06-09"],
        ["log", SET],
        ["status", SET],
        ["explain", SET, ORDERS, "2024-06-03"],
        ["diff", SET, "1", "2", "--changes"],
        ["gate", SET, "3"],
        ["draft", "table.parquet", "--key", "ticker,target_date"],
    ],
    ids=lambda command: " ".join(map(visible, command)),
)
def test_a_terminal_gets_no_orders(hostile: Hostile, command: list[str]) -> None:
    """On a terminal there are colours and nothing else, CSV included."""
    printed = on_terminal(command)
    assert "owned" in printed
    plain = re.sub(r"\x1b\[[0-9;]*m", "", printed).replace("\r\n", "\n")
    assert visible_lines(plain) == plain


def on_terminal(arguments: list[str]) -> str:
    """What a command prints on a terminal."""
    master, slave = os.openpty()
    pieces: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(master, 65536):
                pieces.append(piece)
        except OSError:  # its other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    with open(slave, "w") as screen, redirect_stdout(screen), redirect_stderr(screen):
        run(arguments)
    reader.join()
    os.close(master)
    return b"".join(pieces).decode()


def test_json_keeps_its_value() -> None:
    """Escapes stand for the same characters, beyond the 16-bit ones too; others stay."""
    body = json.dumps([ORDERS, "日本", "e\u0301", "\U0001f600"], ensure_ascii=False).encode()
    shown = visible_json(body)
    assert json.loads(shown) == json.loads(body)
    assert b"\\udb40\\udc41" in shown
    assert "日本".encode() in shown
    assert visible_lines(shown.decode()) == shown.decode()


def test_one_place_prints() -> None:
    """No command prints past `terminal` and `notices`; only what starts it does, when it cannot."""
    jobs = Path(sys.modules["estimates_jobs"].__path__[0])
    printing = re.compile(r"\bclick\.(?:secho|echo)\(|(?<![\w.])print\(|sys\.std(?:out|err)\.write")
    places = {
        file.relative_to(jobs).as_posix()
        for file in jobs.rglob("*.py")
        if printing.search(file.read_text(encoding="utf-8"))
    }
    assert places == {"cli/output/terminal.py", "cli/output/notices.py", "cli/start.py"}


def test_no_command_hands_on_orders(hostile: Hostile) -> None:
    """Text, JSON and refusals, on both outputs: what is printed is what `visible` leaves; JSON is
    JSON, and has the characters as escapes.
    """
    reads = commands([READS, READS_THE_CLOCK])
    wrong: list[object] = []
    for command in [*reads, *commands([MORE, WRITES, OF_THE_STORE])]:
        arguments = hostile.command(command)
        for form in FORMS if command[0] in READING else FORMS[:1]:
            called = call(*arguments, *form)
            printed = (called.text, called.err)
            wrong += [(arguments, form, each) for each in printed if visible_lines(each) != each]
            if form:
                json.loads(called.text or called.err.splitlines()[-1])
    assert wrong == []
