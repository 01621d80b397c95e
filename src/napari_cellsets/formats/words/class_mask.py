"""``class-mask``: a picture whose numbers, or colours, are classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.annotation import ClassMask
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.annotations import check_size
from napari_cellsets.formats.codecs import read_plane
from napari_cellsets.formats.labels_io import as_labels
from napari_cellsets.formats.words.base import Ask, Word, WordOptions

if TYPE_CHECKING:
    import numpy as np


class ClassMaskOptions(WordOptions):
    """Options of ``class-mask``; with `class_is` all above 0 is of that class.

    Parameters
    ----------
    colours
        Whether colours, not numbers, tell the class; the row's `class_colours`
        says which.
    ignore
        Numbers that mean no class, such as 255 for a border that nobody drew.
    """

    colours: bool = False
    ignore: tuple[int, ...] = ()


def read(ask: Ask, options: ClassMaskOptions) -> list[ClassMask]:
    """Read the class of every pixel.

    Raises
    ------
    UnreadableFileError
        If the file is damaged or has another size than the picture.
    """
    import numpy as np

    if not ask.files:
        return []
    name = ask.files[0]
    place = ask.tree.place(name)
    plane = read_plane(ask.tree, name)
    check_size(plane, ask.size(), place)
    number = options.class_id(ask, name)
    if number is not None:
        above = plane.max(axis=-1) > 0 if plane.ndim > 2 else plane > 0
        classes = np.where(above, np.int32(number), np.int32(0))
    elif options.colours:
        classes = _by_colour(plane, ask, name)
    else:
        classes = as_labels(plane, place)
    if options.ignore:
        classes = np.where(np.isin(classes, options.ignore), 0, classes)
    names, colours = ask.classes.names, ask.classes.colours
    unknown = sorted(set(np.unique(classes).tolist()) - {0, *names})
    if unknown and ask.classes.declared:
        ask.tell(name, f"class {unknown[0]} is in no table of this data set")
    return [ClassMask(classes.astype(np.int32, copy=False), name, names, colours)]


def _by_colour(plane: np.ndarray, ask: Ask, name: str) -> np.ndarray:
    """Class ids of a coloured mask; colours that are no class's become 0."""
    import numpy as np

    if plane.ndim != 3 or plane.shape[-1] != 3:
        raise UnreadableFileError(
            f"a coloured mask was expected, found the shape {plane.shape}",
            path=ask.tree.place(name),
        )
    packed = _packed(plane.astype(np.int32))
    classes = np.zeros(packed.shape, np.int32)
    told = packed == 0
    for number, colour in ask.classes.colours.items():
        there = packed == _packed(np.array(colour, np.int32))
        classes[there] = number
        told |= there
    if not told.all():
        lost = np.count_nonzero(~told)
        ask.tell(name, f"{lost:,} pixels have a colour of no class")
    return classes


def _packed(colours: np.ndarray) -> np.ndarray:
    """Red, green and blue of each pixel as one number."""
    import numpy as np

    red, green, blue = (colours[..., place] for place in range(3))
    return np.asarray((red << 16) + (green << 8) + blue)


WORD = Word(ClassMaskOptions, read)
