"""What goes out of each sample, where a set marks the same cells in several ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.batch.corrected import Corrected, corrected_with_times
from napari_cellsets.batch.given_classes import learn_classes
from napari_cellsets.core.annotation_names import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.store import Project

ALL = "all"
"""In place of the name of an annotation: all of them, though they mark the same."""


class Once:
    """Gives what is marked in a sample, every cell once; see `WordOptions.objects`.

    Of annotations that mark the same objects it takes the one that people corrected
    last; where nobody did, the one that counts, else the first of the row.

    Parameters
    ----------
    dataset
        The set.
    project
        Where corrections are kept; None for what the set itself has.
    annotation
        Name of the annotation that is wanted, or `ALL`: then nothing is held back.

    Attributes
    ----------
    taken
        Names of annotations that were given so far.
    left
        Names of those held back, with the name of the one taken in their place.
    """

    def __init__(
        self, dataset: Dataset, project: Project | None = None, annotation: str = ""
    ) -> None:
        if project is not None:
            # writers ask for the classes before the first sample
            learn_classes(dataset, project)
        self._dataset, self._project = dataset, project
        self._whole = bool(annotation)
        self.taken: dict[str, None] = {}
        self.left: dict[str, str] = {}

    def __call__(self, sample: Sample) -> tuple[Annotation, ...]:
        """Return the annotations of a sample that are to be written.

        Raises
        ------
        StoreError
            If the store cannot be read.
        """
        found = self._found(sample)
        names = names_of([one.annotation for one in found])
        kept = list(range(len(found))) if self._whole else first_of_each(found)
        self.taken |= {names[place]: None for place in kept}
        for place, one in enumerate(found):
            if place not in kept:
                same = next(at for at in kept if found[at].objects == one.objects)
                self.left[names[place]] = names[same]
        return tuple(found[place].annotation for place in kept)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all annotations seen so far."""
        return tuple(self.taken | dict.fromkeys(self.left))

    @property
    def said(self) -> str:
        """What was held back, for the person; empty where nothing was."""
        most = [f"{name} (the same as {taken})" for name, taken in self.left.items()]
        return f"not {' and '.join(most)}" if most else ""

    def _found(self, sample: Sample) -> Sequence[Corrected]:
        if self._project is not None:
            return corrected_with_times(self._dataset, self._project, sample)
        return [
            Corrected(one.annotation, one.name, one.objects, one.counted)
            for one in self._dataset.read_listed(sample)
        ]


def first_of_each(found: Sequence[Corrected]) -> list[int]:
    """Choose one of those that mark the same objects; return their places in order."""
    best: dict[str, int] = {}
    alone = []
    for place, one in enumerate(found):
        if not one.objects:
            alone.append(place)
            continue
        other = best.setdefault(one.objects, place)
        if (one.changed, one.counted) > (found[other].changed, found[other].counted):
            best[one.objects] = place
    return sorted([*alone, *best.values()])
