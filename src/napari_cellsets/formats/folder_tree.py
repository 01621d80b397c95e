"""A folder as a file tree: one pass of scandir, then only reading."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import FileTree, Problem
from napari_cellsets.formats.names import (
    JUNK_NAMES,
    is_archive_name,
    is_junk,
    is_picture_name,
    natural_order,
)
from napari_cellsets.formats.sources import read_file, regular_size, unreadable

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
        self._archives_seen = False
        self._found = self._scan(top)
        if self._archives_seen and not any(map(is_picture_name, self._found)):
            archives = filter(is_archive_name, self._found)
            self._found += self._look_into(natural_order(archives))

    def names(self) -> Sequence[str]:
        """All files in natural order."""
        return self._names

    @cached_property
    def _names(self) -> list[str]:
        return natural_order(self._found)

    def read(self, name: str) -> bytes:
        """Return the whole content of one file; see `FileTree.read`."""
        return self.head(name, -1)

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of one file, all of them for -1."""
        archive = self._archive_of(name)
        if archive is not None:
            tree, member = archive
            return tree.read(member) if length < 0 else tree.head(member, length)
        return read_file(self.root / name, length)

    def size(self, name: str) -> int:
        """Size of one file in bytes, without reading it."""
        archive = self._archive_of(name)
        if archive is not None:
            return archive[0].size(archive[1])
        return regular_size(self.root / name)

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
                files, folders, text = _listed(folder, top)
            except OSError as error:
                if not prefix:
                    raise unreadable(folder, error) from error
                said = f"this folder cannot be read: {error.strerror or error}"
                self.problems.append(Problem(prefix.rstrip("/"), said))
                continue
            self._archives_seen |= ".zip" in text
            found += [prefix + name for name in files] if prefix else files
            if len(found) > limits.FOLDER_ENTRIES:
                raise UnreadableFileError(
                    f"there are more than {limits.FOLDER_ENTRIES:,} files below it",
                    path=self.root,
                    advice="Choose the folder of the data set itself.",
                )
            for entry in folders:
                if not entry.is_symlink() or _is_new(entry.path, linked):
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
            top = None
        return found

    def _look_into(self, archives: list[str]) -> list[str]:
        from napari_cellsets.formats.zip_tree import ZipTree

        found = []
        for name in archives[: limits.NESTED_ARCHIVES]:
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


def _listed(
    folder: str, top: re.Pattern[str] | None
) -> tuple[list[str], list[os.DirEntry[str]], str]:
    """Files and folders of one folder without junk; all names in small letters."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                folders.append(entry)
            else:
                files.append(entry.name)
    # in bulk, as a call for each of 17,000 names costs as much as the scan
    text = "\n".join(files)
    if text.startswith(".") or "\n." in text or text.count("\n") >= len(files):
        files = [n for n in files if not n.startswith(".") and "\n" not in n]
    lowered = text.lower()
    if any(junk in lowered for junk in JUNK_NAMES):
        files = [name for name in files if not is_junk(name)]
    folders = [entry for entry in folders if not is_junk(entry.name)]
    if top is not None:
        files = [name for name in files if top.fullmatch(name)]
        folders = [entry for entry in folders if top.fullmatch(entry.name)]
    return files, folders, lowered


def _is_new(path: str, seen: set[str]) -> bool:
    """Whether a linked folder leads to a place not seen yet (links may circle)."""
    real = os.path.realpath(path)
    if real in seen or os.path.realpath(os.path.dirname(path)).startswith(real):
        return False
    seen.add(real)
    return True
