"""``dark-components``: a mask with dark objects on light ground, as BTTFA has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from napari_cellsets.core.annotation import LabelImage
from napari_cellsets.formats.annotations import check_size, components
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.words.base import Ask, Word, WordOptions

if TYPE_CHECKING:
    import numpy as np

_WEIGHTS = (0.299, 0.587, 0.114)


class DarkComponentsOptions(WordOptions):
    """Options of ``dark-components``.

    Parameters
    ----------
    below
        Grey values of an 8-bit mask that are objects: those below this one. Of 16
        bits the same share counts.
    """

    below: int = Field(default=128, gt=0, le=255)


def read(ask: Ask, options: DarkComponentsOptions) -> list[LabelImage]:
    """Read connected dark areas, each as an object.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or has another size than the picture.
    """
    import numpy as np

    if not ask.files:
        return []
    name = ask.files[0]
    plane = read_plane(ask.tree, name)
    check_size(plane, ask.size(), ask.tree.place(name))
    labels = components(dark_of(plane, options.below))
    class_id = options.class_id(ask, name)
    count = int(labels.max()) if labels.size else 0
    of = {} if class_id is None else dict.fromkeys(range(1, count + 1), class_id)
    labels = labels.astype(np.int32, copy=False)
    return [LabelImage(labels, name, ask.classes.names, of, ask.classes.colours)]


def dark_of(plane: np.ndarray, below: int) -> np.ndarray:
    """Tell which pixels are dark.

    Parameters
    ----------
    plane
        Numbers or bits, shape (y, x), or colours, shape (y, x, 3).
    below
        See `DarkComponentsOptions`.

    Returns
    -------
    ndarray
        uint8, shape (y, x): 1 where it is darker than `below`.
    """
    import numpy as np

    if plane.ndim == 3:
        plane = plane[..., :3] @ np.array(_WEIGHTS[: plane.shape[-1]])
        return (plane < below).astype(np.uint8)
    full = 255
    if plane.dtype == bool or (plane.size and plane.max() <= 1):
        full = 1  # a bitmap: 1 is white
    elif plane.dtype.itemsize == 2:
        full = 65535
    return (plane < below * full / 255).astype(np.uint8)


WORD = Word(DarkComponentsOptions, read)
