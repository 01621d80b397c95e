"""A zip archive as a file tree: read in place, unpacked nowhere."""

from __future__ import annotations

import zipfile
from pathlib import Path
from struct import error as struct_error
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import (
    CellsetsError,
    UnreadableFileError,
    UnsafeArchiveError,
)
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import FileTree, Problem
from napari_cellsets.formats.names import (
    is_archive_name,
    is_junk,
    is_picture_name,
    natural_order,
)
from napari_cellsets.formats.sources import (
    FileSource,
    HeldSource,
    SourceFile,
    WindowSource,
)
from napari_cellsets.formats.zip_member import Member, stretch_of, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.formats.sources import Source

_LISTING_FAULTS = (
    zipfile.BadZipFile,
    struct_error,
    ValueError,
    OSError,
    OverflowError,
    NotImplementedError,
    MemoryError,
    EOFError,
)


class ZipTree(FileTree):
    """Members of a zip archive, and of archives stored in it.

    Made by `ZipTree.open`. Members that climb out, are encrypted or claim too
    much are left out of `names`, told in `problems`, and refused by `read`.
    """

    def __init__(self, source: Source, place: Path, depth: int) -> None:
        self.root = place
        self.problems: list[Problem] = []
        self._source = source
        self._inner: dict[str, ZipTree] = {}
        self._refused: dict[str, str] = {}
        self._members = self._list_members()
        found = list(self._members)
        archives = [name for name in found if is_archive_name(name)]
        if archives and not any(map(is_picture_name, found)):
            found += self._look_into(archives, depth)
        self._names = natural_order(found)

    @classmethod
    def open(cls, path: Path) -> ZipTree:
        """Open an archive on disk; see `open_tree` for the errors."""
        return cls(FileSource(path), path, depth=1)

    def names(self) -> Sequence[str]:
        """All members in natural order."""
        return self._names

    def read(self, name: str) -> bytes:
        """Return the whole content of one member; see `FileTree.read`."""
        inner = self._inner_of(name)
        if inner is not None:
            return inner[0].read(inner[1])
        return take(self._source, self._member(name), self.place(name))

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of one member, inflating no more than needed."""
        inner = self._inner_of(name)
        if inner is not None:
            return inner[0].head(inner[1], length)
        return take(self._source, self._member(name), self.place(name), head=length)

    def size(self, name: str) -> int:
        """Declared size of one member in bytes."""
        inner = self._inner_of(name)
        return inner[0].size(inner[1]) if inner else self._member(name).size

    def local_path(self, name: str) -> Path | None:
        """None: members have no place of their own on disk."""
        return None

    def _inner_of(self, name: str) -> tuple[ZipTree, str] | None:
        for prefix, tree in self._inner.items():
            if name.startswith(prefix):
                return tree, name[len(prefix) :]
        return None

    def _member(self, name: str) -> Member:
        if name in self._refused:
            raise UnsafeArchiveError(self._refused[name], path=self.place(name))
        try:
            return self._members[name]
        except KeyError:
            raise UnreadableFileError(
                f"the archive has no member {name!r}", path=self.root
            ) from None

    def _list_members(self) -> dict[str, Member]:
        try:
            with zipfile.ZipFile(SourceFile(self._source)) as archive:
                infos = archive.infolist()
        except _LISTING_FAULTS as error:
            raise UnreadableFileError(
                f"this is no complete zip archive ({error})",
                path=self.root,
                advice="Download it again, or unpack it and open the folder.",
            ) from error
        total = sum(info.file_size for info in infos)
        if len(infos) > limits.ARCHIVE_ENTRIES or total > limits.ARCHIVE_TOTAL_BYTES:
            raise UnsafeArchiveError(
                f"the archive claims {len(infos):,} members of {total:,} bytes in all",
                path=self.root,
                advice="Unpack it and open the folder if you trust it.",
            )
        return self._sort_out(infos)

    def _sort_out(self, infos: list[zipfile.ZipInfo]) -> dict[str, Member]:
        members = {}
        for info in infos:
            name = info.filename.replace("\\", "/")
            if name.endswith("/") or any(map(is_junk_part, name.split("/"))):
                continue
            reason = _why_refused(info, name)
            if reason:
                self._refused[name] = reason
                self.problems.append(Problem(name, reason))
            elif "\n" not in name:
                members[name] = Member(
                    info.header_offset,
                    info.compress_size,
                    info.file_size,
                    info.compress_type,
                    info.CRC,
                )
        return members

    def _look_into(self, archives: list[str], depth: int) -> list[str]:
        found = []
        for name in natural_order(archives)[: limits.NESTED_ARCHIVES]:
            try:
                inner = self._open_inner(name, depth + 1)
            except CellsetsError as error:
                self.problems.append(Problem(name, str(error)))
                continue
            self._inner[f"{name}/"] = inner
            self.problems += [
                Problem(f"{name}/{item.name}", item.message) for item in inner.problems
            ]
            found += [f"{name}/{member}" for member in inner.names()]
        return found

    def _open_inner(self, name: str, depth: int) -> ZipTree:
        if depth > limits.ARCHIVE_DEPTH:
            raise UnsafeArchiveError(
                f"archives lie more than {limits.ARCHIVE_DEPTH} deep in each other",
                path=self.place(name),
                advice="Unpack the outer ones.",
            )
        member = self._member(name)
        source: Source
        if member.method == zipfile.ZIP_STORED:
            start = stretch_of(self._source, member, self.place(name))
            source = WindowSource(self._source, start, member.packed)
        else:
            content = take(self._source, member, self.place(name))
            source = HeldSource(content, in_memory=limits.NESTED_IN_MEMORY_BYTES)
        return ZipTree(source, Path(self.place(name)), depth)


def is_junk_part(part: str) -> bool:
    """Whether a part of a member's name is junk; ``..`` is worse than junk."""
    return part not in ("", ".", "..") and is_junk(part)


def _why_refused(info: zipfile.ZipInfo, name: str) -> str:
    """One sentence on why a member is not read; empty where all is well."""
    parts = name.split("/")
    if name.startswith("/") or ".." in parts or (len(name) > 1 and name[1] == ":"):
        return "the name of this member climbs out of the archive"
    if info.flag_bits & 0x1:
        return "this member is encrypted; unpack it with its password first"
    if info.file_size > limits.MEMBER_BYTES:
        return f"this member claims {info.file_size:,} bytes"
    large = info.file_size > limits.MEMBER_RATIO_FROM_BYTES
    if large and info.file_size > limits.MEMBER_RATIO * max(1, info.compress_size):
        return (
            f"this member claims to inflate from {info.compress_size:,} "
            f"to {info.file_size:,} bytes"
        )
    return ""
