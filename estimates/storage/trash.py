"""The trash of a root: a folder a day; what is in it can be taken back until a sweep empties it."""

from estimates import instants
from estimates.storage.objects import Objects

TRASH = "trash"


def trash_of_today() -> str:
    """The folder that takes what goes today."""
    return f"{TRASH}/{instants.now().date()}"


def put_aside(objects: Objects, name: str) -> None:
    """Move a file into the trash of today; one that is not there is no error."""
    objects.move(name, f"{trash_of_today()}/{name}")
