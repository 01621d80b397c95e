"""A file tree in which recordings of events can be looked at as pictures."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import FileTree
from napari_cellsets.formats.names import natural_order
from napari_cellsets.formats.sources import HeldSource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from napari_cellsets.core.events import Geometry
    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.files import Problem
    from napari_cellsets.formats.sources import Source

_KEPT = 8


class EventTree(FileTree):
    """The files of another tree; a recording reads as a PNG of one moment.

    So all that shows pictures shows recordings too; what plays them opens them by
    `open_recording`. Other files are as they are in the other tree.

    Parameters
    ----------
    base
        The files.
    recordings
        Names of the recordings among them.
    size
        Size of the sensor where recordings do not say it.
    inside
        Recordings that share a file with others, by names of their own: the file,
        and the reading that tells them apart.
    """

    def __init__(
        self,
        base: FileTree,
        recordings: Collection[str],
        size: Geometry | None = None,
        inside: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.root: Path = base.root
        self.problems: list[Problem] = base.problems
        self.base = base
        self._inside = dict(inside or {})
        self.recordings = frozenset([*recordings, *self._inside])
        self._size = size
        self._lock = threading.Lock()
        self._stills: OrderedDict[str, bytes] = OrderedDict()
        self._readings: dict[str, str] = {}

    def names(self) -> Sequence[str]:
        """All files in natural order, recordings inside of files among them."""
        if not self._inside:
            return self.base.names()
        return natural_order({*self.base.names(), *self._inside})

    def home_of(self, name: str) -> str:
        """Name of the file in `base` that holds a recording."""
        return self._inside.get(name, (name, ""))[0]

    def read(self, name: str) -> bytes:
        """Return the content of one file, of a recording its still as a PNG."""
        if name not in self.recordings:
            return self.base.read(name)
        with self._lock:
            kept = self._stills.get(name)
        if kept is None:
            kept = self._still(name)
            with self._lock:
                self._stills[name] = kept
                while len(self._stills) > _KEPT:
                    self._stills.popitem(last=False)
        return kept

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of what `read` returns."""
        if name in self.recordings:
            return self.read(name)[:length]
        return self.base.head(name, length)

    def size(self, name: str) -> int:
        """Size in bytes of what `read` returns."""
        if name in self.recordings:
            return len(self.read(name))
        return self.base.size(name)

    def source(self, name: str) -> Source:
        """Return what `read` returns as bytes at any offset."""
        if name in self.recordings:
            content = self.read(name)
            return HeldSource(content, in_memory=limits.NESTED_IN_MEMORY_BYTES)
        return self.base.source(name)

    def local_path(self, name: str) -> Path | None:
        """Where a file lies on disk; None for recordings, whose stills do not."""
        return None if name in self.recordings else self.base.local_path(name)

    def look_into(self, names: Iterable[str]) -> None:
        """List what archives of the tree hold, too."""
        self.base.look_into(names)

    def place(self, name: str) -> str:
        """Return how to call a file in a message to a person."""
        return self.base.place(name)

    def open_recording(self, name: str, *, reading: str | None = None) -> EventSource:
        """Open a recording for decoding.

        Parameters
        ----------
        name
            One of `recordings`.
        reading
            Which of several readings to take, see `opening.open_events`; it holds
            from then on.

        Raises
        ------
        UnreadableFileError, UnsafeArchiveError
            If it is damaged, or no recording after all.
        AmbiguousEventsError
            If several readings fit and none was named.
        """
        from napari_cellsets.formats.events.opening import open_events

        file, own = self._inside.get(name, (name, None))
        chosen = reading or self._readings.get(name) or own
        source = open_events(self.base, file, reading=chosen)
        if reading is not None:
            with self._lock:
                self._readings[name] = reading
                self._stills.pop(name, None)
        if source.header.geometry is None and self._size is not None:
            source.header = replace(source.header, geometry=self._size)
        return source

    def _still(self, name: str) -> bytes:
        import cv2

        from napari_cellsets.formats.events.stills import still_of

        good, packed = cv2.imencode(
            ".png",
            still_of(self.open_recording(name)),
            (cv2.IMWRITE_PNG_COMPRESSION, 1),
        )
        if not good:
            raise UnreadableFileError("this recording cannot be drawn", path=name)
        return packed.tobytes()
