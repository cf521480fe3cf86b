"""Pages of changes as JSON, as tables again, and the cursors that lead from one page to the next."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import msgspec

from estimates.catalog.records import Version
from estimates.contract.contract import Contract
from estimates.errors import InvalidError
from estimates.extras import needs
from estimates.reading.answer import Page
from estimates.reading.page_cursor import MAX_LIMIT

if TYPE_CHECKING:
    import polars as pl


class ChangeQuestion(msgspec.Struct, frozen=True):
    """Which changes are asked for, and in which order; what was left out is filled in.

    by          the metric they are sorted by; None in a set that has none
    min_change  the least size of the metric
    prefix      leading parts of the key, as text
    """

    by: str | None
    min_change: float
    prefix: tuple[str, ...]


class ChangeCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page begins: the numbers of both versions, the row, and a mark of all that decides
    what stands there.
    """

    first: int
    second: int
    row: int
    mark: int


class ChangePage(Page):
    """One page of changes; `version` is the one they lead to, `cursor` asks for the next page,
    `total` counts all.

    Of versions of two sets `set` is empty, and the body says `from` and `to` with the names of
    their sets.
    """

    def frame(self, contract: Contract) -> pl.DataFrame:
        """The rows as `estimates.stability.changes` has them; `contract` is what
        `contract_of_changes` gives.
        """
        with needs("frames"):
            from estimates.compare.change_rows import decoded

        return decoded(self.json, contract)

    def first(self, name: str) -> int:
        """The number of the version of set `name` that the changes lead from."""
        return int(str(self.body["from"]).removeprefix(named(name, "")))


def named(name: str, version: object) -> str:
    """A version as it is told where there are two sets."""
    return f"{name} version {version}"


def encode_cursor(cursor: ChangeCursor) -> str:
    """A cursor as text for a URL."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def decode_cursor(text: str) -> ChangeCursor:
    """The inverse of `encode_cursor`; raises InvalidError (`bad_cursor`)."""
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=ChangeCursor
        )
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidError(
            "bad_cursor", "this cursor was not made by this service; start again without it"
        ) from None


def page(
    told: tuple[str, str | int, str | int],
    second: Version,
    contract: Contract,
    question: ChangeQuestion,
    rows: pl.DataFrame,
    *,
    limit: int,
    start: ChangeCursor,
) -> ChangePage:
    """The rows from `start` on, at most `limit`; `told` is what the page says of the set and of
    both versions.

    `{"set":…,"from":…,"to":…,"by":…,"pairing":…,"total":…,"limit":…,"next":cursor or
    null,"changes":[{"key":[…], "change":…,"columns":{NAME:{"a":…,"b":…,"d":…,…},…}},…]}`. Raises
    InvalidError (`bad_limit`).
    """
    from estimates.compare.change_rows import body

    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidError("bad_limit", f"limit {limit} is not between 1 and {MAX_LIMIT}")
    stop = start.row + limit
    following = (
        encode_cursor(msgspec.structs.replace(start, row=stop)) if stop < rows.height else None
    )
    head = {
        **dict(zip(("set", "from", "to"), told, strict=True)),
        "by": question.by,
        "pairing": contract.stability.pairing,
        "total": rows.height,
        "limit": limit,
        "next": following,
    }
    return ChangePage(
        told[0], second, body(head, rows[start.row : stop], contract), rows.height, following
    )
