"""The retry rule: a request is sent again after a 429 or a 503, and after a connection that was
refused or lost.

At most ATTEMPTS are made. The pause before the next one is what `Retry-After` asks for, and then a
time that doubles from FIRST_PAUSE_S to LONGEST_PAUSE_S; a random half of it keeps clients that
failed together from coming back together. No attempt begins later than `patience_s` after the
first. No other status is tried again, and neither is a service that took the connection and
stays silent.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from estimates.client.plans import Pause, Plan, Reply, Request, Unreached

ATTEMPTS = 6
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
_LATER = (429, 503)


def send_with_retries(request: Request, patience_s: float) -> Plan[tuple[Reply | Unreached, int]]:
    """What came of the last attempt, and how many there were; every request only reads, so that
    sending it again is harmless.
    """
    start = time.monotonic()
    attempt = 1
    while True:
        outcome: Reply | Unreached = yield request
        if attempt == ATTEMPTS or not _may_retry(outcome):
            return outcome, attempt
        pause_s = _pause_s(outcome, attempt)
        if time.monotonic() - start + pause_s > patience_s:
            return outcome, attempt
        yield Pause(pause_s)
        attempt += 1


def _may_retry(outcome: Reply | Unreached) -> bool:
    return outcome.status in _LATER if isinstance(outcome, Reply) else outcome.retry


def _pause_s(outcome: Reply | Unreached, attempt: int) -> float:
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (attempt - 1))
    required = retry_after_s(outcome.headers) if isinstance(outcome, Reply) else 0.0
    return required + longest * random.uniform(0.5, 1.0)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds, or the time until a date (RFC 9110, 10.2.3); 0 without one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
