"""What a fault is, and what became of it: each is a function that does one wrong thing as it would
really happen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
import polars as pl

from estimates.errors import InvalidError
from estimates.gate.verdict import STATUSES, Verdict
from proof.scenes import Scene

# blocked: the gate refuses promotion. rejected: publish stores nothing. refused: promote does
# nothing.
Answer = Literal["blocked", "rejected", "refused", "warned", "passed"]
CAUGHT: tuple[Answer, ...] = ("blocked", "rejected", "refused")


class Outcome(msgspec.Struct, frozen=True):
    """What became of a fault: the answer, and the checks or the error that gave it.

    warned, errors  the checks that warned beside, and those that could not be evaluated
    """

    answer: Answer
    by: tuple[str, ...]
    warned: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class Fault(msgspec.Struct, frozen=True):
    """One fault.

    name, what  the function's name in words, and its docstring
    scene       which example it is put into
    arrives     how: as a file, in the store, with actual values …
    apply       does it in a scene of its own and says what became of it
    reason      why it is let through, where it is
    """

    name: str
    what: str
    scene: str
    arrives: str
    apply: Callable[[Scene], Outcome]
    reason: str | None


Change = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame | str | bytes]
FAULTS: list[Fault] = []


def fault(
    scene: str, arrives: str, reason: str | None = None
) -> Callable[[Callable[[Scene], Outcome]], Callable[[Scene], Outcome]]:
    """Register a function that does something wrong in a scene and says what became of it."""

    def register(apply: Callable[[Scene], Outcome]) -> Callable[[Scene], Outcome]:
        name = apply.__name__.replace("_", " ")
        FAULTS.append(Fault(name, _sentence(apply), scene, arrives, apply, reason))
        return apply

    return register


def in_file(scene: str, reason: str | None = None) -> Callable[[Change], Change]:
    """Register a function that makes a faulty table, or the faulty bytes of a file, of today's and
    yesterday's.
    """

    def register(change: Change) -> Change:
        def apply(at: Scene) -> Outcome:
            return delivered(at, change(at.today, at.before))

        FAULTS.append(
            Fault(
                change.__name__.replace("_", " "), _sentence(change), scene, "file", apply, reason
            )
        )
        return change

    return register


def delivered(scene: Scene, content: pl.DataFrame | str | bytes, **changed: object) -> Outcome:
    """Publish a file as `estimates publish` does, and judge what is stored; or what `estimates gate
    --file` says.
    """
    try:
        frame, provenance = scene.read(content)
        provenance = msgspec.structs.replace(provenance, **changed)
    except InvalidError as error:
        return Outcome("rejected", (error.code,))
    try:
        version = scene.store.publish(scene.set, frame, provenance, released_at=scene.at)
    except InvalidError as error:
        verdict = scene.store.judge_frame(scene.set, frame, provenance, judged_at=scene.at)
        return Outcome("rejected", (error.code, *(check.name for check in verdict.failing())))
    return of_verdict(scene.store.judge(scene.set, version.version, judged_at=scene.at))


def of_verdict(verdict: Verdict) -> Outcome:
    """What a verdict says."""
    named = {
        status: tuple(check.name for check in verdict.checks if check.status == status)
        for status in STATUSES
    }
    if verdict.blocks:
        return Outcome("blocked", named["fail"], named["warn"], named["error"])
    return Outcome("warned" if named["warn"] else "passed", (), named["warn"])


def _sentence(function: Callable[..., object]) -> str:
    text = " ".join((function.__doc__ or "").split())
    assert text, f"{function.__name__} says nothing"
    return text
