"""What key may have been meant, where a version of a local store has no such key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from estimates.contract.columns import key_text
from estimates.errors import NotFoundError
from estimates.render.wording import did_you_mean
from estimates.store.estimate_set import EstimateSet

if TYPE_CHECKING:
    from estimates.client import RemoteSet

_ROWS = 1_000_000  # of a version that is read for a hint
_VALUES = 5000  # of a key column that are compared


@contextmanager
def naming_near_keys(estimates: EstimateSet | RemoteSet) -> Iterator[None]:
    """Say of a key that nobody estimates which one is near: each part that the version does not
    have, replaced by the nearest it has.
    """
    try:
        yield
    except NotFoundError as error:
        if error.code != "outside_domain" or not isinstance(estimates, EstimateSet):
            raise
        near = _near(estimates, error)
        raise NotFoundError(error.code, f"{error.message}{near}", **error.details) from None


def _near(estimates: EstimateSet, error: NotFoundError) -> str:
    version, key = error.details["version"], error.details["key"]
    assert isinstance(version, int)
    assert isinstance(key, list)
    if estimates.resolve(version).rows > _ROWS:
        return ""
    frame = estimates.frame(version)
    for name, part in zip(estimates.contract.key, key, strict=False):
        values = frame[name].unique()
        texts = list(map(key_text, values)) if len(values) <= _VALUES else []
        if part not in texts:
            # a code that lost its zeros, such as 137 for 000137, before one that looks like it
            same = [text for text in texts if part and text.lstrip("0") == part.lstrip("0")]
            return did_you_mean(same[0], same) if same else did_you_mean(part, texts)
    return ""
