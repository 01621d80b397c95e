"""What a gallery shows: the samples of a set, each with its card, picture, subject."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from napari_cellsets._napari.browsing import Marks, describe, details
from napari_cellsets._napari.class_colours import class_colours
from napari_cellsets._napari.gallery_classes import classed
from napari_cellsets._napari.gallery_facts import CLASS, FactTable, marked
from napari_cellsets.batch.picture_classes import as_said
from napari_cellsets.store import Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellsets._napari.gallery_classes import PictureClasses
    from napari_cellsets._napari.thumbnails import ThumbnailCache
    from napari_cellsets.catalogue import Dataset

    Make = Callable[[int], NDArray[np.uint8]]


@dataclass(frozen=True)
class Card:
    """What is written of one item.

    Parameters
    ----------
    title, line
        Name, and what is known of it in a few words.
    colour
        Of its class, ``#rrggbb``; empty for none.
    verdict
        What a reviewer said; empty for nothing.
    details
        For the tooltip.
    """

    title: str
    line: str = ""
    colour: str = ""
    verdict: str = ""
    details: str = ""


class Items(Protocol):
    """Things of one kind in a gallery, counted from 0."""

    noun: str
    """What many of them are called."""
    colours: dict[str, str]
    """``#rrggbb`` by class."""
    dataset: Dataset

    @property
    def table(self) -> FactTable:
        """Their facts."""

    def __len__(self) -> int:
        """Return how many there are."""

    def card(self, item: int) -> Card:
        """Return what is written of one, without its verdict."""

    def maker(self, cache: ThumbnailCache, size: int) -> Make:
        """Return a function for any thread that makes the picture of one."""

    def set_marks(self, marks: Marks) -> None:
        """Say what was done with the samples."""

    def set_classes(self, classes: PictureClasses) -> None:
        """Say what people said of their classes."""

    def subjects(self) -> list[Subject]:
        """Return what a verdict on each is about."""

    def box_of(self, item: int) -> tuple[float, float, float, float] | None:
        """Return where one is in its picture, px; None for a whole picture."""

    def sample_of(self, item: int) -> int:
        """Return the index of the sample where one is."""


class SampleItems:
    """The samples of a set.

    Parameters
    ----------
    dataset
        Whose samples.
    table
        Their facts; without, until they are read, none is known.
    """

    noun = "samples"

    def __init__(self, dataset: Dataset, table: FactTable | None = None) -> None:
        self.dataset = dataset
        self._marks = Marks()
        self._classes: PictureClasses | None = None
        self._read = table
        self._table = FactTable(()) if table is None else marked(table, self._marks)
        colours = class_colours(len(dataset.classes)) if dataset.kind == "cells" else ()
        self.colours = dict(zip(dataset.classes, colours, strict=False))

    @property
    def table(self) -> FactTable:
        """Facts of all samples, with what was done with them."""
        return self._table

    def __len__(self) -> int:
        return len(self.dataset.samples)

    def set_marks(self, marks: Marks) -> None:
        """Say what was done with the samples."""
        # what is said of classes is newer in `set_classes`
        self._marks = replace(marks, classes={})
        self._tell()

    def set_classes(self, classes: PictureClasses) -> None:
        """Say what people said of their classes; again after each change."""
        self._classes = classes
        self._tell()

    def _tell(self) -> None:
        if self._read is None:
            return
        table, classes = self._read, self._classes
        if classes is not None:
            table = classed(table, classes.said, classes.author, classes.names)
            colours = class_colours(len(classes.names))
            self.colours = dict(zip(classes.names, colours, strict=True))
        self._table = marked(table, self._marks)

    def card(self, item: int) -> Card:
        """Return what is written of a sample."""
        sample, kind, marks = self.dataset.samples[item], self.dataset.kind, self._marks
        said = None if self._classes is None else self._classes.of(item)
        if said is not None:
            marks = replace(marks, classes={sample.name: said})
        name = as_said(sample, said).facts.get(CLASS, "")
        return Card(
            sample.name,
            describe(sample, marks, kind),
            self.colours.get(name, ""),
            details=details(sample, marks, kind),
        )

    def maker(self, cache: ThumbnailCache, size: int) -> Make:
        """Return a function from index to thumbnail, for any thread."""
        return cache.maker(self.dataset, size)

    def subjects(self) -> list[Subject]:
        """Return whole samples as what verdicts are about."""
        return [Subject(name) for name in self._table.names]

    def box_of(self, _item: int) -> None:
        """Return None: it is the whole picture."""

    def sample_of(self, item: int) -> int:
        """Return the same index: items are samples."""
        return item
