"""One view of files, whether they lie in a folder or in an archive."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.listing import by_folder
from napari_cellsets.formats.sources import FileSource, HeldSource

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cellsets.formats.listing import Run
    from napari_cellsets.formats.sources import Source


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one file or sample; the rest stays usable."""

    name: str
    message: str


class FileTree(ABC):
    """Files below one place, named by relative paths with forward slashes.

    Reading is safe from several threads at once. Junk of operating systems is
    not listed. `problems` tells which entries were left out, and why.
    """

    root: Path
    problems: list[Problem]

    @abstractmethod
    def names(self) -> Sequence[str]:
        """All files in natural order."""

    def folders(self) -> Mapping[str, Run]:
        """All files by folder, in any order."""
        return by_folder(self.names())

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return the whole content of one file.

        Raises
        ------
        UnreadableFileError
            If it is missing, broken or may not be read.
        UnsafeArchiveError
            If it is a member that claims too much, is encrypted or climbs out.
        """

    @abstractmethod
    def size(self, name: str) -> int:
        """Size of one file in bytes, without reading it."""

    @abstractmethod
    def local_path(self, name: str) -> Path | None:
        """Where the file lies on disk; None inside an archive."""

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of one file; cheap where that can be had."""
        return self.read(name)[:length]

    def source(self, name: str) -> Source:
        """Return one file as bytes at any offset, to be read from any thread.

        Raises
        ------
        UnreadableFileError, UnsafeArchiveError
            As `read`.
        """
        local = self.local_path(name)
        if local is not None:
            return FileSource(local)
        return HeldSource(self.read(name), in_memory=limits.NESTED_IN_MEMORY_BYTES)

    def look_into(self, names: Iterable[str]) -> None:  # noqa: B027
        """List what archives of this tree hold, too; see `NestingTree`."""

    def under(self, prefix: str) -> list[str]:
        """Names below one folder (or archive), in natural order."""
        start = f"{prefix.rstrip('/')}/" if prefix else ""
        return [name for name in self.names() if name.startswith(start)]

    def place(self, name: str) -> str:
        """Return how to call a file in a message to a person."""
        return str(self.root / name) if name else str(self.root)


def open_tree(path: str | Path, *, top: re.Pattern[str] | None = None) -> FileTree:
    """Open a folder or an archive (also archives inside it, in place).

    Parameters
    ----------
    path
        A folder, or an archive of a kind that `formats.archives` knows.
    top
        Only entries directly in a folder whose names match are looked at.

    Raises
    ------
    UnreadableFileError
        If nothing is there, it may not be read, or it is another kind of file.
    UnsafeArchiveError
        If the archive as a whole claims too much.
    """
    from napari_cellsets.formats.archives import open_archive_file
    from napari_cellsets.formats.folder_tree import FolderTree

    place = Path(path)
    return FolderTree(place, top=top) if is_folder(place) else open_archive_file(place)


def is_folder(place: Path) -> bool:
    """Tell a folder from a file.

    Raises
    ------
    UnreadableFileError
        If nothing is there or it may not be looked at.
    """
    try:
        folder = place.is_dir()
        found = folder or place.exists()
    except OSError as error:
        raise UnreadableFileError(
            f"cannot be looked at: {error.strerror or error}",
            path=place,
            advice="Check the permissions of the folders above it.",
        ) from error
    if not found:
        raise UnreadableFileError(
            "there is no such file or folder", path=place, advice="Check the path."
        )
    return folder
