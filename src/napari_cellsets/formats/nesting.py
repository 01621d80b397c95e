"""A file tree with archives in it, which are read where they lie."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats import limits
from napari_cellsets.formats.archives import ending_of, open_archive
from napari_cellsets.formats.files import FileTree, Problem
from napari_cellsets.formats.listing import Listing, by_folder, pattern_of
from napari_cellsets.formats.names import (
    ARCHIVE_ENDINGS,
    is_archive_name,
    is_picture_name,
    natural_order,
)
from napari_cellsets.formats.sources import HeldSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cellsets.formats.listing import Run
    from napari_cellsets.formats.sources import Source

ARCHIVES_IN_SKETCH = tuple(map(pattern_of, ARCHIVE_ENDINGS))
"""What is in the sketch of a run that holds an archive."""


class NestingTree(FileTree):
    """Files of one place and of archives in it.

    Archives are looked into only where there is no picture beside them: next to an
    unpacked set usually lies the archive it came from. A row may ask for more, see
    `look_into`.

    Subclasses give their own files: `_own_read`, `_own_head`, `_own_size`,
    `_own_local_path` and `_source_of`.
    """

    _depth = 0

    def _begin(self, folders: dict[str, Run]) -> None:
        """Take the files of the place itself."""
        self._inner: dict[str, FileTree] = {}
        self._folders = folders
        self._ordered: Listing | None = None

    def _look_around(self) -> None:
        """Look into archives where there is no picture."""
        runs = self._folders.values()
        archives = [
            run.prefix + file
            for run in runs
            if any(ending in run.sketch for ending in ARCHIVES_IN_SKETCH)
            for file in run.any_order
            if is_archive_name(file)
        ]
        if archives and not any(is_picture_name(f) for run in runs for f in run.known):
            self.look_into(natural_order(archives))

    def look_into(self, names: Iterable[str]) -> None:
        """Open archives of this tree, so that what they hold is listed, too.

        Parameters
        ----------
        names
            Names in this tree; what cannot be opened is told in `problems`. Those
            already open stay as they are.
        """
        room = limits.NESTED_ARCHIVES - len(self._inner)
        new = [name for name in names if f"{name}/" not in self._inner]
        for name in new[: max(0, room)]:
            inside = self._inside(name)
            if inside is not None:
                if isinstance(inside[0], NestingTree):
                    before = set(inside[0].names())
                    inside[0].look_into([inside[1]])
                    prefix = name[: len(name) - len(inside[1])]
                    more = (n for n in inside[0].names() if n not in before)
                    self._add(by_folder(prefix + member for member in more).values())
                continue
            try:
                tree = self._open_inner(name)
            except CellsetsError as error:
                self.problems.append(Problem(name, str(error)))
                continue
            self._inner[f"{name}/"] = tree
            self.problems += [
                Problem(f"{name}/{item.name}", item.message) for item in tree.problems
            ]
            prefix = f"{name}/"
            self._add(run.below(prefix) for run in tree.folders().values())

    def names(self) -> Sequence[str]:
        """All files in natural order."""
        if self._ordered is None:
            self._ordered = Listing.of_folders(self._folders)
        return self._ordered

    def folders(self) -> Mapping[str, Run]:
        """All files by folder, in any order."""
        return self._folders

    def read(self, name: str) -> bytes:
        """Return the whole content of one file; see `FileTree.read`."""
        inside = self._inside(name)
        return self._own_read(name) if inside is None else inside[0].read(inside[1])

    def head(self, name: str, length: int) -> bytes:
        """Return the first bytes of one file, reading no more than needed."""
        inside = self._inside(name)
        if inside is None:
            return self._own_head(name, length)
        return inside[0].head(inside[1], length)

    def size(self, name: str) -> int:
        """Size of one file in bytes, without reading it."""
        inside = self._inside(name)
        return self._own_size(name) if inside is None else inside[0].size(inside[1])

    def local_path(self, name: str) -> Path | None:
        """Where the file lies on disk; None inside an archive."""
        return self._own_local_path(name) if self._inside(name) is None else None

    def source(self, name: str) -> Source:
        """Return one file as bytes at any offset; see `FileTree.source`."""
        inside = self._inside(name)
        return self._own_source(name) if inside is None else inside[0].source(inside[1])

    @abstractmethod
    def _own_read(self, name: str) -> bytes: ...

    @abstractmethod
    def _own_head(self, name: str, length: int) -> bytes: ...

    @abstractmethod
    def _own_size(self, name: str) -> int: ...

    @abstractmethod
    def _source_of(self, name: str) -> Source:
        """Open an archive of this tree, to be read anywhere again and again."""

    def _own_source(self, name: str) -> Source:
        """Open a file of this tree, to be read mostly from front to back."""
        return self._source_of(name)

    def _own_local_path(self, name: str) -> Path | None:
        return None

    def _inside(self, name: str) -> tuple[FileTree, str] | None:
        for prefix, tree in self._inner.items():
            if name.startswith(prefix):
                return tree, name[len(prefix) :]
        return None

    def _add(self, runs: Iterable[Run]) -> None:
        for run in runs:
            before = self._folders.get(run.prefix)
            self._folders[run.prefix] = run if before is None else before.joined(run)
        self._ordered = None

    def _open_inner(self, name: str) -> FileTree:
        depth = self._depth + 1
        place = Path(self.place(name))
        if depth > limits.ARCHIVE_DEPTH or not ending_of(name):
            return open_archive(_NOTHING, place, depth=depth)  # says what is wrong
        local = self._own_local_path(name)
        return open_archive(self._source_of(name), place, depth=depth, local=local)


_NOTHING = HeldSource(b"", in_memory=1)
