"""What file trees of all kinds of archives have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, NoReturn, Protocol, TypeVar

from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.listing import by_folder
from napari_cellsets.formats.nesting import NestingTree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.sources import Source


class Sized(Protocol):
    """A member of an archive, as it is listed."""

    @property
    def size(self) -> int:
        """Bytes when unpacked."""


M = TypeVar("M", bound=Sized)


class ArchiveTree(NestingTree, Generic[M]):
    """Members of an archive.

    Those that climb out, are encrypted or claim too much are left out of `names`,
    told in `problems`, and refused by `read`. Subclasses give `_list_members`,
    `_taken` and `_source_of`.

    Parameters
    ----------
    source, place, depth
        Its bytes, what it is called, and how many archives it lies in, itself
        counted.
    """

    def __init__(self, source: Source, place: Path, depth: int) -> None:
        self.root = place
        self.problems: list[Problem] = []
        self._depth = depth
        self._source = source
        self._refused: dict[str, str] = {}
        self._members: dict[str, M] = self._list_members()
        self._begin(by_folder(self._members))
        self._look_around()

    @abstractmethod
    def _list_members(self) -> dict[str, M]:
        """Read the directory; tell of what is refused by `_refuse`."""

    @abstractmethod
    def _taken(self, name: str, head: int = -1) -> bytes:
        """Return the bytes of a member, the first ones alone for a head."""

    def _own_read(self, name: str) -> bytes:
        return self._taken(name)

    def _own_head(self, name: str, length: int) -> bytes:
        return self._taken(name, length)

    def _own_size(self, name: str) -> int:
        return self._member(name).size

    def _member(self, name: str) -> M:
        if name in self._refused:
            raise UnsafeArchiveError(self._refused[name], path=self.place(name))
        try:
            return self._members[name]
        except KeyError:
            raise UnreadableFileError(
                f"the archive has no member {name!r}", path=self.root
            ) from None

    def _refuse(self, name: str, reason: str) -> None:
        self._refused[name] = reason
        self.problems.append(Problem(name, reason))

    def _refuse_bombs(self, members: int, total: int, most: int | None = None) -> None:
        """Refuse an archive that claims more than may be read.

        Parameters
        ----------
        members, total
            Number of members and their bytes when unpacked.
        most
            A smaller limit of bytes that follows from the archive's own size.
        """
        if members > limits.ARCHIVE_ENTRIES or total > min(
            limits.ARCHIVE_TOTAL_BYTES, most or limits.ARCHIVE_TOTAL_BYTES
        ):
            raise UnsafeArchiveError(
                f"the archive claims {members:,} members of {total:,} bytes in all",
                path=self.root,
                advice="Unpack it and open the folder if you trust it.",
            )

    def _is_broken(self, kind: str, error: Exception, why: str = "") -> NoReturn:
        raise UnreadableFileError(
            f"this is no complete {kind} archive ({why or error})",
            path=self.root,
            advice="Download it again, or unpack it and open the folder.",
        ) from error
