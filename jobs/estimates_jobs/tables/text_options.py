"""What a person says of a table's text, where the text does not say it itself."""

from __future__ import annotations

import msgspec


class TextOptions(msgspec.Struct):
    """How the files of a command are read; None or nothing: it is read off the file.

    delimiter  the character between two cells
    encoding   the name of a codec of Python
    comment    what a line begins with that is no line of the table
    decimal    `.` or `,` before the fraction of a number; the other one groups thousands
    nulls      words that stand for no value, in every column of text
    where      by column the values of the rows that count, in files of every kind
    ignored    columns that are left out, in files of every kind; `""` is a column without a name
    folders    columns that come from folders such as `shop=12`; filled while tables are read
    parts      of a table of several files their names and rows, by the table's name; filled while
               tables are read
    used       of how many rows how many are used, by the source and what these have; filled while
               tables are read
    notes      what was read as something else than its plain text, a sentence each; filled while
               tables are read, for whoever reads them to say
    """

    delimiter: str | None = None
    encoding: str | None = None
    comment: str | None = None
    decimal: str | None = None
    nulls: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    ignored: tuple[str, ...] = ()
    folders: set[str] = set()
    parts: dict[str, list[tuple[str, int]]] = {}
    used: dict[tuple[str, str], tuple[int, int]] = {}
    notes: list[str] = []

    def place(self, table: str, row: int) -> str:
        """Which row of which file a row of a table of several files is, from 1: ` (row 2 of
        part-1.csv)`; nothing for other tables.
        """
        for name, rows in self.parts.get(table, []):
            if row <= rows:
                return f" (row {row} of {name})"
            row -= rows
        return ""

    def note(self, sentence: str) -> None:
        """Remember a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def note_used(self, source: str, condition: str, own: int, of: int) -> None:
        """Remember that some rows of a source are used, once for all of its tables together."""
        before = self.used.get((source, condition), (0, 0))
        if _used(source, condition, *before) in self.notes:
            self.notes.remove(_used(source, condition, *before))
        together = before[0] + own, before[1] + of
        self.used[source, condition] = together
        self.notes.append(_used(source, condition, *together))


def _used(source: str, condition: str, own: int, of: int) -> str:
    return f"{source}: {own:,} of {of:,} rows are used, in which {condition}"
