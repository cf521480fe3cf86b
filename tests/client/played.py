"""Plans carried out without a network: replies from a list, pauses that nobody waits for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from estimates.client.plans import Computation, Pause, Plan, Reply, Request, Unreached

HEAD = {
    "content-type": "application/json",
    "estimates-version": "3",
    "estimates-shape": "2",
    "estimates-published-at": "2026-01-02T00:00:00Z",
    "estimates-data-through": "2026-01-01T00:00:00Z",
    "estimates-as-of": "2026-01-03T00:00:00Z",
}


def reply(body: bytes = b"{}", status: int = 200, **headers: str) -> Reply:
    """A reply of the service; `_` in names of headers stands for `-`."""
    return Reply(status, HEAD | {n.replace("_", "-"): v for n, v in headers.items()}, body)


def play(
    plan: Plan[Any], replies: Sequence[Reply | Unreached]
) -> tuple[Any, list[Request], list[float]]:
    """What a plan gives, its requests, and the pauses that it made in seconds."""
    requests: list[Request] = []
    pauses: list[float] = []
    left = iter(replies)
    answer: Any = None
    try:
        while True:
            step = plan.send(answer)
            answer = None
            if isinstance(step, Pause):
                pauses.append(step.seconds)
            elif isinstance(step, Computation):
                answer = step.function()
            else:
                requests.append(step)
                answer = next(left)
    except StopIteration as end:
        assert next(left, None) is None, "a reply was not asked for"
        return end.value, requests, pauses
