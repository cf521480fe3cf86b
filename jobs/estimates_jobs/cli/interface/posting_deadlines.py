"""Telling a receiver which deadlines were missed, and which will be unless a run starts soon."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from estimates.errors import UnavailableError
from estimates_jobs.cli.interface.command import Options

if TYPE_CHECKING:
    from estimates_jobs.cli.output.set_status import SetStatus


def post_deadlines(options: Options, statuses: Iterable[SetStatus]) -> None:
    """Post the missed deadlines and those at risk, where there is a receiver.

    Raises InvalidError (`bad_url`, `bad_secret`), UnavailableError (`undelivered`).
    """
    settings = options.settings()
    url = settings.notify if options.notify is None else options.notify
    if url is None:
        return
    # httpx is loaded by those who use it
    from estimates_jobs.notify.deadline_notification import deadline_notifications
    from estimates_jobs.notify.delivery import PATIENCE_S, Patience, Receiver, send

    receiver = Receiver(url, settings.notify_secret)
    for status in statuses:
        for message in deadline_notifications(status.set, status.deadline):
            reason = send(receiver, message, Patience().end(PATIENCE_S)).reason
            if reason is not None:
                raise UnavailableError(
                    "undelivered",
                    f"the deadline of {status.set} was not posted to {receiver.origin}: {reason}",
                    remedy="see to the receiver, and ask again",
                )
