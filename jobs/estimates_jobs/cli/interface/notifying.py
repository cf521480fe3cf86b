"""Telling a receiver what a command decides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from estimates_jobs.cli.interface.command import Options
from estimates_jobs.cli.output.notices import notice

if TYPE_CHECKING:
    from estimates.store.store import Store

_NAMED = 5  # events named in a warning


@contextmanager
def notifying(options: Options, store: Store) -> Iterator[list[str]]:
    """Tell the receiver, if there is one, what is decided inside; gives a list of warnings.

    Raises InvalidError (`bad_url`, `bad_secret`) before anything is done. From then on the receiver
    changes nothing: what it could not be told is one warning, on standard error too, when the work
    is done or failed.
    """
    settings = options.settings()
    url = settings.notify if options.notify is None else options.notify
    warnings: list[str] = []
    if url is None:
        yield warnings
        return
    # httpx is loaded by those who use it
    from estimates_jobs.notify.delivery import Outbox, Receiver

    outbox = Outbox(store, Receiver(url, settings.notify_secret))
    store.on_event = outbox.put
    try:
        yield warnings
    finally:
        undelivered = outbox.close()
        if undelivered:
            warnings.append(_warning(outbox.receiver.origin, undelivered))
            _print_warning(options, warnings[-1])


def _warning(origin: str, undelivered: dict[int, str]) -> str:
    ids = sorted(undelivered)
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    events = f"event{'s' if len(ids) > 1 else ''} {', '.join(map(str, ids[:_NAMED]))}{more}"
    return (
        f"not notified: {events} to {origin}: {undelivered[ids[0]]}; later: estimates notify URL "
        f"--after {ids[0] - 1}"
    )


def _print_warning(options: Options, message: str) -> None:
    as_json = msgspec.json.encode({"warning": {"code": "undelivered", "message": message}})
    notice(as_json if options.json else f"warning: {message}  [undelivered]")
