"""From which files the rows of a table were made, so that a changed one is noticed.

Beside the table lies ``.NAME.pictures``: a line for each picture that was finished,
with the size, the time and a checksum of its file.
"""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.batch.resume import append_to
from napari_cellsets.core.errors import CellsetsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from napari_cellsets.formats.files import FileTree

_CHUNK = 2**20


class _Stamp(NamedTuple):
    """Size in bytes and time in ns of a file; of an archive for what is in it."""

    size: int
    time: int


class SeenPictures:
    """The files behind the rows of one table.

    Parameters
    ----------
    table
        The CSV file.
    tree
        Files of the set.
    pictures
        Name in `tree` of each picture, by the name that rows have for it.
    """

    def __init__(
        self, table: Path, tree: FileTree, pictures: Mapping[str, str]
    ) -> None:
        self._path = table.with_name(f".{table.name}.pictures")
        self._tree, self._pictures = tree, pictures
        self._stamps: dict[str, _Stamp | None] = {}

    def begin(self, finished: Collection[str]) -> list[str]:
        """Return which finished pictures changed since; those unknown did not.

        Files of which size and time are the same are not read.
        """
        self._stamps = {
            row: _stamp(self._tree, name) for row, name in self._pictures.items()
        }
        if not finished:
            self._path.unlink(missing_ok=True)
            return []
        before = self._read()
        return [name for name in finished if self._differs(name, before.get(name))]

    def note(self, rows: Iterable[str]) -> None:
        """Write down the files of pictures that are finished.

        Raises
        ------
        ExportError
            If that cannot be written.
        """
        lines = []
        for name in dict.fromkeys(rows):
            picture, stamp = self._pictures[name], self._stamps.get(name)
            # a file that changed meanwhile may not be what was decoded
            same = stamp is not None and stamp == _stamp(self._tree, picture)
            digest = _digest(self._tree, picture) if same else ""
            lines.append(json.dumps([name, digest, *(stamp or ())]))
        append_to(self._path, "".join(f"{line}\n" for line in lines).encode())

    def _differs(self, name: str, before: tuple[str, _Stamp | None] | None) -> bool:
        if before is None or name not in self._pictures:
            return False  # an earlier version wrote the row
        digest, stamp = before
        if digest and stamp == self._stamps[name]:
            return False
        now = _digest(self._tree, self._pictures[name])
        return bool(now) and now != digest

    def _read(self) -> dict[str, tuple[str, _Stamp | None]]:
        found = {}
        try:
            lines = self._path.read_text(
                encoding="utf-8", errors="replace"
            ).splitlines()
        except OSError:
            return {}
        for line in lines:
            with suppress(ValueError, TypeError):  # the last may be torn
                name, digest, *stamp = json.loads(line)
                found[name] = digest, _Stamp(*stamp) if stamp else None
        return found


def _stamp(tree: FileTree, name: str) -> _Stamp | None:
    """Size and time of a file on disk, or of the archive that it is in."""
    with suppress(CellsetsError, OSError):
        place = tree.local_path(name) or tree.root
        found = place.stat()
        return _Stamp(found.st_size, found.st_mtime_ns)
    return None


def _digest(tree: FileTree, name: str) -> str:
    """Checksum of a file; empty where it cannot be read."""
    try:
        source = tree.source(name)
        seen = 0
        for offset in range(0, source.size, _CHUNK):
            seen = zlib.crc32(source.read_at(offset, _CHUNK), seen)
    except CellsetsError:
        return ""
    return f"{source.size}-{seen:08x}"
