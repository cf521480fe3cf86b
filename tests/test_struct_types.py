"""Structs that several threads decode first."""

from __future__ import annotations

import subprocess
import sys

# Each round in threads of its own: every Struct is decoded by eight threads at the same moment,
# which change places after each step of the interpreter. Without `make_ready` the process dies.
DECODING = """
import sys
import threading

import msgspec

import estimates.client.clients
import estimates.store.store
from estimates.struct_types import _below, make_ready

make_ready()
sys.setswitchinterval(1e-6)
structs = [s for s in _below(msgspec.Struct) if s.__module__.startswith("estimates.")]
assert len(structs) > 100
contents = [msgspec.json.encode(dict.fromkeys(s.__struct_encode_fields__)) for s in structs]
started = threading.Barrier(8)


def decode():
    started.wait()
    for struct, content in zip(structs, contents, strict=True):
        try:
            msgspec.json.decode(content, type=struct)
        except (msgspec.MsgspecError, TypeError, NameError):
            pass


threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_decode_at_the_same_moment() -> None:
    """The process of eight threads that decode all types of the library lives on."""
    done = subprocess.run(
        [sys.executable, "-c", DECODING], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
