"""The receiver that docs/notifications.md shows, run as it stands there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from estimates.store.store import Store
from tests.builders import SET
from tests.client.stub import stub
from tests.jobs.cli.calls import call
from tests.jobs.notify.receivers import KEY, OTHER, SECRET, TAKEN
from tests.ports import free_port
from tests.waiting import until

DOCUMENT = Path(__file__).parents[3] / "docs" / "notifications.md"


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def documented_receiver(folder: Path) -> Iterator[tuple[str, Path]]:
    """The receiver that docs/notifications.md shows, on a free port; its URL and the file of its
    output.
    """
    (code,) = re.findall(
        r"```python\n(# receiver\.py\n.*?)```", DOCUMENT.read_text(), flags=re.DOTALL
    )
    port = free_port()
    assert "8080" in code
    (folder / "receiver.py").write_text(code.replace("8080", str(port)))
    output = folder / "output"
    with output.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "receiver.py"],
            cwd=folder,
            stdout=out,
            stderr=out,
            env=os.environ.copy(),
        )
        try:
            until(lambda: _listens(port))
            yield f"http://127.0.0.1:{port}", output
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("order", [(SECRET, OTHER), (OTHER, SECRET)])
def test_the_documented_receiver_outlives_a_change_of_secret(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: tuple[str, str]
) -> None:
    """It knows one of two secrets and takes what is signed by both, in any order, and nothing by
    the other alone.
    """
    with documented_receiver(tmp_path) as (url, _):
        monkeypatch.setenv("ESTIMATES_NOTIFY_SECRET", " ".join(order))
        assert call("gate", SET, 2, "--notify", url).err == ""
        monkeypatch.setenv("ESTIMATES_NOTIFY_SECRET", OTHER)
        assert "status 401" in call("gate", SET, 2, "--notify", url).err


def test_the_documented_receiver_takes_what_is_signed_and_nothing_else(
    store: Store, tmp_path: Path
) -> None:
    """It shows what it was told; another body, another id, an old time or no signature at all are
    refused.
    """
    with documented_receiver(tmp_path) as (url, output):
        done = call("promote", SET, 2, "--reason", "checked", "--notify", url)
        assert (done.code, done.err) == (0, "")
        with stub(TAKEN) as recorder:
            call("notify", recorder.url, "--after", store.view().last_event - 1)
        posted = recorder.posted[0]
        head = {name: text for name, text in posted.headers.items() if name.startswith("webhook-")}
        old = str(int(time.time()) - 3600)
        signed = b".".join((head["webhook-id"].encode(), old.encode(), posted.body))
        signature = (
            "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        )
        forgeries = (
            (head, posted.body.replace(b"checked", b"chucked")),
            (head | {"webhook-id": "1-1"}, posted.body),
            (head | {"webhook-timestamp": old, "webhook-signature": signature}, posted.body),
            ({}, posted.body),
        )
        assert httpx.post(url, headers=head, content=posted.body).status_code == 204
        assert [httpx.post(url, headers=h, content=body).status_code for h, body in forgeries] == [
            401
        ] * 4
    shown = output.read_text()
    assert f"estimates.judged {SET}/2" in shown
    assert f"estimates.promoted {SET}/2" in shown
    assert "chucked" not in shown
