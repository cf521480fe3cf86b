"""Requests that lock a bucket of a real S3 server, signed here: no library of the project sends
them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.request
from datetime import UTC, datetime

from tests.s3_server import KEY, SECRET, S3Server

_REGION = "us-east-1"
_RETENTION = """<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>\
<DefaultRetention><Mode>COMPLIANCE</Mode><Days>1</Days></DefaultRetention>\
</Rule></ObjectLockConfiguration>"""


def locked_bucket(s3: S3Server, name: str) -> str:
    """A new bucket whose objects are locked for a day."""
    _put(s3, f"/{name}", headers={"x-amz-bucket-object-lock-enabled": "true"})
    digest = base64.b64encode(hashlib.md5(_RETENTION.encode()).digest()).decode()
    _put(s3, f"/{name}", "object-lock=", _RETENTION.encode(), {"content-md5": digest})
    return name


def let_all_write(s3: S3Server, bucket: str) -> None:
    """Whoever may only read the server may write this bucket from now on, and delete nothing."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:PutObject", "s3:GetObject"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    _put(s3, f"/{bucket}", "policy=", policy.encode())


def _put(
    s3: S3Server,
    path: str,
    query: str = "",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> None:
    """A PUT with a signature of AWS, version 4."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    signed = {
        "host": s3.endpoint.split("://")[1],
        "x-amz-date": now,
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
    } | (headers or {})
    names = ";".join(sorted(signed))
    lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
    request = "\n".join(["PUT", path, query, *lines, "", names, signed["x-amz-content-sha256"]])
    scope = f"{now[:8]}/{_REGION}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), "\n".join(["AWS4-HMAC-SHA256", now, scope, digest])):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signed["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
    )
    url = s3.endpoint + path + (f"?{query}" if query else "")
    sent = urllib.request.Request(url, data=body or None, headers=signed, method="PUT")
    with urllib.request.urlopen(sent, timeout=10):
        pass
