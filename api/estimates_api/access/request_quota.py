"""How often somebody may ask on a day."""

from __future__ import annotations

from collections.abc import Mapping
from time import time

from cachetools import LRUCache

from estimates.errors import UnavailableError

_DAY_S = 86_400
_NAMES = 10_000  # whoever was not seen for longest begins again


class RequestQuota:
    """Counts the requests of each name on a day in UTC.

    per_day  how many each may make; None: as many as they like
    of       by name, where it is another number
    """

    def __init__(self, per_day: int | None, of: Mapping[str, int]) -> None:
        self._per_day = per_day
        self._of = of
        self._day = 0
        self._counts: LRUCache[str, int] = LRUCache(_NAMES)

    def take(self, name: str, key: str) -> None:
        """One request of a name, which is counted under a key.

        Raises UnavailableError (`quota_spent`), whose details have `retry_after`, in whole seconds:
        those that are left of the day.
        """
        most = self._of.get(name, self._per_day)
        if most is None:
            return
        now = time()
        if self._day != now // _DAY_S:
            self._day = int(now // _DAY_S)
            self._counts.clear()
        count = self._counts.get(key, 0)
        if count >= most:
            raise UnavailableError(
                "quota_spent",
                f"the {most:,} requests of this day are made",
                remedy="ask again tomorrow (UTC), or the operator for more; batches have many keys "
                "in a request",
                retry_after=max(1, int((self._day + 1) * _DAY_S - now)),
            )
        self._counts[key] = count + 1
