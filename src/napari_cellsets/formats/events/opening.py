"""Find out what a file of events is, and open it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.events.registry import EVENT_FORMATS, HEAD_BYTES
from napari_cellsets.formats.files import FileTree
from napari_cellsets.formats.sources import read_file, regular_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.events.registry import EventFormat


def find_format(tree: FileTree, name: str) -> EventFormat | None:
    """Return the format of a file, None where it holds no events.

    Looks at its name and its first `HEAD_BYTES` bytes; formats are asked only where
    the name has one of their endings.

    Raises
    ------
    UnreadableFileError, UnsafeArchiveError
        If the file cannot be read.
    """
    asked = _formats_of(name)
    if not asked:
        return None
    head, size = tree.head(name, HEAD_BYTES), tree.size(name)
    return next((known for known in asked if known.sniff(name, head, size)), None)


def _formats_of(name: str) -> list[EventFormat]:
    """Formats whose files are called so."""
    lowered = name.lower()
    return [each for each in EVENT_FORMATS.values() if lowered.endswith(each.endings)]


def open_events(
    tree: FileTree, name: str, *, reading: str | None = None
) -> EventSource:
    """Open a file of events.

    Parameters
    ----------
    tree
        Where it lies.
    name
        Its name there.
    reading
        One of the readings that an `AmbiguousEventsError` offered before.

    Raises
    ------
    UnreadableFileError
        If it is no file of events, or damaged.
    NotRecognisedError
        If it is a file of numbers, but not of events.
    AmbiguousEventsError
        If it can be read in more than one way; `reading` answers it.
    UnsafeArchiveError
        If it is a refused member of an archive.
    """
    found = find_format(tree, name)
    only = _formats_of(name)
    if found is None and len(only) == 1:
        found = only[0]  # it says best what it misses
    if found is None:
        known = sorted({end for each in EVENT_FORMATS.values() for end in each.endings})
        raise UnreadableFileError(
            "no events were recognised in it",
            path=tree.place(name),
            advice=f"Recordings in {', '.join(known)} files can be read.",
        )
    return found.open(tree, name, reading=reading)


def open_event_file(path: str | Path, *, reading: str | None = None) -> EventSource:
    """Open a file of events on disk; see `open_events`."""
    place = Path(path)
    return open_events(LoneFile(place), place.name, reading=reading)


class LoneFile(FileTree):
    """One file on disk, without what lies beside it."""

    def __init__(self, path: Path) -> None:
        self.root, self._path = path.parent, path
        self.problems = []

    def names(self) -> Sequence[str]:
        """Its one name."""
        return [self._path.name]

    def read(self, name: str) -> bytes:
        """Return its content."""
        return read_file(self.root / name)

    def head(self, name: str, length: int) -> bytes:
        """Return its first bytes."""
        return read_file(self.root / name, length)

    def size(self, name: str) -> int:
        """Its size in bytes."""
        return regular_size(self.root / name)

    def local_path(self, name: str) -> Path | None:
        """Where it lies."""
        return self.root / name
