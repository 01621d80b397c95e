"""Which items of a gallery are shown, in which order, and how many of each kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets._napari.gallery_facts import CLASS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellsets._napari.gallery_facts import FactTable

#: More values than this are for searching, not for choosing from.
_MOST_VALUES = 60


@dataclass(frozen=True)
class GalleryFilter:
    """What to show.

    Parameters
    ----------
    text
        All of its words must be in the name or in the facts.
    chosen
        By name of a fact the values of which one is wanted; a fact that is not
        named narrows nothing.
    sort
        Name of a fact or figure; empty for the items' own order.
    descending
        The last one first. Unknown figures come last either way.
    a_class
        So many of each class, chosen at random; 0 for all.
    seed
        Of that choice.
    """

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
    a_class: int = 0
    seed: int = 0

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text.strip() or self.chosen or self.a_class)

    def apply(self, table: FactTable) -> NDArray[np.intp]:
        """Return the items to show, in order, shape (shown,)."""
        mask = self._by_text(table)
        for fits in self._by_fact(table).values():
            mask &= fits
        shown = np.flatnonzero(mask)
        if self.a_class:
            shown = _some_of_each(table, shown, self.a_class, self.seed)
        return shown[self._ranked(table, shown)]

    def facets(self, table: FactTable) -> dict[str, list[tuple[str, int]]]:
        """Count each value among the items that all other choices leave.

        Returns
        -------
        dict
            By fact its values with their numbers of items, in order; only facts
            that tell items apart and have few enough values to choose from.
        """
        fits = self._by_fact(table)
        misses = np.zeros(len(table), np.int16)
        for one in fits.values():
            misses += ~one
        text = self._by_text(table)
        told = {}
        for name, column in table.columns.items():
            if not 1 < len(column.values) <= _MOST_VALUES:
                continue
            others = misses - ~fits[name] if name in fits else misses
            left = column.codes[text & (others == 0)]
            counts = np.bincount(left, minlength=len(column.values)).tolist()
            told[name] = list(zip(column.values, counts, strict=True))
        return told

    def state(self) -> dict[str, Any]:
        """Return what JSON can keep; see `filter_from`."""
        return {
            "text": self.text,
            "chosen": {name: list(values) for name, values in self.chosen.items()},
            "sort": self.sort,
            "descending": self.descending,
            "a_class": self.a_class,
            "seed": self.seed,
        }

    def _by_text(self, table: FactTable) -> NDArray[np.bool_]:
        mask = np.ones(len(table), bool)
        for word in self.text.lower().split():
            mask &= table.holds(word)
        return mask

    def _by_fact(self, table: FactTable) -> dict[str, NDArray[np.bool_]]:
        return {
            name: table.columns[name].allows(values)
            for name, values in self.chosen.items()
            if name in table.columns
        }

    def _ranked(self, table: FactTable, shown: NDArray[np.intp]) -> NDArray[np.intp]:
        figures = table.numbers.get(self.sort)
        if figures is not None:
            ranks = figures[shown]
            ranks = -ranks if self.descending else ranks
            return np.argsort(ranks, kind="stable")
        column = table.columns.get(self.sort)
        if column is not None:
            codes = column.codes[shown]
            return np.argsort(-codes if self.descending else codes, kind="stable")
        own = np.arange(shown.size)
        return own[::-1] if self.descending else own


def filter_from(state: Mapping[str, Any]) -> GalleryFilter:
    """Return the filter of `GalleryFilter.state`; what is no such state is left out."""
    chosen = state.get("chosen")
    return GalleryFilter(
        str(state.get("text", "")),
        {
            str(name): tuple(map(str, values))
            for name, values in (chosen if isinstance(chosen, dict) else {}).items()
            if isinstance(values, list) and values
        },
        str(state.get("sort", "")),
        bool(state.get("descending", False)),
        _whole(state.get("a_class")),
        _whole(state.get("seed")),
    )


def class_counts(
    table: FactTable, items: NDArray[np.intp]
) -> Sequence[tuple[str, int, int]]:
    """Return (class, number among `items`, number of all) of each class, in order."""
    column = table.columns.get(CLASS)
    if column is None:
        return ()
    size = len(column.values)
    shown = np.bincount(column.codes[items], minlength=size).tolist()
    every = np.bincount(column.codes, minlength=size).tolist()
    return list(zip(column.values, shown, every, strict=True))


def _some_of_each(
    table: FactTable, shown: NDArray[np.intp], number: int, seed: int
) -> NDArray[np.intp]:
    column = table.columns.get(CLASS)
    codes = np.zeros(shown.size, np.int32) if column is None else column.codes[shown]
    mixed = np.random.default_rng(seed).permutation(shown.size)
    by_class = mixed[np.argsort(codes[mixed], kind="stable")]
    starts = np.searchsorted(codes[by_class], np.arange(codes.max(initial=0) + 1))
    place = np.arange(shown.size) - starts[codes[by_class]]
    return np.sort(shown[by_class[place < number]])


def _whole(said: object) -> int:
    return said if isinstance(said, int) and said > 0 else 0
