"""What a page of two versions says at its head of how they stand at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from estimates import instants
from estimates.render.html import escaped

if TYPE_CHECKING:
    from estimates.client import RemoteSet
    from estimates.store.estimate_set import EstimateSet

_HEAD_ENDS = "</header>"


def dated_page(page: str, estimates: EstimateSet | RemoteSet, refs: Sequence[str]) -> str:
    """The page with a line for each version, by ref: when it came, what its data are, whether it is
    in production or was refused; and whom to ask.
    """
    lines: list[str] = []
    for ref in refs:
        version = estimates.resolve(int(ref) if ref.isdigit() else ref)
        state = estimates.state(version).replace("_", " ")
        lines.append(
            f"version {version.version}, {state}: data through {_minute(version.data_through)}, "
            f"published {_minute(version.published_at)}"
        )
    owner = estimates.contract.owner
    lines += [f"owner: {escaped(owner)}"] if owner else []
    paragraphs = "".join(f"<p>{line}</p>\n" for line in lines)
    return page.replace(_HEAD_ENDS, paragraphs + _HEAD_ENDS, 1)


def _minute(moment: datetime) -> str:
    """A time to the minute, with all its digits for programs."""
    whole = instants.text(moment)
    return f'<time datetime="{whole}" title="{whole}">{moment:%Y-%m-%d %H:%MZ}</time>'
