"""A 7z archive as a file tree, through the optional package py7zr.

Its directory lists all members at once. Their bytes are mostly packed together, so
the first read unpacks all of them, once, into an unnamed temporary file, which goes
with the tree. Nothing is written beside the archive.
"""

from __future__ import annotations

import lzma
import os
import shutil
import struct
import tempfile
import threading
import zlib
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats import limits
from napari_cellsets.formats.archive_tree import ArchiveTree
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.sources import SourceFile
from napari_cellsets.formats.zip_tree import climbs_out, is_junk_part

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.sources import Source

_FAULTS = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    zlib.error,
    lzma.LZMAError,
)
_ROOM_LEFT = 256 * limits.MIB
_SIGNATURE = struct.Struct("<6s2sIQQI")
_PACKED_DIRECTORY = b"\x17"
_PPMD = b"\x03\x04\x01"
"""Number of a packing whose decoder brings down the whole program on damaged data."""


class _Stretch(NamedTuple):
    offset: int
    size: int


class SevenTree(ArchiveTree[_Stretch]):
    """Members of a 7z archive; see the module."""

    def __init__(
        self, source: Source, place: Path, depth: int, local: Path | None
    ) -> None:
        self._local = local
        self._lock = threading.Lock()
        self._unpacked: _Spill | None = None
        super().__init__(source, place, depth)

    def _source_of(self, name: str) -> Source:
        return _Member(self, name, self._member(name).size)

    def _taken(self, name: str, head: int = -1) -> bytes:
        member = self._member(name)
        wanted = member.size if head < 0 else min(head, member.size)
        return self.part(name, 0, wanted)

    def part(self, name: str, offset: int, length: int) -> bytes:
        """Return some bytes of a member; the first call unpacks the archive."""
        member = self._member(name)
        with self._lock:
            if self._unpacked is None:
                self._unpacked = self._unpack()
            length = max(0, min(length, member.size - offset))
            if name not in self._unpacked.whole:
                raise UnreadableFileError(
                    "this member of the archive is damaged or missing",
                    path=self.place(name),
                    advice="Download the archive again.",
                )
            return self._unpacked.read(member.offset + offset, length)

    def _list_members(self) -> dict[str, _Stretch]:
        errors: tuple[type[Exception], ...] = (*_faults(self.root), *_FAULTS)
        if self._directory_is_ppmd():
            raise self._is_ppmd()
        try:
            with self._file() as file, _archive(file) as archive:
                locked = archive.needs_password()
                if _PPMD in _packings(archive):
                    raise self._is_ppmd()
                infos = archive.list()
        except errors as error:
            if type(error).__name__ == "PasswordRequired":
                raise self._is_locked() from error
            self._is_broken("7z", error, _why_broken(error))
        if locked:
            raise self._is_locked()
        return self._sort_out(infos)

    def _sort_out(self, infos: list[Any]) -> dict[str, _Stretch]:
        members: dict[str, _Stretch] = {}
        total = sum(max(0, info.uncompressed or 0) for info in infos)
        ratio = limits.MEMBER_RATIO * max(self._source.size, limits.MIB)
        self._refuse_bombs(len(infos), total, most=ratio)
        at = 0
        for info in infos:
            name = info.filename.replace("\\", "/")
            if info.is_directory or any(map(is_junk_part, name.split("/"))):
                continue
            reason = _why_refused(info, name)
            if reason:
                self._refuse(name, reason)
            elif "\n" not in name and name not in members:
                members[name] = _Stretch(at, info.uncompressed)
                at += info.uncompressed
        return members

    def _unpack(self) -> _Spill:
        total = sum(member.size for member in self._members.values())
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if total > free - _ROOM_LEFT:
            raise UnreadableFileError(
                f"reading this archive needs {total:,} bytes of room for temporary"
                f" files, {free:,} are left",
                path=self.root,
                advice="Unpack it on a larger disk and open the folder.",
            )
        spill = _Spill(self._members)
        errors: tuple[type[Exception], ...] = (*_faults(self.root), *_FAULTS)
        try:
            with self._file() as file, _archive(file) as archive:
                archive.extract(targets=list(self._members), factory=spill.factory())
        except errors as error:
            said = f"the archive is damaged ({_why_broken(error)})"
            self.problems.append(Problem("", f"{self.root}: {said}."))
        return spill

    def _file(self) -> IO[bytes]:
        if self._local is not None:
            return open(self._local, "rb")
        return SourceFile(self._source)  # type: ignore[return-value]

    def _directory_is_ppmd(self) -> bool:
        """Whether the directory itself may be packed so; it is unpacked on opening."""
        head = self._source.read_at(0, _SIGNATURE.size)
        if len(head) < _SIGNATURE.size:
            return False
        *_, offset, size, _ = _SIGNATURE.unpack(head)
        if size > limits.MIB or offset + size > self._source.size:
            return False  # what describes a packed directory is short
        packing = self._source.read_at(_SIGNATURE.size + offset, size)
        return packing.startswith(_PACKED_DIRECTORY) and _PPMD in packing

    def _is_ppmd(self) -> UnsafeArchiveError:
        return UnsafeArchiveError(
            "this archive is packed with PPMd, which cannot be unpacked safely here",
            path=self.root,
            advice="Unpack it with 7-Zip and open the folder.",
        )

    def _is_locked(self) -> UnsafeArchiveError:
        return UnsafeArchiveError(
            "this archive is encrypted",
            path=self.root,
            advice="Unpack it with its password and open the folder.",
        )


