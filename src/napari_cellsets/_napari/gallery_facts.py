"""What is known of very many items, in columns that filter and sort at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.formats.names import natural_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellsets._napari.browsing import Marks
    from napari_cellsets.catalogue import Dataset

CLASS, SPLIT, WORK, COUNT, ERROR = "class", "split", "work", "count", "error"
NONE = "none"
"""Value of items of which nothing is said."""

_COUNTS = ((0, "0"), (9, "1 to 9"), (49, "10 to 49"), (199, "50 to 199"))
_ERRORS = ((0, "exact"), (2, "1 or 2 off"), (9, "3 to 9 off"))


@dataclass(frozen=True)
class Column:
    """One fact of all items.

    Parameters
    ----------
    values
        What it can be, in order.
    codes
        Place in `values` of each item, shape (items,).
    """

    values: tuple[str, ...]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str], order: Sequence[str] = ()) -> Column:
        """Make a column of one text an item.

        Parameters
        ----------
        texts
            Empty where nothing is said.
        order
            Values that come first, in this order; others follow as people count.
        """
        named = [text or NONE for text in texts]
        found = set(named)
        first = [value for value in order if value in found]
        last = [NONE] if NONE in found and NONE not in first else []
        rest = natural_order(found.difference(first, last))
        values = (*first, *rest, *last)
        code = {value: place for place, value in enumerate(values)}
        return cls(values, np.array([code[text] for text in named], np.int32))

    def taken(self, places: NDArray[Any]) -> Column:
        """Return the column of items that share facts with these."""
        return Column(self.values, self.codes[places])

    def allows(self, chosen: Iterable[str]) -> NDArray[np.bool_]:
        """Return which items have one of these values."""
        wanted = set(chosen)
        fits = np.array([value in wanted for value in self.values], bool)
        return fits[self.codes]


@dataclass(frozen=True)
class FactTable:
    """Items with their facts.

    Parameters
    ----------
    names
        Of all items, in their own order.
    columns
        Facts by name.
    numbers
        Figures by name, float64 of shape (items,), NaN where unknown.
    """

    names: Sequence[str]
    columns: Mapping[str, Column] = field(default_factory=dict)
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        """Place of each name."""
        return {name: place for place, name in enumerate(self.names)}

    @cached_property
    def lowered(self) -> list[str]:
        """Names without capitals."""
        return [name.lower() for name in self.names]

    def holds(self, word: str) -> NDArray[np.bool_]:
        """Return which items have a word, in small letters, in name or facts."""
        found = np.array([word in name for name in self.lowered], bool)
        for column in self.columns.values():
            hits = [value for value in column.values if word in value.lower()]
            if hits:
                found |= column.allows(hits)
        return found

    def value(self, name: str, item: int) -> str:
        """Return one fact of an item; empty where nothing is said."""
        column = self.columns.get(name)
        text = "" if column is None else column.values[column.codes[item]]
        return "" if text == NONE else text

    def sorts(self) -> list[str]:
        """Return the facts and figures by which items can be sorted."""
        telling = [n for n, column in self.columns.items() if len(column.values) > 1]
        return list(dict.fromkeys([*telling, *self.numbers]))

    def with_columns(
        self,
        columns: Mapping[str, Column],
        numbers: Mapping[str, NDArray[np.float64]] | None = None,
    ) -> FactTable:
        """Return the same items with further, or newer, facts."""
        other = FactTable(
            self.names,
            {**self.columns, **columns},
            {**self.numbers, **(numbers or {})},
        )
        # the names are the same
        other.__dict__.update(lowered=self.lowered, place_of=self.place_of)
        return other


def read_facts(dataset: Dataset) -> FactTable:
    """Return what is published of all samples; takes a while, for any thread.

    Parameters
    ----------
    dataset
        Its samples are gone through once; those of one class and split share
        their facts and are looked at together.
    """
    names: list[str] = []
    kind_of: list[int] = []
    place: dict[tuple[str, int], int] = {}
    kinds: list[dict[str, str]] = []
    kept = []  # an id is good while its object lives
    for sample in dataset.samples:
        key = (sample.split, id(sample.facts))
        at = place.get(key)
        if at is None:
            at = place[key] = len(kinds)
            kinds.append({SPLIT: sample.split, **sample.facts})
            kept.append(sample.facts)
        names.append(sample.name)
        kind_of.append(at)
    of_items = np.array(kind_of, np.int32)
    facts = dict.fromkeys(name for kind in kinds for name in kind)
    order = dataset.classes if dataset.kind == "cells" else ()
    columns = {
        name: Column.of(
            [kind.get(name, "") for kind in kinds], order if name == CLASS else ()
        ).taken(of_items)
        for name in facts
    }
    return FactTable(names, columns)


def marked(table: FactTable, marks: Marks) -> FactTable:
    """Add what was done with the samples: work, counts, errors."""
    counts, errors = np.full((2, len(table)), np.nan)
    work = np.zeros(len(table), np.int32)
    place_of = table.place_of
    for name, count in marks.counts.items():
        if (at := place_of.get(name)) is not None:
            work[at], counts[at] = 1, count
            errors[at] = count - marks.truths.get(name, np.nan)
    for name in marks.corrected:
        if (at := place_of.get(name)) is not None:
            work[at] = 2
    columns = {WORK: Column(("not counted", "counted", "corrected"), work)}
    if np.isfinite(counts).any():
        columns[COUNT] = _binned(counts, _COUNTS, "200 and more", "not counted")
    if np.isfinite(errors).any():
        off = np.abs(errors)
        columns[ERROR] = _binned(off, _ERRORS, "10 and more off", "unknown")
    return table.with_columns(columns, {COUNT: counts, ERROR: np.abs(errors)})


def _binned(
    figures: NDArray[np.float64],
    bins: Sequence[tuple[float, str]],
    more: str,
    unknown: str,
) -> Column:
    edges = [edge for edge, _ in bins]
    codes = np.searchsorted(edges, np.nan_to_num(figures, nan=0.0)).astype(np.int32)
    codes[np.isnan(figures)] = len(bins) + 1
    return Column((*[words for _, words in bins], more, unknown), codes)
