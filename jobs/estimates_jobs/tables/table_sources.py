"""Where the bytes of a table come from: a file, a folder, a glob, a bucket, a URL.

A folder is read with all that lies below it, but for names that begin with `_` or `.`, which Spark
and others put beside the data, for documents such as README.md, and for empty files. A folder
called `name=value` gives its files a column.
"""

from __future__ import annotations

import glob
import hashlib
import re
import sys
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from estimates.errors import InvalidError, NotFoundError

METADATA = ".metadata.json"  # how the names of an Iceberg table's states end
_WEB = ("http://", "https://")
_BUCKET = re.compile(r"[a-z0-9]+://")
_PATTERN = re.compile(r"[*?\[]")
# Files that people and repositories put beside tables.
_DOCUMENTS = re.compile(
    r"(?:.*\.(?:md|rst|html?|pdf|docx?|png|jpe?g|svg|py|r|rmd|qmd|ipynb|sql|sh|ya?ml|toml|log|lock)"
    r"|license|readme|codeowners)",
    re.IGNORECASE,
)
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
# More memory than this, and so many times the file's size: no table with keys is packed like that.
SWOLLEN_BYTES = 256 * 1024 * 1024
SWOLLEN_TIMES = 200
# How compressed files begin, and what Arrow calls their codec.
_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}


class Part:
    """One file of a table.

    name   what it is called, for errors
    values of the columns that its folders give it
    """

    def __init__(
        self, name: str, values: dict[str, str | None], load: Callable[[], bytes] | None = None
    ) -> None:
        self.name = name
        self.values = values
        self._load = load
        self.path = None if load else Path(name)

    @property
    def content(self) -> bytes:
        """Its bytes, read again each time from this machine: a batch has thousands of files.

        Raises InvalidError `no_file`, UnavailableError, RefusedError.
        """
        return self._fetched if self.path is None else self._read(self.path.read_bytes)

    @cached_property
    def _fetched(self) -> bytes:
        assert self._load is not None
        return self._read(self._load)

    def _read(self, load: Callable[[], bytes]) -> bytes:
        try:
            return load()
        except OSError as error:
            raise InvalidError(
                "no_file",
                f"{self.name}: cannot be read: {error.strerror or error}",
                remedy=_EXPECTED,
            ) from None

    @property
    def size(self) -> int | None:
        """In bytes, of a file on this machine."""
        return self.path.stat().st_size if self.path is not None and self.path.is_file() else None

    @property
    def sha256(self) -> str:
        """The digest of its bytes."""
        if self.path is None:
            return hashlib.sha256(self.content).hexdigest()
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def is_source(word: str) -> bool:
    """Whether there is a file, a folder or a match of this name, or it is a URL."""
    return is_remote(word) or Path(word).exists() or bool(_local_matches(word))


def is_remote(word: str) -> bool:
    """Whether it is a URL."""
    return _BUCKET.match(word) is not None


def is_bucket(word: str) -> bool:
    """Whether it is the URL of a bucket."""
    return is_remote(word) and not word.startswith(_WEB)


def names_below(folder: str) -> list[str]:
    """The names of all objects below a folder of a bucket, without those of the folders around
    them.
    """
    from estimates.storage.objects import Objects

    address = urlsplit(folder)
    names = Objects(f"{address.scheme}://{address.netloc}").sizes(address.path.strip("/"))
    return sorted(PurePosixPath(name).name for name in names)


def parts_of(word: str, *, with_empty: bool = False) -> list[Part]:
    """The files of a table, in the order of their names; `-` is standard input.

    with_empty  also those of a folder on this machine that have nothing in them
    Raises InvalidError `no_file`; UnavailableError and RefusedError of a bucket.
    """
    if word == "-":
        return [Part("standard input", {}, sys.stdin.buffer.read)]
    if word.startswith(_WEB):
        return [_web_part(word)]
    parts = _bucket_parts(word) if is_remote(word) else _local_parts(word, with_empty)
    if not parts:
        raise InvalidError("no_file", f"{word}: there is no file of a table", remedy=_EXPECTED)
    return parts


def digest_of(parts: list[Part]) -> str:
    """SHA-256 of one file's bytes, or of the names and digests of several."""
    if len(parts) == 1:
        return parts[0].sha256
    lines = (f"{part.sha256}  {PurePosixPath(part.name).name}\n" for part in parts)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def decompressed(content: bytes, where: str) -> bytes:
    """The bytes inside gzip, Zstandard or bzip2; others as they are. Raises InvalidError
    `bad_file`.
    """
    codec = next((name for mark, name in _COMPRESSED.items() if content.startswith(mark)), None)
    if codec is None:
        return content
    import pyarrow as pa  # takes a moment, and most files are not compressed

    try:
        stream = pa.CompressedInputStream(pa.BufferReader(content), codec)
        most = max(SWOLLEN_BYTES, SWOLLEN_TIMES * len(content))
        unpacked = stream.read(most)
        if len(unpacked) < most or not stream.read(1):
            return unpacked
    except (OSError, pa.ArrowException) as error:
        raise InvalidError(
            "bad_file", f"{where}: is damaged: {error}", remedy="write or fetch it again"
        ) from None
    raise InvalidError(
        "bad_file",
        f"{where}: unpacks to more than {most:,} bytes, from {len(content):,}",
        remedy="look at what packed it; if it is right, unpack it first",
    )


