"""A tar archive as a file tree: its members are found once and read in place."""

from __future__ import annotations

import tarfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.core.errors import (
    CellsetsError,
    UnreadableFileError,
    UnsafeArchiveError,
)
from napari_cellsets.formats import limits
from napari_cellsets.formats.archive_tree import ArchiveTree
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.gzip_source import GzipSource
from napari_cellsets.formats.names import as_text
from napari_cellsets.formats.sources import SourceFile, WindowSource
from napari_cellsets.formats.zip_tree import climbs_out, is_junk_part

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.sources import Source

_FAULTS = (
    tarfile.TarError,
    ValueError,
    OverflowError,
    OSError,
    EOFError,
    MemoryError,
    zlib.error,
)
_LONGEST_HEADER = 16 * limits.MIB
_GZIP_START = b"\x1f\x8b"


class _Stretch(NamedTuple):
    offset: int
    size: int


class TarTree(ArchiveTree[_Stretch]):
    """Members of a tar archive, plain or packed with gzip.

    Links and devices are left out; members that climb out or claim too much are
    told in `problems` and refused by `read`. Of an archive that is cut off the
    members before the cut stay usable.
    """

    def __init__(self, source: Source, place: Path, depth: int) -> None:
        self._packed = source.size
        packed = source.read_at(0, 2) == _GZIP_START
        super().__init__(GzipSource(source, place) if packed else source, place, depth)

    def _source_of(self, name: str) -> Source:
        member = self._member(name)
        return WindowSource(self._source, member.offset, member.size)

    def _taken(self, name: str, head: int = -1) -> bytes:
        member = self._member(name)
        wanted = member.size if head < 0 else min(head, member.size)
        content = self._source.read_at(member.offset, wanted)
        if len(content) < wanted:
            raise UnreadableFileError(
                "this member of the archive is cut off",
                path=self.place(name),
                advice="Download the archive again.",
            )
        return content

    def _list_members(self) -> dict[str, _Stretch]:
        members: dict[str, _Stretch] = {}
        seen, total = 0, 0
        try:
            with tarfile.open(fileobj=_Listing(self._source), mode="r:") as archive:
                while (info := archive.next()) is not None:
                    vars(archive)["members"] = []  # each would be kept, a kilobyte
                    seen, total = seen + 1, total + info.size
                    self._refuse_bombs(seen, total)
                    self._take_in(info, members)
        except UnsafeArchiveError:
            raise
        except (CellsetsError, *_FAULTS) as error:
            if not members:
                self._is_broken("tar", error)
            said = "the archive is cut off or damaged; what follows is missing"
            self.problems.append(Problem("", f"{self.root}: {said}."))
        return members

    def _take_in(self, info: tarfile.TarInfo, members: dict[str, _Stretch]) -> None:
        name = as_text(info.name).replace("\\", "/").removeprefix("./")
        if info.isdir() or any(map(is_junk_part, name.split("/"))) or "\n" in name:
            return
        reason = self._why_refused(info, name)
        if reason:
            members.pop(name, None)
            self._refuse(name, reason)
        else:
            self._refused.pop(name, None)
            members[name] = _Stretch(info.offset_data, info.size)

    def _why_refused(self, info: tarfile.TarInfo, name: str) -> str:
        """One sentence on why a member is not read; empty where all is well."""
        if climbs_out(name):
            return "the name of this member climbs out of the archive"
        if info.issym() or info.islnk():
            return "this member is a link, which is not followed"
        if not info.isreg() or info.issparse():
            return "this member is no ordinary file"
        large = info.size > limits.MEMBER_RATIO_FROM_BYTES
        if info.size > limits.MEMBER_BYTES or info.size < 0:
            return f"this member claims {info.size:,} bytes"
        if large and info.size > limits.MEMBER_RATIO * max(1, self._packed):
            return f"this member claims {info.size:,} bytes"
        return ""


class _Listing(SourceFile):
    """The archive while its headers are read: no header is that long."""

    def _take(self, length: int) -> bytes:
        if length > _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header claims {length:,} bytes")
        return super()._take(length)


def open_tar(source: Source, place: Path, *, depth: int, local: Path | None) -> TarTree:
    """Open a tar archive; see `archives.open_archive`."""
    return TarTree(source, place, depth)
