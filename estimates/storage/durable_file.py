"""A file that is there as a whole or not at all, even after the power was lost."""

import errno
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

# Longer than any upload takes: what is older than that will not get its name any more.
_LEFTOVER_AGE_S = 3600
# What a file system says that has no hard links.
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)
_HERE, _NOREPLACE = -100, 1  # of renameat2: paths as they are, and no file is replaced


def write_durably(
    path: Path, pieces: Iterable[bytes], *, replacing: bool, flushed: bool = True
) -> bool:
    """Write a file beside its place, flush it, and only then give it its name.

    flushed    False: the caller flushes all that it writes at once, and trusts none before
    replacing  also where there is one of that name; else that one stays, and the answer is False
    The folder has to be flushed for the name to stay. Raises OSError, and what `pieces` raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # obstore lists no name that ends in # and digits, and a sweep removes what was left
    beside = path.with_name(f"{path.name}#{secrets.randbelow(10**12)}")
    try:
        with open(beside, "xb") as file:
            for piece in pieces:
                file.write(piece)
            if flushed:
                file.flush()
                os.fsync(file.fileno())
        if replacing:
            os.replace(beside, path)
            return True
        try:
            _name(beside, path)
        except FileExistsError:
            return False
        return True
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)


def _name(beside: Path, path: Path) -> None:
    """Give a file a name that no other has; raises FileExistsError, and OSError (EOPNOTSUPP) where
    the file system has no way to.
    """
    try:
        os.link(beside, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _rename_if_absent(beside, path)


def _rename_if_absent(beside: Path, path: Path) -> None:
    """The same where there are no hard links, as on a stick with FAT or exFAT."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    try:
        rename = libc.renameat2
    except AttributeError:  # no Linux
        number = errno.ENOSYS
    else:
        names = os.fsencode(beside), os.fsencode(path)
        failed = rename(_HERE, names[0], _HERE, names[1], _NOREPLACE)
        number = ctypes.get_errno() if failed else 0
    if number in (errno.EINVAL, errno.ENOSYS):
        number = errno.EOPNOTSUPP
    if number:
        raise OSError(number, os.strerror(number), str(path))


def flush_names(path: Path, root: Path) -> None:
    """Flush a file and each folder from it up to a root, so that its name stays; raises OSError."""
    while path != root.parent:
        # What a sweep removed meanwhile needs no flushing: the commit will refuse it.
        with suppress(FileNotFoundError):
            _flush(path)
        path = path.parent


def remove_old(unfinished: Iterable[Path]) -> None:
    """Remove what interrupted writes left beside finished files an hour ago."""
    for path in unfinished:
        # one that was being written may be finished, and have its name, by now
        with suppress(FileNotFoundError):
            if path.is_file() and time.time() - path.stat().st_mtime > _LEFTOVER_AGE_S:
                path.unlink()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
