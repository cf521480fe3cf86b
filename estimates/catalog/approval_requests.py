"""What waits, or waited, for approvals: derived from the events that ask, approve and decline."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from estimates import instants
from estimates.catalog.records import Event

Act = Literal["promote", "waive", "define"]
ASKED = "approval_requested"
APPROVED = "approved"
DECLINED = "approval_declined"
KINDS = (ASKED, APPROVED, DECLINED)
STANDS = timedelta(days=7)  # how long a request can be approved


class _Promotion(msgspec.Struct):
    alias: str
    policy: str
    waivers: str
    against: int | None


class _Waiver(msgspec.Struct):
    check: str
    keys: list[Any] | None
    until: datetime
    policy: str


class _Definition(msgspec.Struct):
    over: int
    body: str
    source: str


class _Details(msgspec.Struct):
    act: Act
    about: dict[str, Any]
    digest: str
    until: datetime
    loosens: list[str] = []


_ABOUT: dict[Act, type] = {"promote": _Promotion, "waive": _Waiver, "define": _Definition}


class ApprovalRequest(msgspec.Struct, frozen=True):
    """Something that somebody wants done, and what others said to it.

    event     that asked; its id is that of the request
    approved  the approvals, oldest first
    end       the event that declined it, or the last approval, which carried it out; None while it
              stands open
    """

    event: Event
    approved: list[Event]
    end: Event | None = None

    @property
    def id(self) -> int:
        """The id of its event."""
        return self.event.id

    @property
    def act(self) -> Act:
        """What shall be done: `promote`, `waive`, `define`."""
        return self.event.details["act"]

    @property
    def about(self) -> dict[str, Any]:
        """What an approval is bound to; the fields depend on the act."""
        return self.event.details["about"]

    @property
    def digest(self) -> str:
        """SHA-256 of `about`, which every approval names."""
        return self.event.details["digest"]

    @property
    def until(self) -> datetime:
        """From then on it can be approved no more; a repair of the clock may have moved it."""
        return min(instants.parse(self.event.details["until"]), self.event.at + STANDS)

    @property
    def last(self) -> int:
        """Id of the newest event about it."""
        return max(event.id for event in (self.event, *self.approved, *filter(None, [self.end])))


def shown_details(event: Event) -> dict[str, Any]:
    """The details of an event for everybody: of a contract that was asked for not its text, of a
    waiver how many keys it names, as its own event says it.
    """
    if event.kind != ASKED:
        return event.details
    if not _is_read(event):
        return {}
    about = {n: v for n, v in event.details["about"].items() if n not in ("body", "source")}
    if about.get("keys") is not None:
        about["keys"] = len(about["keys"])
    return event.details | {"about": about}


def _is_read(event: Event) -> bool:
    """Whether the details of a request are of a form that this program knows."""
    try:
        details = msgspec.convert(event.details, _Details)
        msgspec.convert(details.about, _ABOUT[details.act])
    except msgspec.ValidationError:
        return False
    return details.act != "define" or bool(details.loosens)


def requests_of(events: Iterable[Event]) -> list[ApprovalRequest]:
    """The requests of a set, oldest first, of its events in order. One that this program cannot
    read, as a later or another program could write it, counts for nothing, and so does what
    approves or declines none of them.
    """
    requests: dict[int, ApprovalRequest] = {}
    versions: set[int | None] = set()
    for event in events:
        if event.kind == "published":
            versions.add(event.version)
        elif event.kind == ASKED:
            if _is_read(event) and (event.details["act"] == "define" or event.version in versions):
                requests[event.id] = ApprovalRequest(event, [])
        elif event.kind in (APPROVED, DECLINED):
            request = requests.get(event.details.get("request", 0))
            if request is None:
                continue
            approved = [*request.approved, event] if event.kind == APPROVED else request.approved
            ends = event.kind == DECLINED or event.details.get("carried_out", False)
            requests[request.id] = ApprovalRequest(
                request.event, approved, event if ends else request.end
            )
    return list(requests.values())
