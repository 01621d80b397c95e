"""A folder as a file tree: one pass of scandir, then only reading."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.listing import Run
from napari_cellsets.formats.names import JUNK_NAMES, is_junk
from napari_cellsets.formats.nesting import ARCHIVES_IN_SKETCH, NestingTree
from napari_cellsets.formats.sources import (
    FileSource,
    read_file,
    regular_size,
    unreadable,
)

if TYPE_CHECKING:
    import re
    from pathlib import Path

    from napari_cellsets.formats.sources import Source


class FolderTree(NestingTree):
    """Files below a folder; archives in it are opened where they lie."""

    def __init__(self, root: Path, *, top: re.Pattern[str] | None = None) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._archives_seen = False
        self._begin(self._scan(top))
        if self._archives_seen:
            self._look_around()

    def _own_read(self, name: str) -> bytes:
        return read_file(self._path(name), -1)

    def _own_head(self, name: str, length: int) -> bytes:
        return read_file(self._path(name), length)

    def _own_size(self, name: str) -> int:
        return regular_size(self._path(name))

    def _path(self, name: str) -> str:
        # a Path for each of thousands of small files takes as long as reading them
        return os.path.join(self.root, name)

    def _own_local_path(self, name: str) -> Path | None:
        return self.root / name

    def _source_of(self, name: str) -> Source:
        return FileSource(self.root / name)

    def _scan(self, top: re.Pattern[str] | None) -> dict[str, Run]:
        found: dict[str, Run] = {}
        total = 0
        waiting = [(str(self.root), "")]
        linked: set[str] = set()
        while waiting:
            folder, prefix = waiting.pop()
            try:
                files, folders = _listed(folder, top)
            except OSError as error:
                if not prefix:
                    raise unreadable(folder, error) from error
                said = f"this folder cannot be read: {error.strerror or error}"
                self.problems.append(Problem(prefix.rstrip("/"), said))
                continue
            run = _without_junk(Run(prefix, files))
            if len(run):
                found[prefix] = run
            total += len(run)
            if not self._archives_seen:
                self._archives_seen = any(e in run.sketch for e in ARCHIVES_IN_SKETCH)
            if total > limits.FOLDER_ENTRIES:
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


def _listed(
    folder: str, top: re.Pattern[str] | None
) -> tuple[list[str], list[os.DirEntry[str]]]:
    """Files of one folder, and its folders without junk."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                folders.append(entry)
            else:
                files.append(entry.name)
    folders = [entry for entry in folders if not is_junk(entry.name)]
    if top is not None:
        files = [name for name in files if top.fullmatch(name)]
        folders = [entry for entry in folders if top.fullmatch(entry.name)]
    return files, folders


def _without_junk(run: Run) -> Run:
    """Files that are no junk, and whose names are one line."""
    # by pattern, as a call for each of 17,000 names costs as much as the scan
    sketch = run.sketch
    if (
        "\n." in sketch
        or any(junk in sketch for junk in JUNK_NAMES)
        or any("\n" in name for name in run.known)
    ):
        return run.where(lambda name: not is_junk(name) and "\n" not in name)
    return run


def _is_new(path: str, seen: set[str]) -> bool:
    """Whether a linked folder leads to a place not seen yet (links may circle)."""
    real = os.path.realpath(path)
    if real in seen or os.path.realpath(os.path.dirname(path)).startswith(real):
        return False
    seen.add(real)
    return True
