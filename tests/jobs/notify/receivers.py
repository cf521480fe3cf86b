"""What receivers answer, what they were sent, and what signatures they expect."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from tests.client.stub import Posted, Scripted, Stub

TAKEN = Scripted(204, b"", headers={})
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER_KEY = bytes(range(64, 128))
OTHER = "whsec_" + base64.b64encode(OTHER_KEY).decode()


def answer(status: int, after_s: float = 0.0, **headers: str) -> Scripted:
    """A receiver's answer; a header is written with `_` for `-`."""
    return Scripted(
        status,
        b"",
        headers={name.replace("_", "-"): text for name, text in headers.items()},
        after_s=after_s,
    )


def documents(receiver: Stub) -> list[dict[str, Any]]:
    """The documents that a receiver was sent."""
    return [json.loads(posted.body) for posted in receiver.posted]


def kinds(receiver: Stub) -> list[str]:
    """What a receiver was told of, in order."""
    return [str(document["type"]) for document in documents(receiver)]


def verified(posted: Posted, *keys: bytes) -> bool:
    """Whether a post is signed by these keys as Standard Webhooks say, written down once more from
    their text.
    """
    head = posted.headers
    content = b".".join(
        (head["webhook-id"].encode(), head["webhook-timestamp"].encode(), posted.body)
    )
    digests = [hmac.new(key, content, hashlib.sha256).digest() for key in keys or (KEY,)]
    expected = " ".join("v1," + base64.b64encode(digest).decode() for digest in digests)
    return (
        head["webhook-signature"] == expected
        and abs(int(head["webhook-timestamp"]) - time.time()) < 60
    )
