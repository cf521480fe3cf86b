"""What a program did to the files of a folder, as strace saw it, and what a disk may hold of that
after its power was lost at any moment.

A disk keeps what was flushed: the bytes of a file once that file was, a name once the folder was
that has it. Of everything else it may have kept any part.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

CALLS = (
    "open,openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,rename,renameat,"
    "renameat2,unlink,unlinkat,link,linkat,mkdir,mkdirat,rmdir,fsync,fdatasync,close,dup,dup2,dup3,"
    "fcntl,copy_file_range,sendfile"
)
_WHOLE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_SECTOR = 512
_LOG_INDEX = "-shm"  # SQLite makes it anew when nobody has the database open


@dataclass(frozen=True)
class Step:
    """One change: of names in folders, or of the bytes of a file; or a flush, or a word of the
    program.

    names  (folder, name, what has it from now on or None)
    data   (offset, bytes) written into `file`; None with `size` for a truncation
    """

    kind: str
    file: int = 0
    names: tuple[tuple[int, str, int | None], ...] = ()
    offset: int = 0
    data: bytes = b""
    size: int | None = None

    @property
    def flushed_with(self) -> frozenset[int]:
        """All of which have to be flushed before this is sure to stay."""
        return frozenset(folder for folder, _, _ in self.names) or frozenset((self.file,))


@dataclass
class Disk:
    """Folders and files by number; 0 is the root."""

    names: dict[tuple[int, str], int] = field(default_factory=dict)
    contents: dict[int, bytearray] = field(default_factory=dict)
    folders: set[int] = field(default_factory=lambda: {0})

    @classmethod
    def of(cls, root: Path) -> Disk:
        """What a folder holds, all of it flushed."""
        disk = cls()
        numbers = {root: 0}
        for path in sorted(root.rglob("*")):
            number = numbers[path] = len(numbers)
            disk.names[numbers[path.parent], path.name] = number
            if path.is_dir():
                disk.folders.add(number)
            else:
                disk.contents[number] = bytearray(path.read_bytes())
        return disk

    def copy(self) -> Disk:
        """The same, to be changed."""
        contents = {number: bytearray(content) for number, content in self.contents.items()}
        return Disk(dict(self.names), contents, set(self.folders))

    def apply(self, step: Step) -> None:
        """Do one step."""
        for folder, name, number in step.names:
            if number is None:
                self.names.pop((folder, name), None)
            else:
                self.names[folder, name] = number
        if step.kind == "folder":
            self.folders.add(step.file)
        if step.kind == "data":
            content = self.contents.setdefault(step.file, bytearray())
            if step.size is not None:
                del content[step.size :]
                content.extend(bytes(step.size - len(content)))
            else:
                content.extend(bytes(max(0, step.offset - len(content))))
                content[step.offset : step.offset + len(step.data)] = step.data

    def files(self) -> dict[str, bytes]:
        """Every file that has a name, by its path; folders end in a slash."""
        files: dict[str, bytes] = {}
        places = [(0, "")]
        children: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), number in self.names.items():
            children.setdefault(folder, []).append((name, number))
        while places:
            folder, prefix = places.pop()
            for name, number in children.get(folder, ()):
                if number in self.folders:
                    files[f"{prefix}{name}/"] = b""
                    places.append((number, f"{prefix}{name}/"))
                elif not name.endswith(_LOG_INDEX):
                    files[prefix + name] = bytes(self.contents.get(number, b""))
        return files


def write_files(files: dict[str, bytes], root: Path) -> None:
    """Make a folder that holds just these files."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, content in sorted(files.items()):
        if name.endswith("/"):
            (root / name).mkdir()
        else:
            (root / name).write_bytes(content)


class State(NamedTuple):
    """What a disk kept: which steps, and which of them only by half."""

    what: str
    kept: tuple[int, ...]
    torn: int | None = None


