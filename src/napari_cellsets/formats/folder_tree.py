"""A folder as a file tree: one pass of scandir, then only reading."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import FileTree, Problem
from napari_cellsets.formats.names import (
    is_archive_name,
    is_junk,
    is_picture_name,
    natural_order,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cellsets.formats.zip_tree import ZipTree


class FolderTree(FileTree):
    """Files below a folder; archives in it are opened where they lie.

    Archives are looked into only when the folder holds no picture of its own:
    next to an unpacked set usually lies the archive it came from.
    """

    def __init__(self, root: Path, *, top: re.Pattern[str] | None = None) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._archives: dict[str, ZipTree] = {}
        found = self._scan(top)
        archives = [name for name in found if is_archive_name(name)]
        if archives and not any(map(is_picture_name, found)):
            found += self._look_into(archives)
        self._names = natural_order(found)

    def names(self) -> Sequence[str]:
        """All files in natural order."""
        return self._names

    def read(self, name: str) -> bytes:
        """Return the whole content of one file; see `FileTree.read`."""
        return self.head(name, -1)

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of one file, all of them for -1."""
        archive = self._archive_of(name)
        if archive is not None:
            tree, member = archive
            return tree.read(member) if length < 0 else tree.head(member, length)
        try:
            with open(self.root / name, "rb") as file:
                return file.read(length)
        except OSError as error:
            raise _unreadable(self.place(name), error) from error

    def size(self, name: str) -> int:
        """Size of one file in bytes, without reading it."""
        archive = self._archive_of(name)
        if archive is not None:
            return archive[0].size(archive[1])
        try:
            return os.stat(self.root / name).st_size
        except OSError as error:
            raise _unreadable(self.place(name), error) from error

    def local_path(self, name: str) -> Path | None:
        """Where the file lies on disk; None inside an archive."""
        return None if self._archive_of(name) else self.root / name

    def _archive_of(self, name: str) -> tuple[ZipTree, str] | None:
        for prefix, tree in self._archives.items():
            if name.startswith(prefix):
                return tree, name[len(prefix) :]
        return None

    def _scan(self, top: re.Pattern[str] | None) -> list[str]:
        found: list[str] = []
        waiting = [(str(self.root), "")]
        linked: set[str] = set()
        while waiting:
            folder, prefix = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        name = entry.name
                        if is_junk(name) or (top and not top.fullmatch(name)):
                            continue
                        if not entry.is_dir():
                            found.append(prefix + name)
                        elif not entry.is_symlink() or _is_new(entry.path, linked):
                            waiting.append((entry.path, f"{prefix}{name}/"))
            except OSError as error:
                if not prefix:
                    raise _unreadable(folder, error) from error
                said = f"this folder cannot be read: {error.strerror or error}"
                self.problems.append(Problem(prefix.rstrip("/"), said))
            top = None
        return [name for name in found if "\n" not in name]

    def _look_into(self, archives: list[str]) -> list[str]:
        from napari_cellsets.formats.zip_tree import ZipTree

        found = []
        for name in natural_order(archives)[: limits.NESTED_ARCHIVES]:
            try:
                tree = ZipTree.open(self.root / name)
            except CellsetsError as error:
                self.problems.append(Problem(name, str(error)))
                continue
            self._archives[f"{name}/"] = tree
            self.problems += [
                Problem(f"{name}/{item.name}", item.message) for item in tree.problems
            ]
            found += [f"{name}/{member}" for member in tree.names()]
        return found


def _is_new(path: str, seen: set[str]) -> bool:
    """Whether a linked folder leads to a place not seen yet (links may circle)."""
    real = os.path.realpath(path)
    if real in seen or os.path.realpath(os.path.dirname(path)).startswith(real):
        return False
    seen.add(real)
    return True


def _unreadable(place: str, error: OSError) -> UnreadableFileError:
    advice = {
        FileNotFoundError: "It may have been moved: open the data set again.",
        PermissionError: "Ask its owner for the right to read it.",
    }.get(type(error), "Check the disk and open the data set again.")
    said = f"cannot be read: {error.strerror or error}"
    return UnreadableFileError(said, path=place, advice=advice)
