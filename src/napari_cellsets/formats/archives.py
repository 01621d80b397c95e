"""Which files are archives, and who opens them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError, UnsafeArchiveError
from napari_cellsets.formats import limits
from napari_cellsets.formats.names import ARCHIVE_ENDINGS, DATA_ENDINGS
from napari_cellsets.formats.sources import FileSource

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.files import FileTree
    from napari_cellsets.formats.sources import Source

_OPENERS = {
    ".zip": "zip_tree:open_zip",
    ".tar": "tar_tree:open_tar",
    ".tar.gz": "tar_tree:open_tar",
    ".tgz": "tar_tree:open_tar",
    ".7z": "seven_tree:open_seven",
    ".mat": "archives:open_mat",
}
"""``{ending: module:function}``; see `open_archive` for what a function is given."""


def ending_of(name: str) -> str:
    """Ending of an archive's name, in small letters; empty for any other file."""
    lowered = name.lower()
    endings = (*ARCHIVE_ENDINGS, *DATA_ENDINGS)
    return next((ending for ending in endings if lowered.endswith(ending)), "")


def open_archive(
    source: Source, place: Path, *, depth: int = 1, local: Path | None = None
) -> FileTree:
    """Open an archive that lies in a source.

    Parameters
    ----------
    source
        Its bytes.
    place
        How to call it in messages; its ending tells the kind.
    depth
        1 for an archive on disk, 2 for one in it, ...
    local
        Where it lies on disk; None inside another archive.

    Raises
    ------
    UnreadableFileError
        If it is no archive of a known kind, or damaged.
    UnsafeArchiveError
        If it claims too much, or lies too deep in others.
    """
    opener = _OPENERS.get(ending_of(place.name))
    if opener is None:
        raise UnreadableFileError(
            f"an archive was expected ({', '.join(ARCHIVE_ENDINGS)})",
            path=place,
            advice="Choose a folder, an archive or a picture.",
        )
    if depth > limits.ARCHIVE_DEPTH:
        raise UnsafeArchiveError(
            f"archives lie more than {limits.ARCHIVE_DEPTH} deep in each other",
            path=place,
            advice="Unpack the outer ones.",
        )
    module, _, function = opener.partition(":")
    make = getattr(import_module(f"napari_cellsets.formats.{module}"), function)
    tree: FileTree = make(source, place, depth=depth, local=local)
    return tree


def open_mat(
    source: Source, place: Path, *, depth: int, local: Path | None
) -> FileTree:
    """Open a MATLAB file as an archive of its arrays; see `open_archive`."""
    from napari_cellsets.formats.mat_tree import MatTree

    return MatTree(source, place, local)


def open_archive_file(path: Path) -> FileTree:
    """Open an archive on disk; see `open_archive`."""
    if not ending_of(path.name):  # a zip archive by another name is one, too
        from napari_cellsets.formats.zip_tree import ZipTree

        return ZipTree.open(path)
    return open_archive(FileSource(path), path, local=path)
