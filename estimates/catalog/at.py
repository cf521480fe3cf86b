"""Which version of a set a reader means."""

from datetime import datetime

import msgspec

from estimates.catalog.ref import PRODUCTION, Ref, version_number
from estimates.catalog.release_clock import Clock


class At(msgspec.Struct, frozen=True):
    """A ref, and the moment at which it is read.

    ref    a version number, an alias, or `latest`
    as_of  what the ref meant then; None: now
    clock  `released`: as_of is read by claimed times of release, see `catalog.release_clock`
    shape  picks among versions of that shape
    """

    ref: Ref = PRODUCTION
    as_of: datetime | None = None
    clock: Clock = None
    shape: int | None = None

    @property
    def number(self) -> int | None:
        """The version number that the ref is; None for a name. Raises InvalidError (`bad_ref`)."""
        return version_number(self.ref)


NOW = At()  # production, now
