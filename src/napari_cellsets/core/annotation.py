"""What people have marked in a picture, in the kinds that data sets use.

Coordinates are rows and columns (y, x) with pixel centres at integers: the first
pixel covers -0.5 to 0.5. Formats that count from pixel corners or from 1 are
converted where they are read and written. Class ids are those of the data set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

Colour: TypeAlias = "tuple[int, int, int]"
"""Red, green and blue, 0 to 255."""

Outline: TypeAlias = "tuple[tuple[np.ndarray, ...], ...]"
"""One object: its parts; of each part the outer ring, then its holes.

A ring is float64, shape (n, 2), rows and columns, not closed.
"""


@dataclass(frozen=True, slots=True)
class LabelImage:
    """Instances as one integer image; they cannot overlap.

    Parameters
    ----------
    labels
        int32, shape (y, x) or (z, y, x); 0 is background.
    source
        Where it comes from: a file, a model, a person.
    class_names
        Name of each class id that the data set uses.
    class_of
        Class id of each label; empty where all objects share the one class.
    class_colours
        Colour of a class id where one is published.
    """

    labels: np.ndarray
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_of: Mapping[int, int] = field(default_factory=dict)
    class_colours: Mapping[int, Colour] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassMask:
    """The class of every pixel; objects are not told apart.

    Parameters
    ----------
    classes
        Integers, shape (y, x) or (z, y, x): class ids, 0 is background.
    source, class_names, class_colours
        As for `LabelImage`.
    """

    classes: np.ndarray
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_colours: Mapping[int, Colour] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MaskStack:
    """Instances that may overlap, each with a mask of its own.

    Parameters
    ----------
    masks
        One array of bool a object, shape (height, width): the mask cut to its box.
    corners
        int, shape (n, 2): row and column of the first pixel of each mask.
    shape
        Height and width of the picture in pixels.
    source, class_names, class_colours
        As for `LabelImage`.
    class_ids
        int, shape (n,), or None where all objects share the one class.
    properties
        What else is known of each object, in the same order: ``{name: values}``.
    """

    masks: Sequence[np.ndarray]
    corners: np.ndarray
    shape: tuple[int, int]
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_ids: np.ndarray | None = None
    class_colours: Mapping[int, Colour] = field(default_factory=dict)
    properties: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Polygons:
    """Outlined objects, with holes and in several parts where they are so.

    Parameters
    ----------
    outlines
        One `Outline` an object, in the order of the file.
    open
        Whether each is an open line and encloses nothing; None where none is.
    source, class_names, class_ids, class_colours, properties
        As for `MaskStack`.
    """

    outlines: Sequence[Outline]
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_ids: np.ndarray | None = None
    class_colours: Mapping[int, Colour] = field(default_factory=dict)
    properties: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    open: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Boxes:
    """Rectangles around objects.

    Parameters
    ----------
    yxyx
        float64, shape (n, 4): upper, left, lower and right edge. A box around the
        first pixel alone is -0.5, -0.5, 0.5, 0.5.
    angles
        Degrees, clockwise as seen on the screen, about the middle of each box;
        None where all are upright.
    source, class_names, class_ids, class_colours, properties
        As for `MaskStack`.
    """

    yxyx: np.ndarray
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_ids: np.ndarray | None = None
    class_colours: Mapping[int, Colour] = field(default_factory=dict)
    properties: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    angles: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """Marked positions.

    Parameters
    ----------
    yx
        float64, shape (n, 2): row and column.
    source, class_names, class_ids, class_colours, properties
        As for `MaskStack`.
    """

    yx: np.ndarray
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_ids: np.ndarray | None = None
    class_colours: Mapping[int, Colour] = field(default_factory=dict)
    properties: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageClass:
    """One class for the whole picture.

    Parameters
    ----------
    name
        The class.
    source
        As for `LabelImage`.
    path
        Classes of a hierarchy from the root to `name`; empty without hierarchy.
    """

    name: str
    source: str = ""
    path: tuple[str, ...] = ()


Annotation: TypeAlias = (
    LabelImage | ClassMask | MaskStack | Polygons | Boxes | Points | ImageClass
)
