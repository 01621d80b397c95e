"""What an edit did to objects: which came, went, moved or were reshaped."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.store.pixels import decode_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellsets.store.delta import LabelDelta

#: No shape is this number.
NO_SHAPE = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one edit did to the objects of an image.

    Parameters
    ----------
    reshaped
        Objects that kept some of their pixels, or went to another plane of a stack.
    gone
        Objects without any pixel now.
    copied
        New object to the one that most of its pixels were.
    moved
        The same where it is that object, whole, under another number.
    drawn
        New objects out of the background.
    shapes
        Of the gone and the new ones: a number for where the pixels are that they
        lost or gained, the same for the same pixels.
    areas
        By how many pixels each touched object grew.
    """

    reshaped: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    copied: dict[int, int] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    drawn: list[int] = field(default_factory=list)
    shapes: dict[int, int] = field(default_factory=dict)
    areas: dict[int, int] = field(default_factory=dict)

    @property
    def new(self) -> list[int]:
        """Objects that were not there before, or not one pixel of them."""
        return [*self.copied, *self.moved, *self.drawn]

    @property
    def touched(self) -> set[int]:
        """Every object whose facts may change, or be asked for."""
        sources = {*self.copied.values(), *self.moved.values()}
        return {*self.reshaped, *self.gone, *self.new} | sources


def outcome_of(
    delta: LabelDelta, areas: Mapping[int, int], shape: tuple[int, ...]
) -> Outcome:
    """Return what an edit does.

    Parameters
    ----------
    delta
        The edit.
    areas
        Pixels of every object before it.
    shape
        Of the whole image.
    """
    before, after = decode_labels(delta.before), decode_labels(delta.after)
    places = np.nonzero(before != after)
    old, new = before[places], after[places]
    lost, gained = _counts(old), _counts(new)
    found = Outcome()
    for label in {*lost, *gained}:
        found.areas[label] = gained.get(label, 0) - lost.get(label, 0)
    sources = _main_sources(old, new)
    for label in lost.keys() | gained.keys():
        if areas.get(label, 0) > lost.get(label, 0):
            found.reshaped.append(label)
        elif label not in gained:
            found.gone.append(label)
        else:
            source, pixels = sources[label]
            if not source or 2 * pixels <= gained[label]:
                # in a stack the object that has the label went to another plane
                stays = len(shape) > 2 and areas.get(label)
                (found.reshaped if stays else found.drawn).append(label)
            elif pixels == gained[label] == areas.get(source):
                found.moved[label] = source
            else:
                found.copied[label] = source
    corner = zip(places, delta.origin, strict=True)
    flat = np.ravel_multi_index([at + start for at, start in corner], shape)
    gone = _shapes(flat, old, found.gone)
    found.shapes.update(gone | _shapes(flat, new, found.new))
    return found


def _counts(labels: np.ndarray) -> dict[int, int]:
    values, counts = np.unique(labels, return_counts=True)
    found = dict(zip(values.tolist(), counts.tolist(), strict=True))
    found.pop(0, None)
    return found


def _main_sources(old: np.ndarray, new: np.ndarray) -> dict[int, tuple[int, int]]:
    """Return of each new value what most of its pixels were, and how many."""
    pairs = new.astype(np.int64) << 32 | (old.astype(np.int64) & 0xFFFFFFFF)
    values, counts = np.unique(pairs, return_counts=True)
    order = np.argsort(counts, kind="stable")
    targets = (values[order] >> 32).tolist()
    origins = (values[order] & 0xFFFFFFFF).astype(np.uint32).view(np.int32).tolist()
    sizes = counts[order].tolist()
    return dict(zip(targets, zip(origins, sizes, strict=True), strict=True))


def _shapes(flat: np.ndarray, labels: np.ndarray, wanted: list[int]) -> dict[int, int]:
    if not wanted:
        return {}
    chosen = np.isin(labels, wanted)
    order = np.argsort(labels[chosen], kind="stable")
    values, starts = np.unique(labels[chosen][order], return_index=True)
    parts = np.split(flat[chosen][order].astype("<i8"), starts[1:])
    return {
        int(value): zlib.crc32(part.tobytes()) or 1
        for value, part in zip(values, parts, strict=True)
    }
