"""Which versions of a set keep their files."""

import msgspec

from estimates import instants
from estimates.contract.columns import Part


class Retention(Part, frozen=True):
    """Which versions keep their files; a version is expired by `sweep` when every given rule lets
    it go.

    keep_promoted_for  what production served stays this long after it served it last
    Production, its last ten predecessors and the newest version never expire; without
    `keep_versions` or `keep_for` nothing does.
    """

    keep_versions: int | None = None
    keep_for: str | None = None
    keep_promoted_for: str | None = None

    def __post_init__(self) -> None:
        if self.keep_versions is not None and self.keep_versions < 1:
            raise ValueError("keep_versions must be at least 1")
        for name in ("keep_for", "keep_promoted_for"):
            length = getattr(self, name)
            if length is not None and not instants.duration(length):
                raise ValueError(f"{name} must be longer than 0")
        if self.keep_promoted_for is not None and self.keep_versions is None is self.keep_for:
            raise ValueError(
                "keep_promoted_for only keeps longer what another rule lets go; give "
                "keep_versions or keep_for too"
            )

    def text(self) -> str:
        """The rules that are given, as the contract has them; empty where there are none."""
        rules = msgspec.structs.asdict(self).items()
        return ", ".join(f"{name} = {value}" for name, value in rules if value is not None)
