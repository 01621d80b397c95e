"""A cheap first look at whether a place may hold pictures at all."""

from __future__ import annotations

import os
import struct
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.catalogue.recordings import is_event_name, is_recording
from napari_cellsets.catalogue.set_files import set_files
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.base import FORMS, SNIFFED_BYTES
from napari_cellsets.formats.events.opening import LoneFile
from napari_cellsets.formats.files import open_tree
from napari_cellsets.formats.names import is_archive_name, is_junk, is_picture_name
from napari_cellsets.formats.sniff import HEAD_BYTES, picture_kind
from napari_cellsets.formats.sources import FileSource, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_ENTRIES = 300
_MOST_ASKED = 12
_SEVEN_OR_GZIP = (b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")
_END_RECORD = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_LONGEST_COMMENT = 65_535
_LISTING_BYTES = 65_536
_IN_ZIP64 = 0xFFFFFFFF


def can_open(path: str | Path) -> bool:
    """Whether `open_dataset` is likely to read a place.

    Looks at no more than a few hundred names, decodes nothing, never raises.

    Parameters
    ----------
    path
        A folder, an archive or a file.
    """
    try:
        place = Path(path)
        known = _OfSets()
        if place.is_dir():
            return _folder_has_some(place, known)
        if is_archive_name(place.name):
            return _archive_has_some(place, known)
        if is_picture_name(place.name):
            return bool(picture_kind(read_file(place, HEAD_BYTES), str(place)))
        if known(place.name):
            return place.is_file()
        if is_recording(LoneFile(place), place.name):
            return True
        head = read_file(place, SNIFFED_BYTES)
        return any(form.sniff(place.name, head) for form in FORMS.values())
    except (CellsetsError, OSError, ValueError, TypeError, struct.error):
        return False


class _OfSets:
    """Whether a name is of a picture or of a file that a row knows.

    Rows are asked for when the first name is none of a picture.
    """

    def __init__(self) -> None:
        self._known: Callable[[str], bool] | None = None

    def __call__(self, name: str) -> bool:
        if is_picture_name(name):
            return True
        if self._known is None:
            self._known = set_files()
        return self._known(name)


def _folder_has_some(folder: Path, known: _OfSets) -> bool:
    """Breadth first, so that many files in one folder do not hide another."""
    left, asked = _MOST_ENTRIES, _MOST_ASKED
    waiting = deque([str(folder)])
    while waiting and left > 0:
        with os.scandir(waiting.popleft()) as entries:
            for entry in entries:
                left -= 1
                if left < 0:
                    break
                if is_junk(entry.name):
                    continue
                if entry.is_dir():
                    waiting.append(entry.path)
                elif is_archive_name(entry.name):
                    if _archive_has_some(Path(entry.path), known):
                        return True
                elif known(entry.name):
                    return True
                elif asked and is_event_name(entry.name):
                    asked -= 1
                    if is_recording(LoneFile(Path(entry.path)), entry.name):
                        return True
    return False


def _archive_has_some(archive: Path, known: _OfSets) -> bool:
    if not archive.name.lower().endswith(".zip"):
        return _is_other_archive(archive)
    names = list(_first_names(FileSource(archive)))
    if any(is_archive_name(name) or known(name) for name in names):
        return True
    some = [name for name in names if is_event_name(name)][:_MOST_ASKED]
    if not some:
        return False
    tree = open_tree(archive)
    return any(is_recording(tree, name) for name in some)


def _is_other_archive(archive: Path) -> bool:
    """Whether a file begins as 7z, gzip or tar archives do; their names come late."""
    head = FileSource(archive).read_at(0, 512)
    return head[257:262] == b"ustar" or head.startswith(_SEVEN_OR_GZIP)


def _first_names(source: FileSource) -> Iterator[str]:
    """Names at the beginning of an archive's directory, which is read in part."""
    tail = source.read_at(
        max(0, source.size - _LONGEST_COMMENT - _END_RECORD.size), source.size
    )
    end = tail.rfind(b"PK\x05\x06")
    if end < 0:
        return
    record = _END_RECORD.unpack_from(tail, end)
    length, start = record[5], record[6]
    if start == _IN_ZIP64:
        yield "large.zip"  # worth a real look
        return
    # bytes before the archive shift all offsets
    shift = source.size - len(tail) + end - length - start
    listing = source.read_at(start + max(0, shift), min(length, _LISTING_BYTES))
    at, left = 0, _MOST_ENTRIES
    while at + _ENTRY.size <= len(listing) and left > 0:
        entry = _ENTRY.unpack_from(listing, at)
        name_length, extra_length, comment_length = entry[12:15]
        name = listing[at + _ENTRY.size :][:name_length].decode("utf-8", "replace")
        if not any(is_junk(part) for part in name.split("/")):
            yield name
        at += _ENTRY.size + name_length + extra_length + comment_length
        left -= 1
