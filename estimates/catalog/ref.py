"""How a reader names a version: by its number, by an alias, or as `latest`."""

from estimates.errors import InvalidError

Ref = int | str
PRODUCTION = "production"
LATEST = "latest"


def version_number(ref: Ref) -> int | None:
    """The number that a ref is, also as text; None for a name. Raises InvalidError (`bad_ref`) for
    what is neither.
    """
    if isinstance(ref, int):
        return ref
    try:
        return int(ref) if ref.isascii() and ref.isdigit() and len(ref) < 20 else None
    except AttributeError:
        raise InvalidError(
            "bad_ref",
            f"{ref!r} names no version",
            remedy="a ref is a version number, an alias such as production, or latest",
        ) from None
