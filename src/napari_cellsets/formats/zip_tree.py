"""A zip archive as a file tree: read in place, unpacked nowhere."""

from __future__ import annotations

import zipfile
from struct import error as struct_error
from typing import TYPE_CHECKING

from napari_cellsets.formats import limits
from napari_cellsets.formats.archive_tree import ArchiveTree
from napari_cellsets.formats.names import JUNK_NAMES, is_junk
from napari_cellsets.formats.sources import (
    FileSource,
    HeldSource,
    SourceFile,
    WindowSource,
)
from napari_cellsets.formats.zip_member import Member, stretch_of, take

if TYPE_CHECKING:
    from pathlib import Path

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


class ZipTree(ArchiveTree[Member]):
    """Members of a zip archive, and of archives stored in it.

    Made by `ZipTree.open`. Members that climb out, are encrypted or claim too
    much are left out of `names`, told in `problems`, and refused by `read`.
    """

    @classmethod
    def open(cls, path: Path) -> ZipTree:
        """Open an archive on disk; see `open_tree` for the errors."""
        return cls(FileSource(path), path, depth=1)

    def _taken(self, name: str, head: int = -1) -> bytes:
        return take(self._source, self._member(name), self.place(name), head=head)

    def _list_members(self) -> dict[str, Member]:
        try:
            with zipfile.ZipFile(SourceFile(self._source)) as archive:
                infos = archive.infolist()
        except _LISTING_FAULTS as error:
            self._is_broken("zip", error)
        self._refuse_bombs(len(infos), sum(info.file_size for info in infos))
        return self._sort_out(infos)

    def _sort_out(self, infos: list[zipfile.ZipInfo]) -> dict[str, Member]:
        members = {}
        # in bulk, as calls for each of 20,000 names cost as much as their directory
        text = "\n".join([info.filename for info in infos])
        plain = _all_plain(text, len(infos))
        for info in infos:
            name = info.filename
            if not plain:
                name = name.replace("\\", "/")
                if any(map(is_junk_part, name.split("/"))):
                    continue
            if name[-1:] == "/":
                continue
            large = info.file_size > min(
                limits.MEMBER_RATIO_FROM_BYTES, limits.MEMBER_BYTES
            )
            if not plain or large or info.flag_bits & 1:
                reason = _why_refused(info, name)
                if reason:
                    self._refuse(name, reason)
                    continue
                if "\n" in name:
                    continue
            members[name] = Member(
                info.header_offset,
                info.compress_size,
                info.file_size,
                info.compress_type,
                info.CRC,
            )
        return members

    def _source_of(self, name: str) -> Source:
        member = self._member(name)
        if member.method == zipfile.ZIP_STORED:
            start = stretch_of(self._source, member, self.place(name))
            return WindowSource(self._source, start, member.packed)
        content = take(self._source, member, self.place(name))
        return HeldSource(content, in_memory=limits.NESTED_IN_MEMORY_BYTES)

    def _own_source(self, name: str) -> Source:
        """Open a member; a large one is inflated as it is read, not at once."""
        from napari_cellsets.formats.gzip_source import DeflatedSource

        member = self._member(name)
        deflated = member.method == zipfile.ZIP_DEFLATED
        if not deflated or member.size <= limits.NESTED_IN_MEMORY_BYTES:
            return self._source_of(name)
        start = stretch_of(self._source, member, self.place(name))
        packed = WindowSource(self._source, start, member.packed)
        return DeflatedSource(packed, self.place(name), member.size)


def open_zip(source: Source, place: Path, *, depth: int, local: Path | None) -> ZipTree:
    """Open a zip archive; see `archives.open_archive`."""
    return ZipTree(source, place, depth)


def _all_plain(text: str, count: int) -> bool:
    """Whether no name needs a closer look: no junk, nothing that climbs out."""
    if not text or text.count("\n") != count - 1:
        return False
    lowered = text.lower()
    signs = ("\\", ":", "..", "/.", "\n.", "\n/", *JUNK_NAMES)
    return lowered[0] not in "./" and not any(sign in lowered for sign in signs)


def is_junk_part(part: str) -> bool:
    """Whether a part of a member's name is junk; ``..`` is worse than junk."""
    return part not in ("", ".", "..") and is_junk(part)


def climbs_out(name: str) -> bool:
    """Whether a member's name leads out of its archive."""
    return name.startswith("/") or ".." in name.split("/") or name[1:2] == ":"


def _why_refused(info: zipfile.ZipInfo, name: str) -> str:
    """One sentence on why a member is not read; empty where all is well."""
    if climbs_out(name):
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
