"""A process that forks several that use a store at once: `python -m tests.store.race_child` serves
test_race.py.

It imports everything once. For each line of its input, {"root", "catalog", "works", "times"}, it
forks a process for each work, lets all go at the same moment, and answers with a list of what each
tells.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg  # noqa: F401 - imported before the fork

from estimates.errors import EstimatesError
from estimates.store.store import Store
from estimates.store.sweep import sweep
from tests.builders import SET, frame, provenance

# Close to each other, so that each passes the gate against each.
LEVELS = [100 + 0.1 * i for i in range(7)]
Wait = Callable[[], None]


def code_of(act: Callable[[], Any]) -> str | None:
    """The code of the error that an action ends with, or None."""
    try:
        act()
    except EstimatesError as error:
        return error.code
    return None


def release(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Publish, judge and promote versions of one's own: (version, code of the promotion)."""
    wait()
    outcomes = []
    for i in range(times):
        made = store.publish(SET, frame(LEVELS[(who + i) % len(LEVELS)]), provenance(f"{who}-{i}"))
        store.judge(SET, made.version)
        outcomes.append(
            (made.version, code_of(lambda v=made.version: store.promote(SET, v, automatic=True)))
        )
    return outcomes


def approve(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Approve the only request, as somebody of one's own: code."""
    store.actor = f"approver-{who}"
    (request,) = store.view().set(SET).requests
    wait()
    return [code_of(lambda: store.approve(SET, request.id))]


def move(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Point production at one's own version, all from the same version 1: code."""
    version = store.resolve(SET, who + 2)
    seen = store.view().set(SET)
    wait()
    promote = store.catalog.promote
    return [code_of(lambda: promote(version, alias="production", seen=seen, actor=store.actor))]


def same_run(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Publish the same content with the same run_ids as everybody else: version."""
    wait()
    return [
        store.publish(SET, frame(LEVELS[i]), provenance(f"run-{i}")).version for i in range(times)
    ]


def recycle(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Publish content that was published before and give up most of the versions: version."""
    wait()
    made = []
    for i in range(times):
        version = store.publish(SET, frame(LEVELS[i % 2]), provenance(f"{who}-{i}"))
        made.append(version.version)
        if i % 3 != 2:
            store.catalog.expire(version, actor=store.actor, reason="test")
    return made


def sweeps(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Sweep again and again: how many snapshots each sweep deleted."""
    wait()
    return [len(sweep(store, grace=timedelta(0)).deleted) for _ in range(times)]


def waivers(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Except version 2 from the check that it fails and take that back, again and again: ids of the
    waivers.
    """
    wait()
    waiver_ids = []
    for _ in range(times):
        waiver = store.waive(SET, "hard_bounds", 2, reason="test", until="2100-01-01")
        waiver_ids.append(waiver.id)
        time.sleep(0.1)  # so that a promotion can come in between
        store.unwaive(SET, waiver.id, reason="test")
    return waiver_ids


def insist(store: Store, who: int, times: int, wait: Wait) -> list[Any]:
    """Promote version 2 to one alias after the other, whatever the answer: codes."""
    wait()
    return [
        code_of(lambda a=f"alias-{who}-{i}": store.promote(SET, 2, reason="test", alias=a))
        for i in range(times)
    ]


WORKS = {
    "waivers": waivers,
    "insist": insist,
    "release": release,
    "approve": approve,
    "move": move,
    "same_run": same_run,
    "recycle": recycle,
    "sweeps": sweeps,
}


def serve(command: dict[str, Any]) -> list[Any]:
    """Fork a process for each work, let them go when all are ready, collect what they tell."""
    gate_reading, gate_writing = os.pipe()
    children = [
        _fork(command, who, work, gate_reading, gate_writing)
        for who, work in enumerate(command["works"])
    ]
    os.close(gate_reading)
    for _, reading in children:
        assert os.read(reading, 1) == b"!"
    os.close(gate_writing)  # the end of the pipe is what everybody waits for
    answers = []
    for pid, reading in children:
        with os.fdopen(reading) as answer:
            text = answer.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        answers.append(json.loads(text) if code == 0 else f"exit code {code}")
    return answers


def _fork(
    command: dict[str, Any], who: int, work: str, gate_reading: int, gate_writing: int
) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(gate_writing)
        os.environ.update(command["environment"])
        store = Store(
            command["root"], catalog=command["catalog"], cache=command["cache"], actor=str(who)
        )

        def wait() -> None:
            os.write(writing, b"!")
            os.read(gate_reading, 1)

        outcomes = WORKS[work](store, who, command["times"], wait)
        with os.fdopen(writing, "w") as answer:
            json.dump(outcomes, answer)
        code = 0
    except BaseException as error:
        print(f"{work}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(serve(json.loads(line))), flush=True)
