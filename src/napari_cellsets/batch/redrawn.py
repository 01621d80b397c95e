"""Outlines whose drawn ground truth was corrected as labels, as marks of outlines.

Ground truth of a set of outlines is a drawing of them. What people correct in that
drawing becomes what they would have done to the outlines: those whose pixels nobody
touched stay as they were published, to the last digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_cellsets.store import Mark, MarkKey, StoredMark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from napari_cellsets.core.annotation import LabelImage, Polygons


class Drawing(NamedTuple):
    """A ground truth drawn from outlines, and what people made of it.

    Parameters
    ----------
    sample
        Name of the sample.
    before, after
        As the data set has it, and as it is now.
    outlines
        Name and outlines of each annotation that it was drawn from.
    drawn
        Of each label its annotation and its outline, as of `Dataset.drawn_from`.
    author, time
        Who corrected it last; when, in seconds since 1970.
    """

    sample: str
    before: LabelImage
    after: LabelImage
    outlines: Sequence[tuple[str, Polygons]]
    drawn: Sequence[tuple[int, int]]
    author: str
    time: float

    def marks(self) -> dict[MarkKey, StoredMark]:
        """Say as marks of outlines what was corrected in the drawing.

        Returns
        -------
        dict
            Of each outline that was reshaped, deleted, given another class or drawn
            anew.
        """
        before, after = self.before.class_of, self.after.class_of
        reshaped = _touched(self.before.labels, self.after.labels)
        shapes = dict(_shapes(self.after.labels, reshaped))
        classed = {n for n in {*before, *after} if before.get(n) != after.get(n)}
        found = {}
        for label in sorted(reshaped | classed):
            gone = label in reshaped and label not in shapes
            if gone and label > len(self.drawn):
                continue  # drawn and deleted again
            name = self.after.class_names.get(after.get(label, -1), "")
            # without a place it stays where it was
            mark = Mark("polygons", shapes.get(label), "" if gone else name, gone)
            stored = StoredMark(mark, "", {}, self.author, self.time, 0)
            found[self._key(label)] = stored
        return found

    def _key(self, label: int) -> MarkKey:
        if label <= len(self.drawn):
            which, place = self.drawn[label - 1]
            return MarkKey(self.sample, self.outlines[which][0], place + 1)
        name, first = self.outlines[0]
        return MarkKey(self.sample, name, len(first.outlines) + label)


def _touched(before: np.ndarray, after: np.ndarray) -> set[int]:
    """Return the labels that gained or lost pixels."""
    differs = before != after
    pixels = np.concatenate([before[differs], after[differs]])
    return set(np.unique(pixels[pixels > 0]).tolist())


def _shapes(
    labels: np.ndarray, wanted: Iterable[int]
) -> Iterator[tuple[int, list[list[list[list[float]]]]]]:
    """Trace objects that are there, as `Mark.place` says it."""
    from scipy import ndimage

    from napari_cellsets.formats.containers.outlines import polygons_of_mask

    chosen = sorted(wanted)
    dense = np.searchsorted(chosen, labels) + 1 if chosen else labels
    kept = np.isin(labels, chosen)
    boxes = ndimage.find_objects(np.where(kept, dense, 0), len(chosen))
    for label, box in zip(chosen, boxes, strict=True):
        if box is not None:
            corner = (box[0].start, box[1].start)
            outline = polygons_of_mask(labels[box] == label, corner)
            yield label, [[ring.tolist() for ring in part] for part in outline]
