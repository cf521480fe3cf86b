"""What is said of keys that stand still."""

from __future__ import annotations

import msgspec

from estimates.render.notebook import fragment, short
from estimates.render.wording import count, percent


class FrozenKeys(msgspec.Struct, frozen=True):
    """K4 of the last versions that production pointed to: which keys have the same estimates in
    all of them, to the last bit.

    versions  those that are compared, oldest first, all of production's shape
    n         keys that all of them have; frozen: how many of these stand still, and frozen_share
    reason    why the two are null: `too_few_versions`, `no_comparable_keys`, `expired`
    keys      the first 100 that stand still, by key
    """

    set: str
    versions: list[int]
    n: int
    frozen: int | None
    frozen_share: float | None
    reason: str | None
    keys: list[list[str]]

    def __repr__(self) -> str:
        lines = [f"  {'/'.join(key)}" for key in self.keys]
        return short([self._title, *lines], "  … more: .keys, the first 100")

    def _repr_html_(self) -> str:
        return fragment(self._title, [{"key": "/".join(key)} for key in self.keys])

    @property
    def _title(self) -> str:
        versions = ", ".join(map(str, self.versions))
        if self.frozen is None:
            return f"{self.set}: nothing to say of versions {versions or 'none'} ({self.reason})"
        of = count(self.n, "key")
        share = percent(self.frozen_share)
        return f"{self.set}: {self.frozen:,} of {of} ({share}) stand still in versions {versions}"

    @property
    def json(self) -> bytes:
        """The bytes that HTTP sends; numbers have 12 significant digits."""
        return msgspec.json.encode(self)
