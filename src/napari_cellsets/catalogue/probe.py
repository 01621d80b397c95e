"""A cheap first look at whether a place may hold pictures at all."""

from __future__ import annotations

import os
import struct
from collections import Counter, deque
from itertools import islice
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
    from collections.abc import Callable

_MOST_ENTRIES = 20_000
_MOST_IN_FOLDER = 5_000
_MOST_ASKED = 12
_SEVEN_OR_GZIP = (b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")
_END_RECORD = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_LONGEST_COMMENT = 65_535
_LISTING_BYTES = 1 << 22
_IN_ZIP64 = 0xFFFFFFFF
_WORTH_A_LOOK = "large.zip"
_TROUBLE = (CellsetsError, OSError, MemoryError, struct.error)


def can_open(path: str | Path) -> bool:
    """Whether `open_dataset` is likely to read a place.

    Looks at no more than some thousand names, decodes nothing, never raises.

    Parameters
    ----------
    path
        A folder, an archive or a file.
    """
    try:
        return bool(_look(Path(path)))
    except (*_TROUBLE, ValueError, TypeError):
        return False


def is_worth_opening(path: str | Path) -> bool:
    """Whether `open_dataset` reads a place, or says best why it cannot be read.

    True also where looking failed: at a disk that does not answer, a folder that may
    not be read, an empty one, a broken archive. Opening looks again and says why. False
    only for what could be read and is nothing of ours.

    Parameters
    ----------
    path
        A folder, an archive or a file.
    """
    try:
        return _look(Path(path)) is not False
    except _TROUBLE:
        return "://" not in os.fspath(path)  # an address is for others to fetch
    except (ValueError, TypeError):
        return False


def _look(place: Path) -> bool | None:
    """Whether there is something of ours, None where there is nothing at all.

    Raises
    ------
    CellsetsError, OSError, MemoryError, struct.error
        If something could not be looked at, and nothing else is ours.
    """
    known = _OfSets()
    if place.is_dir():
        return _folder_has_some(place, known)
    if is_archive_name(place.name):
        return _archive_has_some(place, known)
    if is_picture_name(place.name):
        return bool(picture_kind(read_file(place, HEAD_BYTES), str(place)))
    head = read_file(place, SNIFFED_BYTES)
    if known(place.name) or is_recording(LoneFile(place), place.name):
        return True
    return any(form.sniff(place.name, head) for form in FORMS.values())


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


def _folder_has_some(folder: Path, known: _OfSets) -> bool | None:
    """See `_look`; what cannot be read keeps nothing from the rest."""
    look = _FolderLook(known)
    waiting = deque([str(folder)])
    while waiting and look.left > 0:
        # from both ends: neither many folders beside each other nor deep ones hide any
        inner = waiting.pop() if look.folders % 2 else waiting.popleft()
        try:
            if look.finds_in(inner, waiting):
                return True
        except _TROUBLE as error:
            look.trouble.append(error)
    if look.trouble:
        raise look.trouble[0]
    return False if look.files or waiting else None


class _FolderLook:
    """What was seen below a folder so far."""

    def __init__(self, known: _OfSets) -> None:
        self._known = known
        self._asked: Counter[str] = Counter()
        self.left = _MOST_ENTRIES
        self.folders = self.files = 0
        self.trouble: list[Exception] = []

    def finds_in(self, folder: str, waiting: deque[str]) -> bool:
        """Whether one folder holds something of ours; adds its folders to `waiting`."""
        self.folders += 1
        with os.scandir(folder) as entries:
            for entry in islice(entries, min(self.left, _MOST_IN_FOLDER)):
                self.left -= 1
                if is_junk(entry.name):
                    continue
                try:
                    if entry.is_dir():
                        waiting.append(entry.path)
                        continue
                    self.files += 1
                    if self._is_ours(entry):
                        return True
                except (*_TROUBLE, ValueError) as error:
                    self.trouble.append(error)
        return False

    def _is_ours(self, entry: os.DirEntry[str]) -> bool:
        if is_archive_name(entry.name):
            return bool(_archive_has_some(Path(entry.path), self._known))
        if self._known(entry.name):
            return True
        ending = entry.name.rpartition(".")[2].lower()
        if self._asked[ending] >= _MOST_ASKED or not is_event_name(entry.name):
            return False
        self._asked[ending] += 1
        read_file(entry.path, 1)  # raises where it may not be read
        return is_recording(LoneFile(Path(entry.path)), entry.name)


def _archive_has_some(archive: Path, known: _OfSets) -> bool | None:
    """See `_look`."""
    source = FileSource(archive)
    if not archive.name.lower().endswith(".zip"):
        # its names come late
        return _begins_as_archive(source) or bool(open_tree(archive).names())
    listed = _names_in_zip(source)
    if listed is None:
        return bool(open_tree(archive).names())  # says what is wrong
    names = [name for name in listed if not name.endswith("/")]
    if any(is_archive_name(name) or known(name) for name in names):
        return True
    events = [name for name in names if is_event_name(name)]
    if events:
        tree, asked = open_tree(archive), Counter[str]()
        for name in events:
            ending = name.rpartition(".")[2].lower()
            asked[ending] += 1
            if asked[ending] <= _MOST_ASKED and is_recording(tree, name):
                return True
    return False if names else None


def _begins_as_archive(source: FileSource) -> bool:
    """Whether a file begins as 7z, gzip or tar archives do."""
    head = source.read_at(0, 512)
    return head[257:262] == b"ustar" or head.startswith(_SEVEN_OR_GZIP)


def _names_in_zip(source: FileSource) -> list[str] | None:
    """Names in an archive's directory; None where that is no directory."""
    tail = source.read_at(
        max(0, source.size - _LONGEST_COMMENT - _END_RECORD.size), source.size
    )
    end = tail.rfind(b"PK\x05\x06")
    if end < 0:
        return None
    record = _END_RECORD.unpack_from(tail, end)
    length, start = record[5], record[6]
    if start == _IN_ZIP64 or length > _LISTING_BYTES:
        return [_WORTH_A_LOOK]
    # bytes before the archive shift all offsets
    shift = source.size - len(tail) + end - length - start
    listing = source.read_at(start + max(0, shift), length)
    names, at = [], 0
    while at + _ENTRY.size <= len(listing):
        entry = _ENTRY.unpack_from(listing, at)
        name_length, extra_length, comment_length = entry[12:15]
        at += _ENTRY.size
        name = listing[at : at + name_length].decode("utf-8", "replace")
        if not any(is_junk(part) for part in name.split("/")):
            names.append(name)
        at += name_length + extra_length + comment_length
    return names
