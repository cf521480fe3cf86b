"""A real S3 server for tests: SeaweedFS, started from its wheel, on this machine only."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.ports import free_ports
from tests.waiting import until

KEY, SECRET = "writer", "writer-secret"
# The same server lets these read, and not write.
READER_KEY, READER_SECRET = "reader", "reader-secret"
# And these what docs/security.md says of a team, and of whoever only reads.
TEAM_KEY, TEAM_SECRET = "team-a", "team-a-secret"
VIEWER_KEY, VIEWER_SECRET = "viewer", "viewer-secret"
TEAM_BUCKET = "estimates-bucket"
_SECURITY = Path(__file__).parents[1] / "docs" / "security.md"


def _team_policy() -> dict[str, Any]:
    """The policy of a team, as the page has it."""
    [block] = re.findall(r"^```json\n(.*?)^```", _SECURITY.read_text(), re.MULTILINE | re.DOTALL)
    return json.loads(block)


_POLICY = _team_policy()
_IDENTITIES = {
    "policies": [
        {"name": TEAM_KEY, "content": json.dumps(_POLICY)},
        {
            "name": VIEWER_KEY,
            "content": json.dumps(_POLICY | {"Statement": _POLICY["Statement"][:2]}),
        },
    ],
    "identities": [
        {
            "name": TEAM_KEY,
            "credentials": [{"accessKey": TEAM_KEY, "secretKey": TEAM_SECRET}],
            "policyNames": [TEAM_KEY],
        },
        {
            "name": VIEWER_KEY,
            "credentials": [{"accessKey": VIEWER_KEY, "secretKey": VIEWER_SECRET}],
            "policyNames": [VIEWER_KEY],
        },
        {
            "name": "writer",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": READER_KEY, "secretKey": READER_SECRET}],
            "actions": ["Read", "List"],
        },
    ],
}


class S3Server:
    """A running server: `endpoint` is its URL, `bucket()` makes a bucket."""

    def __init__(
        self, start: Callable[[], subprocess.Popen[bytes]], endpoint: str, filer: str
    ) -> None:
        self._start = start
        self.process = start()
        self.endpoint = endpoint
        self._filer = filer

    def environment(self, key: str = KEY, secret: str = SECRET) -> dict[str, str]:
        """The variables with which a program finds the server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
        }

    def bucket(self, name: str | None = None) -> str:
        """The name of a new bucket."""
        name = name or f"b{uuid.uuid4().hex[:12]}"
        request = urllib.request.Request(f"{self._filer}/buckets/{name}/", method="POST")
        urllib.request.urlopen(request, timeout=60).close()
        return name

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Meanwhile the server takes connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Meanwhile the server is not there; then it is started again."""
        self.stop()
        try:
            yield
        finally:
            self.process = self._start()
            until(lambda: _is_ready(self) and self._keeps())

    def _keeps(self) -> bool:
        """Whether it finds its volumes, some seconds after it answers."""
        url = f"{self._filer}/kept"
        try:
            urllib.request.urlopen(urllib.request.Request(url, b"x", method="PUT"), timeout=20)
            with urllib.request.urlopen(url, timeout=20) as answer:
                return answer.read() == b"x"
        except OSError:
            return False

    def stop(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """A server that keeps what it stores in a folder, and ends with the block."""
    config = folder / "s3.json"
    config.write_text(json.dumps(_IDENTITIES))
    ports = iter(free_ports(7))
    s3, filer = next(ports), next(ports)
    # A bucket is a collection of its own, which takes volumes of its own, seven at once by default:
    # with too few a write to one more bucket answers 500.
    environment = os.environ | {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
    command = [
        *(Path(sys.executable).with_name("weed"), "-logtostderr", "-v=0", "server"),
        *(f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=10000"),
        *("-master.volumeSizeLimitMB=64", "-volume.minFreeSpace=0", "-s3.autoCreateBucket=false"),
        *("-s3", f"-s3.config={config}", f"-s3.port={s3}", f"-filer.port={filer}"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.localSocket={folder / 's3.sock'}"),
        *(f"-master.port={next(ports)}", f"-volume.port={next(ports)}"),
    ]
    with open(folder / "server.log", "wb") as log:
        start = partial(
            subprocess.Popen, command, stdout=log, stderr=log, cwd=folder, env=environment
        )
        server = S3Server(start, f"http://127.0.0.1:{s3}", f"http://127.0.0.1:{filer}")
        try:
            until(lambda: _is_ready(server))
            yield server
        finally:
            server.stop()


def _is_ready(server: S3Server) -> bool:
    assert server.process.poll() is None, "the S3 server ended"
    try:
        with urllib.request.urlopen(f"{server.endpoint}/healthz", timeout=10):
            pass
        server.bucket()
    except (OSError, urllib.error.URLError):
        return False
    return True
