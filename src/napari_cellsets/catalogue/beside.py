"""Further pictures of a sample: planes of a stack, or one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.core.image import Picture
from napari_cellsets.formats import limits
from napari_cellsets.formats.codecs import read_picture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellsets.formats.files import FileTree


def read_beside(
    tree: FileTree, known: Mapping[str, tuple[bool, tuple[str, ...]]], title: str
) -> Picture:
    """Read one of a sample's further pictures.

    Parameters
    ----------
    tree
        The files of the set.
    known
        Of each title whether it is a stack, and its files.
    title
        Which one.

    Raises
    ------
    UnreadableFileError
        If there is no such picture, or it cannot be read.
    """
    if title not in known:
        raise UnreadableFileError(
            f"there is no picture {title!r} beside this one",
            path=tree.root,
            advice=f"There are: {', '.join(known) or 'none'}.",
        )
    stack, names = known[title]
    return read_stack(tree, names) if stack else read_picture(tree, names[0])


def read_stack(tree: FileTree, names: Sequence[str]) -> Picture:
    """Read the planes of a stack, each a file.

    Parameters
    ----------
    tree, names
        The files, in the order of planes.

    Returns
    -------
    Picture
        Axes ``zyx`` or ``zyxc``.

    Raises
    ------
    UnreadableFileError
        If a file cannot be read, the planes differ in size or kind, or all of them
        together are too large.
    """
    import numpy as np

    first = read_picture(tree, names[0])
    if first.axes not in ("yx", "yxc"):
        raise UnreadableFileError(
            f"a plane of a stack was expected, found the axes {first.axes}",
            path=tree.place(names[0]),
        )
    total = first.pixels.nbytes * len(names)
    if total > limits.DECODED_BYTES:
        raise UnreadableFileError(
            f"a stack of at most {limits.DECODED_BYTES:,} bytes was expected,"
            f" this one has {total:,} in {len(names):,} planes",
            path=tree.place(names[0]),
        )
    stack = np.empty((len(names), *first.pixels.shape), first.pixels.dtype)
    stack[0] = first.pixels
    for place, name in enumerate(names[1:], start=1):
        plane = read_picture(tree, name).pixels
        if plane.shape != first.pixels.shape or plane.dtype != stack.dtype:
            raise UnreadableFileError(
                f"this plane has the shape {plane.shape} ({plane.dtype}), the first"
                f" one of its stack {first.pixels.shape} ({stack.dtype})",
                path=tree.place(name),
            )
        stack[place] = plane
    return Picture(stack, f"z{first.axes}", first.channel_names, first.pixel_size_um)
