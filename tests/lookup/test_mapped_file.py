"""A mapped file reads as it is on disk, with or without its pages entered beforehand."""

from __future__ import annotations

from pathlib import Path

from estimates.lookup.mapped_file import map_file, map_pages


def resident() -> int:
    """Bytes of this process that are in memory."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


def test_pages_are_entered_before_anybody_reads_them(tmp_path: Path) -> None:
    """The whole file counts as resident afterwards, and its content is what was written."""
    content = bytes(range(256)) * 4096 * 16  # 16 MiB
    (tmp_path / "file").write_bytes(content)
    mapped, size = map_file(tmp_path / "file")
    before = resident()
    map_pages(mapped)
    assert resident() - before > size // 2
    assert mapped[:size] == content


def test_an_empty_file_has_no_pages(tmp_path: Path) -> None:
    """Nothing to enter is no error."""
    (tmp_path / "file").write_bytes(b"")
    mapped, size = map_file(tmp_path / "file")
    map_pages(mapped)
    assert size == 0
