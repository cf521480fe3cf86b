"""A notification: an event of the log as a CloudEvents 1.0 document, signed as Standard Webhooks
are.

The document depends only on the catalog: the same bytes however often it is sent (docs/spec.md,
section 9).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from estimates import instants
from estimates.catalog.approval_requests import ASKED, shown_details
from estimates.catalog.records import Event, Judged
from estimates.errors import InvalidError
from estimates.gate.verdict import parse_json
from estimates.store.store import Store

KINDS = (
    "judged",
    "promoted",
    "rolled_back",
    "regraded",
    "waived",
    "unwaived",
    "alias_removed",
    "retired",
    "unretired",
    "approval_requested",
    "approval_declined",
)
CONTENT_TYPE = "application/cloudevents+json"
_PREFIX = "whsec_"
_KEY_BYTES = (24, 64)


class Notification(msgspec.Struct, frozen=True):
    """A document to post. `id` differs between any two events, also of two stores; the same event
    keeps it.
    """

    id: str
    body: bytes


def notification(store: Store, event: Event) -> Notification:
    """The document of an event of one of `KINDS`; raises UnavailableError (`catalog`)."""
    # Two stores with the same receiver, and a catalog that came back from a backup, count the same
    # ids again.
    identity = f"{event.id}-{instants.micros(event.at)}"
    document = {
        "specversion": "1.0",
        "id": identity,
        "source": f"/v1/sets/{quote(event.set, safe='')}",
        "type": f"estimates.{event.kind}",
        "subject": event.set if event.version is None else f"{event.set}/{event.version}",
        "time": event.at,
        "datacontenttype": "application/json",
        "data": _data(store, event),
    }
    return Notification(identity, msgspec.json.encode(document))


def signing_keys(secrets: str) -> tuple[bytes, ...]:
    """The keys in secrets separated by white space, each `whsec_` and 24 to 64 bytes in base64.

    Raises InvalidError (`bad_secret`), also for no secret.
    """
    return tuple(map(_key, secrets.split() or [""]))


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _KEY_BYTES[0] <= len(key) <= _KEY_BYTES[1]:
        raise InvalidError(
            "bad_secret",
            "ESTIMATES_NOTIFY_SECRET is not whsec_ and the base64 of 24 to 64 bytes, nor several "
            "of those with blanks between",
            remedy="make one with echo whsec_$(openssl rand -base64 32)",
        )
    return key


def headers(message: Notification, keys: Sequence[bytes], timestamp: int) -> dict[str, str]:
    """The headers of an attempt made at `timestamp`, in seconds since 1970: a signature by each
    key, none without.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    fields = {
        "content-type": CONTENT_TYPE,
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
    }
    if keys:
        signed = b"%s.%d.%s" % (message.id.encode(), timestamp, message.body)
        digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
        fields["webhook-signature"] = " ".join(
            f"v1,{base64.b64encode(digest).decode()}" for digest in digests
        )
    return fields


def _data(store: Store, event: Event) -> dict[str, Any]:
    """The event as `/v1/events` has it; of a verdict also which checks block, and why."""
    data: dict[str, Any] = msgspec.to_builtins(event)
    if event.kind == ASKED:
        data["details"] = shown_details(event)
    if event.kind == "judged":
        judged = store.catalog.record_of(event)
        assert isinstance(judged, Judged)
        failing = parse_json(judged.text.encode()).failing()
        fields = ("name", "status", "value", "block", "message")
        data["failing"] = [{name: getattr(check, name) for name in fields} for check in failing]
    return data
