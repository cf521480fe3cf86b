"""A file mapped into memory, without an open descriptor, while anything refers to it."""

import ctypes
import os
import weakref
from mmap import PAGESIZE
from pathlib import Path
from typing import Any

_PROT_READ, _MAP_SHARED = 1, 1
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long)
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_POPULATE_READ = 22  # Linux 5.14; an older kernel refuses, and pages come one by one as before
_FAILED = ctypes.c_void_p(-1).value


def map_file(path: str | Path) -> tuple[Any, int]:
    """The content of a file as an array of characters, whose slices are bytes, and the size of the
    file.

    Zeros follow up to the end of the last page: to make a type of array takes longer than to map a
    file, and so there are fewer of them. Unmapped when the last view of it goes.

    `mmap.mmap` keeps a descriptor for each file; a reader of a thousand versions would run out of
    them. Raises OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        if size == 0:  # nothing can be mapped
            return (ctypes.c_char * 0)(), 0
        address = _libc.mmap(None, size, _PROT_READ, _MAP_SHARED, descriptor, 0)
    finally:
        os.close(descriptor)
    if address == _FAILED:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(path))
    content = (ctypes.c_char * (-(-size // PAGESIZE) * PAGESIZE)).from_address(address)
    # Views hold the array, so it goes last. At exit the mapping goes with the process: other
    # threads may still read.
    unmapping = weakref.finalize(content, _libc.munmap, address, size)
    unmapping.atexit = False  # pyrefly: ignore[missing-attribute]
    return content, size


def map_pages(content: Any) -> None:
    """Enter the pages of a mapped file into the page table of this process, reading those that are
    not in memory.

    Else each first touch of a page is a fault, about a tenth of what a lookup costs. Files larger
    than a quarter of the machine's memory are left alone: they would drive out what is used. Other
    threads run meanwhile.
    """
    size = ctypes.sizeof(content)
    if 0 < size <= os.sysconf("SC_PHYS_PAGES") * PAGESIZE // 4:
        _libc.madvise(ctypes.addressof(content), size, _POPULATE_READ)
