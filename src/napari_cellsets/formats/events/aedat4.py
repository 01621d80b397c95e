"""AEDAT 4 of DV, through the library ``aedat``: decoded once, then sought.

Its packets lie one after the other, each packed by itself, so that only decoding all
of them tells where a time is.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.errors import AmbiguousEventsError, UnreadableFileError
from napari_cellsets.core.events import Events, Geometry
from napari_cellsets.formats.events.npz import open_npz
from napari_cellsets.formats.events.spool import (
    on_disk,
    spool_columns,
    spooled,
    step,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.formats.events.base import EventSource
    from napari_cellsets.formats.files import FileTree

MAGIC = b"#!AER-DAT4"
_BYTES_AN_EVENT = 7
"""About so many when packed: to tell how far decoding is."""


def sniff_aedat4(name: str, head: bytes, size: int) -> bool:
    """Whether a file begins as AEDAT 4 does."""
    return head.startswith(MAGIC)


def open_aedat4(
    tree: FileTree, name: str, *, reading: str | None = None
) -> EventSource:
    """Open a recording of DV.

    Parameters
    ----------
    tree, name
        The file.
    reading
        Which of several cameras, as the error said.

    Raises
    ------
    UnreadableFileError
        If it is damaged or has no events, or the library is not installed.
    AmbiguousEventsError
        If it has events of several cameras.
    CancelledError
        If decoding was stopped; see `spool.watched`.
    """
    from napari_cellsets.formats.events.opening import LoneFile

    place = tree.place(name)
    with on_disk(tree, name) as path:
        with _decoder(path, place) as decoder:
            streams = _event_streams(decoder)
        number = _chosen(streams, reading, place)

        def make(spool: Path) -> None:
            size = tree.size(name)
            spool_columns(spool, _events(path, number, size, place), {}, place)

        made = spooled(tree, name, f"aedat4 {number}", make, ".npz")
    found = open_npz(LoneFile(made), made.name)
    width, height = streams[number].get("width"), streams[number].get("height")
    geometry = Geometry(int(width), int(height)) if width and height else None
    found.header = replace(found.header, format="AEDAT 4", geometry=geometry)
    return found


def _event_streams(decoder: Any) -> dict[int, dict[str, Any]]:
    streams: dict[int, dict[str, Any]] = decoder.id_to_stream()
    return {n: about for n, about in streams.items() if about.get("type") == "events"}


def _chosen(streams: dict[int, dict[str, Any]], reading: str | None, place: str) -> int:
    words = {f"stream {number}": number for number in streams}
    if reading is not None and reading in words:
        return words[reading]
    if not streams:
        raise UnreadableFileError("it holds no stream of events", path=place)
    if len(streams) > 1:
        raise AmbiguousEventsError(
            f"it holds events of {len(streams)} cameras",
            readings=list(words),
            path=place,
            advice="Say which one to open.",
        )
    return min(streams)


def _events(path: Path, number: int, size: int, place: str) -> Iterator[Events]:
    """Decode the packets of one camera."""
    count = 0
    with _decoder(path, place) as decoder:
        for packet in decoder:
            if packet.get("stream_id") == number and "events" in packet:
                found = packet["events"]
                polarity = "p" if "p" in found.dtype.names else "on"
                count += len(found)
                yield Events.of(found["t"], found["x"], found["y"], found[polarity])
            step(count * _BYTES_AN_EVENT / max(1, size))


@contextmanager
def _decoder(path: Path, place: str) -> Iterator[Any]:
    """Open the library's decoder; what it raises in the block becomes our error.

    Raises
    ------
    UnreadableFileError
        If the library is not installed or refuses the file.
    """
    try:
        import aedat
    except ImportError as error:
        raise UnreadableFileError(
            "AEDAT 4 is read through the library aedat, which is not installed",
            path=place,
            advice="Install napari-cellsets[events].",
        ) from error
    try:
        yield aedat.Decoder(path)
    except (RuntimeError, ValueError, OSError, TypeError, MemoryError) as error:
        raise _damaged(error, place) from error
    except BaseException as error:
        # the library's own panics are no `Exception`: it knows them by this module
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise _damaged(error, place) from error


def _damaged(error: BaseException, place: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"this AEDAT 4 file is damaged ({str(error)[:80]})",
        path=place,
        advice="Copy or download it again.",
    )
