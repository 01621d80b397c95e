"""Whether the file behind a recording is still the one that was opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.sources import unreadable

if TYPE_CHECKING:
    from pathlib import Path

_BLOCK = 4096


class Look(NamedTuple):
    """What the disk says of a file without opening it."""

    size: int
    mtime_ns: int
    file: tuple[int, int]


def look_at(place: Path) -> Look:
    """Return size, time of change and identity of a file.

    Raises
    ------
    UnreadableFileError
        If it is no longer there.
    """
    try:
        found = os.stat(place)
    except OSError as error:
        raise unreadable(place, error) from error
    return Look(found.st_size, found.st_mtime_ns, (found.st_dev, found.st_ino))


class WatchedFile:
    """Looks at the file before and after each read; that costs microseconds.

    A file that grew because a camera still writes it is read on to where it ended
    when it was opened; one that shrank or was written anew is refused. What stands
    in between could only be known by reading all of it again.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self.opened = self._last = look_at(place)
        self.grown = False
        self._marks = self._sampled()

    def check(self) -> None:
        """Make sure that what was opened is still there.

        Raises
        ------
        UnreadableFileError
            If the file is gone, shrank or was replaced.
        """
        now = look_at(self.place)
        if now == self._last:
            return
        if now.size < self.opened.size:
            raise self._changed(
                f"shrank from {self.opened.size:,} to {now.size:,} bytes"
            )
        if now.size == self._last.size or self._sampled() != self._marks:
            raise self._changed("was replaced or written anew")
        self.grown = True
        self._last = now

    def _changed(self, how: str) -> UnreadableFileError:
        return UnreadableFileError(
            f"the file {how} while it was open",
            path=self.place,
            advice="Open it again to see what it holds now.",
        )

    def _sampled(self) -> tuple[bytes, ...]:
        """Some bytes of the beginning, the middle and the end as it was opened."""
        size = self.opened.size
        if self.place.is_dir():
            return ()
        try:
            with open(self.place, "rb") as file:
                marks = []
                for at in (0, size // 2, max(0, size - _BLOCK)):
                    file.seek(at)
                    marks.append(file.read(min(_BLOCK, size - at)))
        except OSError as error:
            raise unreadable(self.place, error) from error
        return tuple(marks)
