"""What people have marked in a picture, in the kinds that data sets use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


@dataclass(frozen=True, slots=True)
class LabelImage:
    """Instances (or classes) as one integer image.

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
    """

    labels: np.ndarray
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_of: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Points:
    """Marked positions.

    Parameters
    ----------
    yx
        float64, shape (n, 2): row and column, pixel centres at integers.
    source, class_names
        As for `LabelImage`.
    class_ids
        int, shape (n,), or None where all points share the one class.
    """

    yx: np.ndarray
    source: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    class_ids: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class ImageClass:
    """One class for the whole picture."""

    name: str
    source: str = ""


Annotation: TypeAlias = LabelImage | Points | ImageClass
