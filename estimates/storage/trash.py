"""The trash of a root: a folder a day; what is in it can be taken back until a sweep empties it."""

from typing import NamedTuple

from estimates import instants
from estimates.storage.objects import Objects

TRASH = "trash"


class PlaceInTrash(NamedTuple):
    """What the name of a file in the trash says: the day it went, its set, and the digest that it,
    or its snapshot, is named by; each empty where it says none.
    """

    day: str
    set: str
    digest: str


def place_in_trash(name: str) -> PlaceInTrash:
    """What the name of a file in the trash says."""
    _, day, folder, of_set, _, named, *_ = [*name.split("/"), *[""] * 5]
    return PlaceInTrash(day, of_set if folder == "sets" else "", named.partition(".")[0])


def trash_of_today() -> str:
    """The folder that takes what goes today."""
    return f"{TRASH}/{instants.now().date()}"


def put_aside(objects: Objects, name: str) -> None:
    """Move a file into the trash of today; one that is not there is no error."""
    objects.move(name, f"{trash_of_today()}/{name}")
