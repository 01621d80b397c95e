"""Recordings that cannot be sought are decoded once, into files in the cache folder.

The files hold what was decoded, can be made again at any time, and go when they take
too much room: those used longest ago first.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.core.places import cache_home
from napari_cellsets.formats import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from napari_cellsets.core.cancel import Progress
    from napari_cellsets.core.events import Events
    from napari_cellsets.formats.files import FileTree

MOST_BYTES = 16 * limits.GIB
"""Largest spool of one recording: 1.2 billion events."""
MOST_IN_ALL = 32 * limits.GIB
"""Most that all spools take up; the oldest go first."""
_VERSION = 1
_EVENT_BYTES = 13
_COPIED_AT_ONCE = 4 * limits.MIB


class _Watch(NamedTuple):
    token: CancelToken
    progress: Progress


def _silent(fraction: float, text: str) -> None:
    """Tell nobody."""


_watch: ContextVar[_Watch | None] = ContextVar("spool_watch", default=None)


@contextmanager
def watched(
    token: CancelToken | None = None, progress: Progress | None = None
) -> Iterator[None]:
    """While the block runs, opening a recording tells how far it is and can be stopped.

    Parameters
    ----------
    token
        Stops the decoding with `CancelledError`; nothing is kept then.
    progress
        Told a fraction and a text.
    """
    before = _watch.set(_Watch(token or CancelToken(), progress or _silent))
    try:
        yield
    finally:
        _watch.reset(before)


def step(fraction: float, text: str = "Decoding") -> None:
    """Tell how far the present decoding is; raises `CancelledError` when stopped."""
    watch = _watch.get()
    if watch is not None:
        watch.token.raise_if_cancelled()
        watch.progress(min(1.0, max(0.0, fraction)), text)


def spooled(
    tree: FileTree, name: str, about: str, make: Callable[[Path], None], suffix: str
) -> Path:
    """Return the file that a recording was decoded into, making it when needed.

    Parameters
    ----------
    tree, name
        The recording; a changed size or time of its file makes it anew.
    about
        Format, and what of the file was decoded.
    make
        Writes the file, whole or not at all; calls `step` now and then.
    suffix
        Of the file's name.

    Raises
    ------
    ExportError
        If the cache folder cannot be written.
    """
    folder = cache_home() / "events" / "spool"
    path = folder / f"{_key(tree, name, about)}{suffix}"
    if path.is_file():
        os.utime(path)
        return path
    make(path)
    _make_room(folder, path)
    return path


def spool_columns(
    path: Path, pieces: Iterable[Events], facts: Mapping[str, str], place: str
) -> None:
    """Write events to a spool as `npz_write` does, but no more than fits.

    Parameters
    ----------
    path
        The spool.
    pieces
        Events.
    facts
        Looked at when all are decoded; see `npz_write.write_npz`.
    place
        How to call the recording in messages.

    Raises
    ------
    UnreadableFileError
        If there are too many.
    """
    from napari_cellsets.formats.events.npz_write import write_npz

    write_npz(path, _bounded(pieces, place), None, facts=facts)


@contextmanager
def on_disk(tree: FileTree, name: str) -> Iterator[Path]:
    """Yield where a file lies on disk; one in an archive is copied for the while."""
    local = tree.local_path(name)
    if local is not None:
        yield local
        return
    source = tree.source(name)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / Path(name).name
        with copy.open("wb") as file:
            at = 0
            while content := source.read_at(at, _COPIED_AT_ONCE):
                file.write(content)
                at += len(content)
                step(0.0, "Unpacking")
        yield copy


def _bounded(pieces: Iterable[Events], place: str) -> Iterator[Events]:
    count = 0
    for events in pieces:
        count += len(events)
        check_room(count * _EVENT_BYTES, place)
        yield events


def check_room(size: int, place: str) -> None:
    """Raise `UnreadableFileError` where a spool grows beyond `MOST_BYTES`."""
    if size > MOST_BYTES:
        raise UnreadableFileError(
            f"decoded it would take more than {MOST_BYTES:,} bytes",
            path=place,
            advice="Convert it to EVT3 with its own software.",
        )


def _key(tree: FileTree, name: str, about: str) -> str:
    place = tree.local_path(name)
    if place is None:
        place = next((p for p in (tree.root, *tree.root.parents) if p.is_file()), None)
    stamp: tuple[int, ...] = ()
    if place is not None:
        found = place.stat()
        stamp = found.st_size, found.st_mtime_ns
    said = json.dumps([_VERSION, about, tree.place(name), tree.size(name), *stamp])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _make_room(folder: Path, kept: Path) -> None:
    """Delete the spools used longest ago until the rest is small enough."""
    spools = []
    for file in folder.iterdir():
        try:
            found = file.stat()
        except OSError:
            continue
        spools.append((found.st_mtime_ns, found.st_size, file))
    total = sum(size for _, size, _ in spools)
    for _, size, file in sorted(spools):
        if total <= MOST_IN_ALL:
            return
        if file != kept:
            total -= size
            try:
                file.unlink()
            except OSError as error:
                raise ExportError(
                    f"an old copy could not be deleted: {error.strerror}", path=file
                ) from error
