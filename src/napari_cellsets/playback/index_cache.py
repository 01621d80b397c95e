"""Indexes kept in the person's cache folder: a file is looked through only once.

An index is used again only for a file of the same place, name, format, size and
time of change that begins with the same events, and only where its numbers fit each
other; anything else is forgotten and made anew. (The beginning tells apart what may
have one name: two readings of an array, two files of one name in an archive.)
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import ExportError
from napari_cellsets.core.events import Events
from napari_cellsets.core.places import cache_home
from napari_cellsets.formats.atomic import atomic_output
from napari_cellsets.formats.events.base import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.playback.index import Index
    from napari_cellsets.playback.watched import WatchedFile

EDITION = 2
"""Raised when an index of before cannot be used any more."""

_BEGINNING = 4096
"""Events of the beginning that there is room for, to tell the same file by."""

_DIGEST = hashlib.sha256().digest_size
_MOST_KEPT = 500
"""Indexes in the folder; the oldest go. Each is below 10 MB, most below 1 MB."""


class IndexCache:
    """The place of one recording's index on disk.

    Parameters
    ----------
    watched
        The file behind the recording.
    name
        What tells it from other recordings in the same file.
    source
        The file as its codec opened it.
    """

    def __init__(self, watched: WatchedFile, name: str, source: EventSource) -> None:
        place = str(watched.place.resolve())
        self._folder = cache_home() / "events"
        key = hashlib.sha256(os.fsencode(f"{place}\n{name}")).hexdigest()[:32]
        self.path = self._folder / f"{key}.index"
        self._of: dict[str, Any] = {
            "edition": EDITION,
            "place": place,
            "name": name,
            "size": watched.opened.size,
            "mtime_ns": watched.opened.mtime_ns,
            "format": source.header.format,
            "units": source.units,
            "most_per_unit": source.most_per_unit,
            "sums": list(Tally.NAMES),
            "begins": _beginning(source),
        }

    def load(self, index: Index) -> bool:
        """Fill an index from disk; return whether there was one that fits."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return False
        digest, content = content[:_DIGEST], content[_DIGEST:]
        if hashlib.sha256(content).digest() != digest:
            return False
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            if json.loads(str(held["of"])) != self._of:
                return False
            rows, states, sums = held["rows"], held["states"], held["sums"]
        if not _fits(index, rows, states, sums):
            return False
        index.adopt(rows, states, sums)
        return True

    def save(self, index: Index) -> None:
        """Keep a complete index; where the folder cannot be written, do without."""
        held = io.BytesIO()
        np.savez(
            held,
            of=json.dumps(self._of),
            rows=index.rows,
            states=index.states,
            sums=index.sums.values,
        )
        content = held.getvalue()
        with suppress(ExportError, OSError):
            with atomic_output(self.path) as aside:
                aside.write_bytes(hashlib.sha256(content).digest() + content)
            self._prune()

    def forget(self) -> None:
        """Throw the index away, so that the next opening makes a new one."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _prune(self) -> None:
        kept = sorted(self._folder.glob("*.index"), key=_age)
        for old in kept[:-_MOST_KEPT]:
            old.unlink(missing_ok=True)


def _beginning(source: EventSource) -> str:
    """Return a digest of the first events."""
    out = Events.empty(max(_BEGINNING, source.most_per_unit))
    # So few units that the room is enough for all of them: else it would depend on
    # the way of decoding where it ends.
    stop = min(source.units, max(1, _BEGINNING // source.most_per_unit))
    _, count = source.decode(0, stop, source.start(), out)
    digest = hashlib.sha256()
    for column in (out.t, out.x, out.y, out.p):
        digest.update(column[:count].tobytes())
    return digest.hexdigest()


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _fits(
    index: Index, rows: NDArray[Any], states: NDArray[Any], sums: NDArray[Any]
) -> bool:
    pairs = (
        (rows, index.rows),
        (states, index.states),
        (sums, index.sums.values),
    )
    if any(a.shape != b.shape or a.dtype != b.dtype for a, b in pairs):
        return False
    units, before, on = rows[:3]
    return bool(
        np.all(np.diff(units) > 0)
        and np.all(np.diff(before) >= np.diff(on))
        and np.all(np.diff(on) >= 0)
        and sums[Tally.ON] == on[-1]
        and sums[Tally.ON] + sums[Tally.OFF] == before[-1]
    )