_EXPECTED = (
    "name a file, a folder or a glob such as 'days/*.parquet', also below s3://bucket/, or one "
    "file at https://"
)


def _local_parts(word: str, with_empty: bool) -> list[Part]:
    path = Path(word)
    if path.is_dir():
        names = (str(file) for file in sorted(path.rglob("*")) if file.is_file())
        return _listed(word, names, with_empty)
    matches = _local_matches(word) if not path.is_file() and _PATTERN.search(word) else []
    if not matches:
        is_pipe = path.exists() and not path.is_file()  # which can be read once
        return [Part(word, {}, path.read_bytes if is_pipe else None)]
    fixed = _fixed(word)
    files = [
        str(file)
        for match in matches
        for file in (sorted(Path(match).rglob("*")) if Path(match).is_dir() else [Path(match)])
        if file.is_file()
    ]
    return _listed(fixed, files, with_empty)


def _local_matches(word: str) -> list[str]:
    return sorted(glob.glob(word, recursive=True)) if _PATTERN.search(word) else []


def _fixed(word: str) -> str:
    """The folder above the first part of a path that is a pattern."""
    return _PATTERN.split(word, maxsplit=1)[0].rpartition("/")[0]


def _listed(folder: str, files: Iterable[str], with_empty: bool) -> list[Part]:
    """The parts of a table among the files below a folder."""
    parts: list[Part] = []
    for file in files:
        below = file[len(folder) :].strip("/").split("/")
        if "_delta_log" in below or (below[0] == "metadata" and file.endswith(METADATA)):
            kind = "Delta" if "_delta_log" in below else "Iceberg"
            raise InvalidError(
                "bad_file",
                f"{folder}: is a table of {kind}, whose log says which files count",
                remedy="name the folder of that table, which is read as its log says",
            )
        if not _is_beside(below) and (with_empty or Path(file).stat().st_size):
            parts.append(Part(file, _values(below[:-1])))
    return parts


def _is_beside(below: list[str]) -> bool:
    """Whether a file, by its path below a folder, is none of the table's."""
    hidden = any(name.startswith(("_", ".")) for name in below)
    return hidden or _DOCUMENTS.fullmatch(below[-1]) is not None


def _values(folders: list[str]) -> dict[str, str | None]:
    """The columns that folders of the form `name=value` stand for."""
    pairs = (folder.split("=", 1) for folder in folders if "=" in folder)
    return {unquote(name): None if value == _NO_VALUE else unquote(value) for name, value in pairs}


def _bucket_parts(word: str) -> list[Part]:
    """An object, all below a prefix, or all that match a glob."""
    from estimates.storage.objects import Objects

    address = urlsplit(word)
    bucket = Objects(f"{address.scheme}://{address.netloc}")
    path = address.path.strip("/")
    fixed = _fixed(path) if _PATTERN.search(path) else path
    wanted = re.compile(_regex(path)) if _PATTERN.search(path) else None
    # a listing has what lies below a prefix, and not the object of that name
    if path and bucket.exists(path):
        return [Part(word, {}, lambda: bucket.get(path))]
    sizes = bucket.sizes(fixed)
    parts: list[Part] = []
    for name in sorted(sizes):
        below = name[len(fixed) :].strip("/").split("/")
        if sizes[name] and not _is_beside(below) and (wanted is None or wanted.match(name)):
            full = f"{address.scheme}://{address.netloc}/{name}"
            parts.append(Part(full, _values(below[:-1]), lambda name=name: bucket.get(name)))
    return parts


def _regex(pattern: str) -> str:
    """A glob as a regular expression for a name, or for a folder above it."""
    pieces = re.split(r"(\*\*/?|\*|\?|\[[^\]]*\])", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    text = "".join(
        known.get(piece) or (piece if piece.startswith("[") else re.escape(piece))
        for piece in pieces
    )
    return f"(?:{text})(?:/.*)?$"


def _web_part(word: str) -> Part:
    def load() -> bytes:
        from estimates.storage.objects import Objects

        try:
            return Objects(word).get("")
        except NotFoundError:
            raise InvalidError(
                "no_file",
                f"{word}: there is no file at this address",
                remedy="check the address: one file at https:// is read, no folder",
            ) from None

    return Part(word, {}, load)
