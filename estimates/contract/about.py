"""What people want to know of a set beside its description; nothing of it is checked or judged."""

from __future__ import annotations

import msgspec

from estimates.contract.columns import Part

_SCHEMES = ("https://", "http://", "mailto:")
_LONGEST = 100_000  # characters of docs


class About(Part, frozen=True):
    """What people want to know of a set.

    tags      words by which it is found
    contact   whom to ask: an address, a channel, a page
    docs      Markdown
    links     what stands there → address, `https://…`, `http://…` or `mailto:…`
    examples  what it is for → text to copy, such as a query
    """

    tags: tuple[str, ...] = ()
    contact: str = ""
    docs: str = ""
    links: dict[str, str] = msgspec.field(default_factory=dict)
    examples: dict[str, str] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, address in self.links.items():
            if not address.startswith(_SCHEMES):
                raise ValueError(f"links.{name}: an address begins with {', '.join(_SCHEMES)}")
        if len(self.docs) > _LONGEST:
            raise ValueError(f"docs are {_LONGEST:,} characters at most")
