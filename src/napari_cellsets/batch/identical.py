"""Files that are the same byte for byte."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, CellsetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from napari_cellsets.formats.files import FileTree

_HEAD_BYTES = 16_384
# Files of one size are few where pictures are large, and small where they are many.


def identical_files(
    tree: FileTree,
    names: Iterable[str],
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> list[tuple[str, ...]]:
    """Find files of equal content: by size, then beginning, then all of it.

    Parameters
    ----------
    tree
        Where they lie.
    names
        Files to compare. What cannot be read is left out, as are empty files.
    token
        Cancels between files.
    progress
        Told a fraction (0 to 1) and the name of the file.

    Returns
    -------
    list of tuple of str
        Groups of two or more names, in the order given.

    Raises
    ------
    CancelledError
        If `token` was cancelled.
    """
    token = token or CancelToken()
    sizes: dict[str, int] = {}
    for name in dict.fromkeys(names):
        token.raise_if_cancelled()
        try:
            sizes[name] = tree.size(name)
        except CellsetsError:
            continue
    sized = _grouped([name for name in sizes if sizes[name]], sizes.__getitem__)
    total = max(1, sum(map(len, sized)))
    done = 0

    def head(name: str) -> bytes:
        nonlocal done
        token.raise_if_cancelled()
        if progress is not None:
            progress(done / total, name)
        done += 1
        return hashlib.blake2b(tree.head(name, _HEAD_BYTES)).digest()

    def whole(name: str) -> bytes:
        token.raise_if_cancelled()
        if sizes[name] <= _HEAD_BYTES:
            return b""  # the head was all of it
        return hashlib.blake2b(tree.read(name)).digest()

    alike = [group for same in sized for group in _grouped(same, head)]
    return [tuple(group) for same in alike for group in _grouped(same, whole)]


def _grouped(names: Sequence[str], key: Callable[[str], Hashable]) -> list[list[str]]:
    """Group names by key; those that stand alone or cannot be read are dropped."""
    found: dict[Hashable, list[str]] = {}
    for name in names:
        try:
            found.setdefault(key(name), []).append(name)
        except CancelledError:
            raise
        except CellsetsError:
            continue
    return [group for group in found.values() if len(group) > 1]
