"""A second S3 server for tests: Ceph's radosgw on a cluster of one monitor and one OSD that keeps
everything in memory; from the packages radosgw, ceph-mon and ceph-osd of Debian.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.store import S3Store

from tests.ports import free_ports
from tests.s3_server import KEY, SECRET, S3Server
from tests.waiting import until

PROGRAMS = (
    "ceph",
    "ceph-authtool",
    "ceph-mon",
    "ceph-osd",
    "monmaptool",
    "radosgw-admin",
    "radosgw",
)
_CONFIGURATION = """\
[global]
fsid = {cluster}
mon host = {monitor}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 2
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon max pg per osd = 1000
run dir = {folder}
admin socket = {folder}/$name.sock
log file = {folder}/$name.log
mon data = {folder}/mon
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 4294967296
public addr = 127.0.0.1
cluster addr = 127.0.0.1
rgw data = {folder}/rgw
"""


def is_installed() -> bool:
    """Whether this machine has Ceph's programs."""
    return all(shutil.which(program) for program in PROGRAMS)


@contextmanager
def ceph_server(folder: Path) -> Iterator[S3Server]:
    """A server that ends with the block; its log files are in the folder."""
    first, second, port = free_ports(3)
    monitor = f"[v2:127.0.0.1:{first}/0,v1:127.0.0.1:{second}/0]"
    cluster, disk = str(uuid.uuid4()), str(uuid.uuid4())
    (folder / "ceph.conf").write_text(
        _CONFIGURATION.format(cluster=cluster, monitor=monitor, folder=folder)
    )
    for place in ("mon", "osd", "rgw"):
        (folder / place).mkdir()
    ceph = _Ceph(folder)
    keyring = str(folder / "keyring")
    everything = ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
    ceph.run("ceph-authtool", keyring, "--create-keyring", "--gen-key", "-n", "mon.", *everything)
    for name in ("client.admin", "osd.0"):
        ceph.run("ceph-authtool", keyring, "--gen-key", "-n", name, *everything)
    ceph.run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", monitor, folder / "monmap")
    ceph.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", folder / "monmap")
    with ExitStack() as running:
        running.enter_context(ceph.running("ceph-mon", "-i", "a", "-f"))
        ceph.run("ceph", "osd", "new", disk)
        ceph.run("ceph", "auth", "import", "-i", keyring)
        ceph.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        running.enter_context(ceph.running("ceph-osd", "-i", "0", "-f"))
        user = ("--uid", KEY, "--display-name", KEY, "--access-key", KEY, "--secret-key", SECRET)
        ceph.run("radosgw-admin", "user", "create", *user)
        frontend = f"--rgw-frontends=beast endpoint=127.0.0.1:{port}"
        gateway = running.enter_context(
            ceph.running("radosgw", "-n", "client.admin", "-f", frontend)
        )
        server = _CephServer(lambda: gateway, f"http://127.0.0.1:{port}", "")
        until(lambda: _answers(server))
        yield server


class _CephServer(S3Server):
    """Its buckets are made by a signed PUT."""

    def bucket(self, name: str | None = None) -> str:
        """The name of a new bucket."""
        name = name or f"b{uuid.uuid4().hex[:12]}"
        store = S3Store(
            name,
            endpoint=self.endpoint,
            access_key_id=KEY,
            secret_access_key=SECRET,
            region="us-east-1",
            client_options={"allow_http": True},
        )
        url = obstore.sign(store, "PUT", "", timedelta(minutes=1))
        urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=30).close()
        return name


class _Ceph:
    """Runs Ceph's programs on one configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {"CEPH_CONF": str(folder / "ceph.conf")}

    def run(self, *command: object) -> None:
        """Run one to its end."""
        subprocess.run(
            list(map(str, command)),
            env=self.environment,
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=120,
        )

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run one until the block ends."""
        with subprocess.Popen(
            command,
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


def _answers(server: S3Server) -> bool:
    assert server.process.poll() is None, "radosgw ended"
    try:
        with urllib.request.urlopen(server.endpoint, timeout=2):
            return True
    except (OSError, urllib.error.URLError):
        return False