class Trace:
    """The steps of a program in a folder, read from what strace wrote with `-f -xx -s`.

    root     the folder as it was before, and the path that the program knew it by
    words    the path of the file in which the program said what it had done
    """

    def __init__(self, lines: Iterator[str], before: Path, root: Path, words: Path) -> None:
        self.before = Disk.of(before)
        self.steps: list[Step] = []
        self._root = str(root)
        self._words = str(words)
        self._now = self.before.copy()
        self._next = 1 + max((*self._now.folders, *self._now.contents))
        self._open: dict[int, tuple[int, bool]] = {}  # by descriptor: its file, whether it appends
        self._at: dict[int, int] = {}
        self._said: set[int] = set()  # descriptors of the file of words
        for name, arguments, result in _calls(lines):
            if result >= 0:
                self._call(name, arguments, result)

    def _call(self, name: str, arguments: list[str], result: int) -> None:
        if name in ("open", "openat", "creat"):
            if name == "openat":
                arguments = arguments[1:]
            self._opened(
                _text(arguments[0]), "O_CREAT|O_TRUNC" if name == "creat" else arguments[1], result
            )
        elif name in ("rename", "renameat", "renameat2", "link", "linkat"):
            paths = [_text(argument) for argument in arguments if argument.startswith('"')]
            self._moved(paths[0], paths[1], is_link=name.startswith("link"))
        elif name in ("unlink", "unlinkat", "rmdir"):
            self._removed(
                next(_text(argument) for argument in arguments if argument.startswith('"'))
            )
        elif name in ("mkdir", "mkdirat"):
            self._made(next(_text(argument) for argument in arguments if argument.startswith('"')))
        elif name == "truncate":
            if (number := self._number(_text(arguments[0]))) is not None:
                self._do(Step("data", number, size=int(arguments[1])))
        elif arguments[0].isdigit():
            self._by_descriptor(name, int(arguments[0]), arguments, result)

    def _by_descriptor(self, name: str, descriptor: int, arguments: list[str], result: int) -> None:
        if name in ("dup", "dup2", "dup3") or (name == "fcntl" and "F_DUPFD" in arguments[1]):
            if descriptor in self._open:
                self._open[result] = self._open[descriptor]
                self._at[result] = self._at.get(descriptor, 0)
            return
        if name == "close":
            self._open.pop(descriptor, None)
            self._said.discard(descriptor)
            return
        if descriptor in self._said and name == "write":
            self.steps.append(Step("word", data=_bytes(arguments[1])))
        if descriptor not in self._open:
            return
        number, appends = self._open[descriptor]
        if name in ("fsync", "fdatasync"):
            self._do(Step("flush", number))
        elif name == "ftruncate":
            self._do(Step("data", number, size=int(arguments[1])))
        elif name in ("write", "writev"):
            content = b"".join(map(_bytes, re.findall(r'"[^"]*"', ", ".join(arguments[1:]))))[
                :result
            ]
            length = len(self._now.contents.get(number, b""))
            at = length if appends else self._at.get(descriptor, 0)
            self._do(Step("data", number, offset=at, data=content))
            self._at[descriptor] = at + result
        elif name == "pwrite64":
            self._do(
                Step("data", number, offset=int(arguments[3]), data=_bytes(arguments[1])[:result])
            )
        else:
            assert name in ("fcntl",), f"{name} is not followed"

    def _opened(self, path: str, flags: str, descriptor: int) -> None:
        if path == self._words:
            self._said.add(descriptor)
            return
        self._open.pop(descriptor, None)
        place = self._place(path)
        if place is None:
            return
        number = self._now.names.get(place) if path != self._root else 0
        if number is None:
            assert "O_CREAT" in flags, path
            number = self._next
            self._next += 1
            self._do(Step("name", number, names=((*place, number),)))
        elif "O_TRUNC" in flags and self._now.contents.get(number):
            self._do(Step("data", number, size=0))
        self._open[descriptor] = number, "O_APPEND" in flags
        self._at[descriptor] = 0

    def _moved(self, path: str, to: str, *, is_link: bool) -> None:
        start, end = self._place(path), self._place(to)
        if start is None or end is None:
            return
        number = self._now.names[start]
        names: tuple[tuple[int, str, int | None], ...] = ((*end, number),)
        if not is_link:
            names = ((*start, None), *names)
        self._do(Step("name", number, names=names))

    def _removed(self, path: str) -> None:
        if (place := self._place(path)) is not None:
            self._do(Step("name", names=((*place, None),)))

    def _made(self, path: str) -> None:
        if (place := self._place(path)) is not None:
            self._do(Step("folder", self._next, names=((*place, self._next),)))
            self._next += 1

    def _number(self, path: str) -> int | None:
        place = self._place(path)
        return None if place is None else self._now.names.get(place)

    def _place(self, path: str) -> tuple[int, str] | None:
        """The folder and the name of a path below the root; None for another one."""
        if path == self._root:
            return 0, ""
        if not path.startswith(self._root + "/"):
            return None
        *folders, name = path[len(self._root) + 1 :].split("/")
        number = 0
        for folder in folders:
            number = self._now.names[number, folder]
        return number, name

    def _do(self, step: Step) -> None:
        self.steps.append(step)
        self._now.apply(step)

    def said(self, end: int) -> int:
        """The last word of the program before a moment, as a number; 0 before the first."""
        words = [step.data for step in self.steps[:end] if step.kind == "word"]
        return int(words[-1]) if words else 0

    def unsure(self, end: int) -> list[int]:
        """Of the steps before a moment those that nothing has flushed."""
        unsure: list[int] = []
        flushed: set[int] = set()
        for index in range(end - 1, -1, -1):
            step = self.steps[index]
            if step.kind == "flush":
                flushed.add(step.file)
            elif step.kind != "word" and not step.flushed_with <= flushed:
                unsure.append(index)
        return unsure[::-1]

    def states(self, end: int) -> Iterator[State]:
        """What the disk may hold when its power is lost before step `end`: everything, only what is
        sure, all but one step that is not, what is sure and one step that is not, a torn write.
        """
        changes = [i for i in range(end) if self.steps[i].kind not in ("word", "flush")]
        yield State("all", tuple(changes))
        unsure = self.unsure(end)
        if not unsure:
            return
        lost = set(unsure)
        sure = [i for i in changes if i not in lost]
        yield State("only what was flushed", tuple(sure))
        for index in unsure:
            yield State(f"all but step {index}", tuple(i for i in changes if i != index))
            alone = tuple(i for i in changes if i not in lost or i == index)
            yield State(f"what was flushed and step {index}", alone)
            if len(self.steps[index].data) > 1:
                yield State(f"half of step {index}", tuple(changes), index)

    def files(self, state: State) -> dict[str, bytes]:
        """The files of a state, by path."""
        disk = self.before.copy()
        for index in state.kept:
            step = self.steps[index]
            if index == state.torn:
                half = max(1, len(step.data) // 2 // _SECTOR * _SECTOR)
                step = Step("data", step.file, offset=step.offset, data=step.data[:half])
            disk.apply(step)
        return disk.files()


def _calls(lines: Iterator[str]) -> Iterator[tuple[str, list[str], int]]:
    """Name, arguments and result of each call, in the order in which they ended."""
    begun: dict[str, str] = {}
    for line in lines:
        line = line.rstrip("\n")
        if match := _BEGUN.match(line):
            begun[match[1]] = f"{match[1]} {match[2]}({match[3]}"
            continue
        if (match := _RESUMED.match(line)) and match[1] in begun:
            line = begun.pop(match[1]) + match[3]
        if match := _WHOLE.match(line):
            yield match[2], match[3].split(", "), int(match[4])


def _bytes(quoted: str) -> bytes:
    assert not quoted.endswith("..."), "strace left something out"
    return bytes.fromhex(quoted.strip('"').replace("\\x", ""))


def _text(quoted: str) -> str:
    return _bytes(quoted).decode()
