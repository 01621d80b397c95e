"""A cheap first look at whether a place may hold pictures at all."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.names import is_archive_name, is_junk, is_picture_name
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind
from napari_cellsets.formats.sources import FileSource

_MOST_ENTRIES = 300


def can_open(path: str | Path) -> bool:
    """Whether `open_dataset` is likely to read a place.

    Looks at no more than a few hundred names, decodes nothing, never raises.

    Parameters
    ----------
    path
        A folder, an archive or a file.
    """
    try:
        place = os.fspath(path)
        if os.path.isdir(place):
            return _folder_has_pictures(place)
        head = FileSource(Path(place)).read_at(0, HEAD_BYTES)
        if is_archive_name(place):
            return head.startswith(b"PK\x03\x04")
        return is_picture_name(place) and bool(picture_kind(head, place))
    except (CellsetsError, OSError, ValueError, TypeError):
        return False


def _folder_has_pictures(folder: str) -> bool:
    """Breadth first, so that many files in one folder do not hide another."""
    left = _MOST_ENTRIES
    waiting = deque([folder])
    while waiting and left > 0:
        with os.scandir(waiting.popleft()) as entries:
            for entry in entries:
                left -= 1
                if left < 0:
                    break
                if is_junk(entry.name):
                    continue
                if is_picture_name(entry.name) or is_archive_name(entry.name):
                    return True
                if entry.is_dir():
                    waiting.append(entry.path)
    return False