class _Member:
    """A member as a source: an archive in the archive."""

    def __init__(self, tree: SevenTree, name: str, size: int) -> None:
        self._tree, self._name, self.size = tree, name, size

    def read_at(self, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; fewer only at the end."""
        return self._tree.part(self._name, offset, length)


class _Spill:
    """Unpacked members one behind the other in a temporary file."""

    def __init__(self, members: dict[str, _Stretch]) -> None:
        self.whole: set[str] = set()
        self._members = members
        self._file = tempfile.TemporaryFile()

    def read(self, offset: int, length: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(length)

    def write(self, name: str, at: int, content: bytes) -> None:
        """Keep bytes of a member, never more than it claimed."""
        member = self._members[name]
        if at + len(content) > member.size:
            raise ValueError(f"{name} is larger than it claims")
        self._file.seek(member.offset + at)
        self._file.write(content)

    def close(self, name: str, size: int) -> None:
        if size == self._members[name].size:
            self.whole.add(name)

    def factory(self) -> Any:
        """What py7zr asks for a place to write each member to."""
        from py7zr.io import Py7zIO, WriterFactory

        spill, known = self, {os.path.normpath(name): name for name in self._members}

        class Output(Py7zIO):  # type: ignore[misc]
            def __init__(self, name: str) -> None:
                self.name, self.at = name, 0
                spill.close(name, 0)

            def write(self, s: bytes | bytearray) -> int:
                spill.write(self.name, self.at, bytes(s))
                self.at += len(s)
                spill.close(self.name, self.at)
                return len(s)

            def read(self, size: int | None = None) -> bytes:
                return b""

            def seek(self, offset: int, whence: int = 0) -> int:
                return offset

            def flush(self) -> None:
                return None

            def size(self) -> int:
                return self.at

        class Factory(WriterFactory):  # type: ignore[misc]
            def create(self, filename: str) -> Py7zIO:
                name = os.path.normpath(filename)
                if name not in known:
                    name = os.path.relpath(name)
                return Output(known[name])

        return Factory()

    def __del__(self) -> None:
        self._file.close()


def _why_broken(error: Exception) -> str:
    """What py7zr found wrong, in words; of some faults it gives numbers only."""
    known = {
        "CrcError": "a checksum does not fit",
        "UnsupportedCompressionMethodError": "it is packed in a way that is not known",
    }
    return known.get(type(error).__name__) or str(error)


def _why_refused(info: Any, name: str) -> str:
    """One sentence on why a member is not read; empty where all is well."""
    if climbs_out(name):
        return "the name of this member climbs out of the archive"
    if info.is_symlink:
        return "this member is a link, which is not followed"
    if not info.is_file:
        return "this member is no ordinary file"
    if info.uncompressed < 0 or info.uncompressed > limits.MEMBER_BYTES:
        return f"this member claims {info.uncompressed:,} bytes"
    return ""


def _packings(archive: Any) -> set[bytes]:
    """Numbers of the packings that members are packed with."""
    streams = archive.header.main_streams
    folders = streams.unpackinfo.folders if streams is not None else ()
    return {coder["method"] for folder in folders for coder in folder.coders}


def _archive(file: IO[bytes]) -> Any:
    from py7zr import SevenZipFile

    return SevenZipFile(file, "r")


def _faults(place: Path) -> tuple[type[Exception], ...]:
    """Errors of py7zr; says so where it is not installed."""
    try:
        from py7zr.exceptions import (
            AbsolutePathError,
            ArchiveError,
            PasswordRequired,
        )
    except ImportError as error:
        raise UnreadableFileError(
            "reading 7z archives needs the package py7zr",
            path=place,
            advice="Install it with: pip install napari-cellsets[archives];"
            " or unpack the archive and open the folder.",
        ) from error
    return ArchiveError, AbsolutePathError, PasswordRequired


def open_seven(
    source: Source, place: Path, *, depth: int, local: Path | None
) -> SevenTree:
    """Open a 7z archive; see `archives.open_archive`."""
    return SevenTree(source, place, depth, local)
