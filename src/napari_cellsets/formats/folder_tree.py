"""A folder as a file tree: one pass of scandir, then only reading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats import limits
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.listing import Run
from napari_cellsets.formats.names import JUNK_NAMES, as_text, is_junk
from napari_cellsets.formats.nesting import ARCHIVES_IN_SKETCH, NestingTree
from napari_cellsets.formats.sources import (
    FileSource,
    read_file,
    regular_size,
    unreadable,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from napari_cellsets.formats.sources import Source


class FolderTree(NestingTree):
    """Files below a folder; archives in it are opened where they lie."""

    def __init__(self, root: Path, *, top: re.Pattern[str] | None = None) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self._archives_seen = False
        #: where files lie that are called otherwise on disk
        self._unlike: dict[str, str] = {}
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
        return self._unlike.get(name) or os.path.join(self.root, name)

    def _own_local_path(self, name: str) -> Path | None:
        return Path(self._path(name))

    def _source_of(self, name: str) -> Source:
        return FileSource(Path(self._path(name)))

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
            run = _without_junk(self._in_letters(folder, Run(prefix, files)))
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
            inner = {entry.name: entry for entry in folders}
            for text, name in self._told_apart(prefix, inner).items():
                entry = inner[name]
                if not entry.is_symlink() or _is_new(entry.path, linked):
                    waiting.append((entry.path, f"{prefix}{text}/"))
            top = None
        return found

    def _in_letters(self, folder: str, run: Run) -> Run:
        """The same files, each with a name that can be kept as text."""
        inside = folder[len(str(self.root)) :]
        if as_text(inside) == inside and as_text(run.sketch) == run.sketch:
            return run
        texts = self._told_apart(run.prefix, run.any_order)
        for text, name in texts.items():
            self._unlike[run.prefix + text] = os.path.join(folder, name)
        return Run(run.prefix, list(texts))

    def _told_apart(self, prefix: str, names: Iterable[str]) -> dict[str, str]:
        """Names on disk by how they are called; tells which would be called alike."""
        found = {name: name for name in names if as_text(name) == name}
        for name in names:
            text = as_text(name)
            if found.setdefault(text, name) != name:
                said = "another one beside it is called the same; this one is left out"
                self.problems.append(Problem(prefix + text, said))
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
