"""A long answer that comes in parts, in bounded memory: what does not fit is read from files."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

_IN_MEMORY = 256 << 20  # bytes of frames
_FOLDERS: list[TemporaryDirectory[str]] = []  # removed when this process ends


class SpooledFrames:
    """Frames with the same columns, in order, whose types may differ."""

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []
        self._size = 0
        self._files: list[Path] = []
        self._folder: Path | None = None

    def add(self, frame: pl.DataFrame) -> None:
        """Put a frame behind the others."""
        self._frames.append(frame)
        self._size += int(frame.estimated_size())
        if self._size > _IN_MEMORY:
            self._write()

    def rows(self, empty: pl.DataFrame) -> pl.LazyFrame:
        """All rows; those of `empty` where there are none."""
        if self._files:
            if self._frames:
                self._write()
            parts = [pl.scan_parquet(file) for file in self._files]
            return pl.concat(parts, how="vertical_relaxed")
        return pl.concat(self._frames or [empty], how="vertical_relaxed").lazy()

    def _write(self) -> None:
        if self._folder is None:
            _FOLDERS.append(TemporaryDirectory(prefix="estimates-"))
            self._folder = Path(_FOLDERS[-1].name)
        file = self._folder / f"{len(self._files)}.parquet"
        pl.concat(self._frames, how="vertical_relaxed").write_parquet(file, row_group_size=100_000)
        self._files.append(file)
        self._frames.clear()
        self._size = 0
