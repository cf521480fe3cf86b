"""What a receiver is told of a deadline: CloudEvents like those of events, and not of the log.

The id is made of set and deadline, so a receiver that was told before knows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

import msgspec

from estimates import instants
from estimates.catalog.punctuality import NextDeadline
from estimates_jobs.notify.notification import Notification


def deadline_notifications(name: str, deadline: NextDeadline | None) -> Iterator[Notification]:
    """The documents about the deadlines of a set that were missed or may be."""
    if deadline is None:
        return
    if deadline.missed is not None:
        yield _document(name, "deadline_missed", deadline.missed, deadline)
    if deadline.at_risk and deadline.due is not None:
        yield _document(name, "deadline_at_risk", deadline.due, deadline)


def _document(name: str, kind: str, at: datetime, deadline: NextDeadline) -> Notification:
    identity = f"{kind}-{name}-{instants.micros(at)}"
    body = {
        "specversion": "1.0",
        "id": identity,
        "source": f"/v1/sets/{quote(name, safe='')}",
        "type": f"estimates.{kind}",
        "subject": name,
        "time": at,
        "datacontenttype": "application/json",
        "data": {"set": name, "deadline": at, "start_by": deadline.start_by},
    }
    return Notification(identity, msgspec.json.encode(body))
