"""``mask-files``: one mask file an object; objects may overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import MaskStack
from napari_cellsets.core.errors import CellsetsError, UnreadableFileError
from napari_cellsets.formats.annotations import check_size, read_mask
from napari_cellsets.formats.words.base import Ask, Word, WordOptions

if TYPE_CHECKING:
    import numpy as np


class MaskFilesOptions(WordOptions):
    """Options of ``mask-files``.

    Parameters
    ----------
    dark
        Whether objects are dark on light ground.
    """

    dark: bool = False


def read(ask: Ask, options: MaskFilesOptions) -> list[MaskStack]:
    """Read one object from each file; a broken file is told and left out.

    Raises
    ------
    UnreadableFileError
        If no file can be read.
    """
    import numpy as np

    size = ask.size()
    masks, corners, ids, names = [], [], [], []
    failure: CellsetsError | None = None
    for name in ask.files:
        try:
            plane = read_mask(ask.tree, name)
            check_size(plane, size, ask.tree.place(name))
        except CellsetsError as error:
            ask.tell(name, str(error))
            failure = error
            continue
        there = (plane == 0) if options.dark else (plane > 0)
        size = size or (int(there.shape[0]), int(there.shape[1]))
        mask, corner = cut_out(there)
        masks.append(mask)
        corners.append(corner)
        ids.append(options.class_id(ask, name))
        names.append(name)
    if failure is not None and not masks:
        raise failure
    if not masks or size is None:
        return []
    return [
        MaskStack(
            masks,
            np.array(corners, np.int64).reshape(-1, 2),
            size,
            source=names[0] if len(names) == 1 else names[0].rpartition("/")[0],
            class_names=ask.classes.names,
            class_ids=None if None in ids else np.array(ids, np.int64),
            class_colours=ask.classes.colours,
            properties={"file": names},
        )
    ]


def cut_out(mask: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Cut a mask to its box.

    Parameters
    ----------
    mask
        bool, shape (y, x).

    Returns
    -------
    cut
        bool; of shape (0, 0) where nothing is marked.
    corner
        Row and column of its first pixel.
    """
    import numpy as np

    if mask.ndim != 2:
        raise UnreadableFileError(
            f"a mask of one plane was expected, found the shape {mask.shape}"
        )
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return np.zeros((0, 0), bool), (0, 0)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(mask[top:bottom].any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return mask[top:bottom, left:right].copy(), (top, left)


WORD = Word(MaskFilesOptions, read)
