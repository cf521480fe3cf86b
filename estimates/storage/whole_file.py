"""A file of this machine that is there as a whole or not at all; after a power loss it may be
gone.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def write_whole(path: Path, *content: ReadableBuffer, mode: int = 0o666) -> None:
    """Write a file of some buffers, one after the other, beside its place and then put it there,
    replacing what is there; its folder is made.

    mode  its permissions, less those that the process's umask takes
    Raises OSError; then nothing of it is left.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.writelines(content)
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
