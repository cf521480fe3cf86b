"""What reading gives: the bytes that HTTP sends, and the version they came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec

from estimates import instants
from estimates.catalog.records import Version, VersionHead
from estimates.catalog.release_clock import Clock
from estimates.contract.contract import Contract
from estimates.extras import needs
from estimates.reading.answer_rows import explained, rows_of, title_of
from estimates.reading.standing import Standing
from estimates.render.notebook import ROWS, cell_text, fitted_table, fragment, rendered, short
from estimates.render.wording import count, did_you_mean, visible

if TYPE_CHECKING:
    import polars as pl

# Whether a reader may know a value of a column, as text.
Shows = Callable[[str, str], bool]


def shown_version(version: Version, shows: Shows | None) -> Version:
    """The version with the groups that are carried over which a reader may know; None: all."""
    carried = version.provenance.carried_over
    if shows is None or carried is None:
        return version
    groups = tuple(group for group in carried.groups if shows(carried.by, group))
    carried = msgspec.structs.replace(carried, groups=groups)
    provenance = msgspec.structs.replace(version.provenance, carried_over=carried)
    return msgspec.structs.replace(version, provenance=provenance)


class Answer:
    """One answer: the set, the version it came from, and `json`, the bytes that HTTP sends.

    version   None for a history, which tells of many; over HTTP a VersionHead
    fields    the columns that were asked for; None for all
    imported  asked with clock=released, and the version's time of release is a claim
    standing  when its data get too old, whether an earlier version stands in, whether the set is
              retired; `stale`, `stale_from`, `degraded` and `retired` are short for it
    """

    imported = False
    standing = Standing()
    _numbers = b""  # the JSON with integers as numbers, where `json` has strings

    def __init__(
        self,
        set_name: str,
        version: Version | VersionHead | None,
        json: bytes,
        fields: Sequence[str] | None = None,
    ) -> None:
        self.set = set_name
        self.version = version
        self.json = json
        self.fields = fields

    @property
    def stale_from(self) -> datetime | None:
        """When the data get older than the contract's `max_age`; None without one."""
        return self.standing.stale_from

    @property
    def stale(self) -> bool:
        """Whether the data are older than the contract's `max_age` now."""
        return self.stale_from is not None and instants.now() > self.stale_from

    @property
    def degraded(self) -> str | None:
        """Code of the fault for which an earlier version answers; None where none does."""
        return self.standing.degraded

    @property
    def retired(self) -> datetime | None:
        """Since when the set takes no new versions; None while it does."""
        return self.standing.retired

    def mark_standing(self) -> None:
        """Put into the JSON, behind the version's number, how the answer stands.

        To be called before `body` is read.
        """
        mark = {"stale": self.stale} | msgspec.structs.asdict(self.standing)
        self._insert(msgspec.json.encode(mark)[1:-1])

    def _insert(self, members: bytes) -> None:
        """Put members of JSON behind the version's number."""
        assert self.version is not None
        head = b'{"set":"%b","version":%d,' % (self.set.encode(), self.version.version)
        assert self.json.startswith(head)
        self.json = b"%b%b,%b" % (head, members, self.json[len(head) :])

    def marked_by(self, clock: Clock) -> Self:
        """The same answer; by a clock of claims it says, also in its JSON, whether it rests on a
        claim.
        """
        if clock is not None and isinstance(self.version, Version):
            self.mark_imported(self.version.released_at is not None)
        return self

    def mark_imported(self, imported: bool) -> None:
        """Put into the JSON, behind the version's number, whether its time of release is a claim.

        To be called before `body` is read.
        """
        self._insert(b'"imported":true' if imported else b'"imported":false')
        self.imported = imported

    def show_groups(self, shows: Shows | None) -> None:
        """Leave out of what it says of groups that are carried over those that a reader may not
        know; None: all stay.

        To be called before `body` is read.
        """
        if shows is None or b'"carried_over":' not in self.json:
            return
        if isinstance(self.version, Version):
            self.version = shown_version(self.version, shows)
        content = msgspec.json.decode(self.json)
        for part in (content, *content.get("history", ())):
            if mark := part.get("carried_over"):
                mark["groups"] = [group for group in mark["groups"] if shows(mark["by"], group)]
        self.json = msgspec.json.encode(content)

    def write_integers(self, contract: Contract, how: Literal["string"] | None) -> None:
        """With "string" the integers of the contract's columns become strings in the JSON, for
        readers whose numbers are doubles, which hold integers up to 2^53.

        To be called before `body` is read.
        """
        if how is None:
            return
        columns = [*contract.key.items(), *contract.columns.items()]
        names = {name for name, column in columns if column.type == "integer"}
        self._numbers = self.json
        self.json = msgspec.json.encode(_with_texts(msgspec.json.decode(self.json), names))

    @cached_property
    def body(self) -> dict[str, Any]:
        """The answer as plain Python values."""
        return msgspec.json.decode(self.json)

    def frame(self, contract: Contract) -> pl.DataFrame:
        """The rows as a polars frame in the contract's types; `estimates.reading.tabular` says
        which columns.

        contract  that of the set, or another one of the shape that answered:
                  `closes.contract_of(answer.version)`
        """
        with needs("frames"):
            from estimates.reading import tabular

        return tabular.frame(self._numbers or self.json, contract, self.fields)

    def __getitem__(self, name: str) -> Any:
        """A field of the body; for one estimate also one of its columns: `answer["value"]`.

        Raises KeyError, which names what there is.
        """
        estimate = self.body.get("estimate")
        fields = self.body | (estimate if isinstance(estimate, dict) else {})
        if name not in fields:
            names = estimate if isinstance(estimate, dict) else self.body
            near = did_you_mean(name, names)
            raise KeyError(f"{self.set}: no {name!r} here{near}: there is {', '.join(names)}")
        return fields[name]

    def _repr_html_(self) -> str:
        pairs = explained(self.body)
        rows = self._rows if pairs is None else [{"": name, "is": text} for name, text in pairs]
        return fragment(self._title, rows)

    def plot(self, column: str | None = None) -> Any:
        """A number of a history by the end of each version's data, of a page over its last key
        part, of changes how far each moved, as an Altair chart; raises InvalidError (`no_charts`).

        column  default: the first number
        """
        return rendered("reading.answer_plot", "answer_plot", self.body, column)

    @property
    def _title(self) -> str:
        version = None if self.version is None else self.version.version
        return title_of(self.set, version, self.body)

    @property
    def _rows(self) -> list[dict[str, Any]]:
        return rows_of(self.body)

    def __repr__(self) -> str:
        rows = self._rows
        more = "  … the whole: .body, .json; as a table: .frame(contract)"
        pairs = explained(self.body)
        if pairs is not None:
            more = "  … the whole: .body, .json"
        elif len(rows) == 1 and not {"history", "changes", "results"} & {*self.body}:
            pairs = [(name, cell_text(value)) for name, value in rows[0].items()]
        if pairs is not None:
            widest = max((len(name) for name, _ in pairs), default=0)
            lines = [
                f"  {visible(name):<{widest}}  {visible(text)}".rstrip() for name, text in pairs
            ]
            return short([self._title, *lines], more)
        names = list(dict.fromkeys(name for row in rows[:ROWS] for name in row))
        texts = [[cell_text(row.get(name)) for name in names] for row in rows[:ROWS]]
        lines = fitted_table(names, texts) if rows else []
        return short([f"{self._title}, {count(len(rows), 'row')}", *lines], more)


def _with_texts(body: Any, names: set[str]) -> Any:
    """An answer's body with the integers in its estimates as text."""

    def row(cells: dict[str, Any] | None) -> dict[str, Any] | None:
        if cells is None:
            return None
        return {n: str(v) if n in names and v is not None else v for n, v in cells.items()}

    if "estimate" in body:
        body["estimate"] = row(body["estimate"])
    if "estimates" in body:
        body["estimates"] = [row(cells) for cells in body["estimates"]]
    for rows in ("results", "history"):
        for entry in body.get(rows, ()):
            if "estimate" in entry:
                entry["estimate"] = row(entry["estimate"])
    return body


class Page(Answer):
    """One page of estimates; `cursor` asks for the next one, None on the last; `total` counts all
    rows of the scan.
    """

    def __init__(
        self,
        set_name: str,
        version: Version | VersionHead,
        json: bytes,
        total: int,
        cursor: str | None,
        fields: Sequence[str] | None = None,
    ) -> None:
        super().__init__(set_name, version, json, fields)
        self.total = total
        self.cursor = cursor
