"""Samples from paired files: split, class and what else is published of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from itertools import compress, repeat
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import is_normalized, normalize

from napari_cellsets.catalogue.tables import Told, stem_of
from napari_cellsets.core.sample import Sample
from napari_cellsets.formats.files import Problem
from napari_cellsets.formats.lazy import Lazy
from napari_cellsets.formats.names import natural_order
from napari_cellsets.formats.pairs import FittedPairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_cellsets.catalogue.recipe import Recipe
    from napari_cellsets.formats.pairs import Pair, Pairs
    from napari_cellsets.formats.templates import Values

FOLDER_SPLIT = "folder"
"""What folders split by, where a table splits by something else."""

_NAMED = 3

_Said = tuple[str, Mapping[str, str]]


class Kind(NamedTuple):
    """What a number of samples have in common."""

    split: str
    facts: Mapping[str, str]
    number: int


class Samples(Lazy[Sample]):
    """Samples of a row, made when they are looked at.

    Those of one split and one set of facts share both.

    Parameters
    ----------
    recipe, pairs
        A row and its paired files.
    told
        What the row's table says of each picture.
    split_in
        Tells the split of a picture of which the row says none.
    """

    def __init__(
        self,
        recipe: Recipe,
        pairs: Pairs,
        told: Told | None = None,
        split_in: Callable[[str], str] | None = None,
    ) -> None:
        self._recipe, self._pairs, self._told = recipe, pairs, told or Told()
        self._split_in = split_in
        self._known: dict[tuple[Values, tuple[str, ...]], _Said] = {}
        marks = recipe.layout.image_template.marks
        cells = ["class"] if recipe.kind == "cells" else []
        telling = dict.fromkeys(["split", *cells, *recipe.facts])
        self._marks = [mark for mark in telling if mark in marks]
        self._places = [marks.index(mark) for mark in self._marks]

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._all)

    def _at(self, place: int) -> Sample:
        if self._told.facts or "_all" in self.__dict__:
            return self._all[place]
        pair = self._pairs[place]
        key = tuple([pair.values[at] for at in self._places])
        return self._made(pair.name, pair.image, _files_of(pair), key)

    @cached_property
    def kinds(self) -> list[Kind]:
        """Splits and facts with their numbers of samples; those of one file left out.

        Splits come in the order of the first sample of each.
        """
        if self._told.facts or self._recipe.split_of or self._split_in is not None:
            return [Kind(sample.split, sample.facts, 1) for sample in self._all]
        otherwise = self._recipe.split_else
        kinds = ((self._said(key), count) for key, count in self._tally.items())
        return [Kind(split or otherwise, fs, count) for (split, fs), count in kinds]

    @cached_property
    def _all(self) -> tuple[Sample, ...]:
        pairs, keys = self._pairs, self._pairs.keys(self._places)
        if isinstance(pairs, FittedPairs) and pairs.alone:
            return tuple(map(self._made, pairs.names(), pairs.images, repeat(()), keys))
        return tuple(
            self._made(pair.name, pair.image, _files_of(pair), key)
            for pair, key in zip(pairs, keys, strict=True)
        )

    @cached_property
    def _tally(self) -> Mapping[Values, int]:
        """How many samples there are of each key, in order where order tells."""
        runs = self._pairs.tally(self._places)
        telling = [m in ("split", "class") for m in self._marks]
        total: Counter[Values] = Counter()
        for run in runs:
            if len({tuple(compress(key, telling)) for key in run}) > 1:
                return Counter(self._pairs.keys(self._places))
            total.update(run)
        return total

    def _made(
        self, name: str, image: str, files: tuple[str, ...], key: Values
    ) -> Sample:
        recipe, told = self._recipe, self._told
        said: tuple[str, ...] = ()
        if told.facts or (recipe.remarks and stem_of(image) in recipe.remarks):
            said = _of_file(recipe, told, image)
        split, facts = self._said(key, said)
        if not split:
            split = recipe.split_of.get(name, recipe.split_else)
        if not split and self._split_in is not None:
            split = self._split_in(image)
        return Sample(self._called(name), image, files, split, facts)

    def _called(self, name: str) -> str:
        """A name with its accents as most write them: a copy of a set may do otherwise.

        Copied between systems, ``é`` becomes ``e`` and an accent, or the reverse.
        """
        if name.isascii() or is_normalized("NFC", name):
            return name
        composed = normalize("NFC", name)
        return name if composed in self._names else composed

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(pair.name for pair in self._pairs)

    def _said(self, key: Values, file: tuple[str, ...] = ()) -> _Said:
        """Split and facts of a key, and of one file where something is said of it."""
        known = self._known.get((key, file))
        if known is None:
            known = self._known[key, file] = self._say(key, file)
        return known

    def _say(self, key: Values, file: tuple[str, ...]) -> _Said:
        recipe, values = self._recipe, self._values(key)
        if recipe.kind == "cells" and not recipe.class_in_path:
            values["class"] = file[0] if file else ""
        name = values.get("class")
        if name:
            values["class"] = self._spelt.setdefault(name.lower(), name)
        said = _split_and_facts(recipe, values)
        return _with_file(self._told, *said, file) if file else said

    def _values(self, key: Values) -> dict[str, str]:
        template = self._recipe.layout.image_template
        texts = dict(zip(self._marks, key, strict=True))
        return template.named(tuple([texts.get(mark) for mark in template.marks]))

    @cached_property
    def _spelt(self) -> dict[str, str]:
        """Class of each spelling: Train/Basophil and test/basophil are one."""
        others = self._recipe.other_spellings.items()
        spelt = {text.lower(): name for text, name in others}
        if self._recipe.class_in_path:
            for key in self._tally:
                name = self._values(key).get("class", "")
                spelt.setdefault(name.lower(), name)
        return spelt


def kinds_of(samples: Sequence[Sample]) -> list[Kind]:
    """Splits and facts with the number of samples that have them."""
    if isinstance(samples, Samples):
        return samples.kinds
    return [Kind(sample.split, sample.facts, 1) for sample in samples]


def _files_of(pair: Pair) -> tuple[str, ...]:
    return (*pair.truth, *pair.more) if pair.more else pair.truth


def classes_of(recipe: Recipe, samples: Sequence[Sample]) -> tuple[str, ...]:
    """Classes that the row names, else those found, in natural order."""
    if recipe.kind == "fields" or recipe.declared_classes:
        return recipe.classes
    found = {kind.facts.get("class", "") for kind in kinds_of(samples)}
    return tuple(natural_order(found - {""}))


def split_fact(kind: str) -> str:
    """Return the fact that holds a split where a set has several."""
    return f"split by {kind}"


def problems_of_table(
    recipe: Recipe, samples: Sequence[Sample], told: Told
) -> Iterator[Problem]:
    """Tell where a table and the folders do not agree, one sentence each."""
    yield from told.problems
    if recipe.table is None or not told.facts:
        return
    file = " or ".join((recipe.table.file, *recipe.table.further))
    stems = [told.key_of(sample.image) for sample in samples]
    missing = [
        s for s, stem in zip(samples, stems, strict=True) if stem not in told.facts
    ]
    if missing:
        yield Problem(file, f"{file} does not name {_some(missing)}.")
    differing = (
        [
            s
            for s, stem in zip(samples, stems, strict=True)
            if _plain(told.classes.get(stem) or s.facts["class"])
            != _plain(s.facts.get("class", ""))
        ]
        if told.classes and recipe.class_in_path
        else []
    )
    if differing:
        yield Problem(
            file, f"{file} has another class than the folder for {_some(differing)}."
        )


def _some(samples: Sequence[Sample]) -> str:
    names = ", ".join(sample.image for sample in samples[:_NAMED])
    more = len(samples) - _NAMED
    return f"{names} and {more:,} more pictures" if more > 0 else names


def _plain(name: str) -> str:
    """A class as tables and folders both spell it: ``band_neutrophil``."""
    return name.lower().replace(" ", "_")


def _split_and_facts(
    recipe: Recipe, values: Mapping[str, str]
) -> tuple[str, Mapping[str, str]]:
    facts = {}
    if recipe.kind == "cells" and values["class"]:
        facts["class"] = values["class"]
        title = recipe.class_titles.get(values["class"])
        if title:
            facts["class title"] = title
    facts |= {mark: values[mark] for mark in recipe.facts if values.get(mark)}
    for mark, value in list(facts.items()):
        facts.update(recipe.facts.get(mark, {}).get(value, {}))
    return values.get("split", ""), facts


def _of_file(recipe: Recipe, told: Told, image: str) -> tuple[str, ...]:
    """Class by a table, remark, split and facts of one file."""
    stem = told.key_of(image)
    facts = told.facts.get(stem, ())
    of_table = "" if recipe.class_in_path else told.classes.get(stem, "")
    remark, split = recipe.remarks.get(stem_of(image), ""), told.splits.get(stem, "")
    return of_table, remark, split, *facts


def _with_file(
    told: Told, split: str, facts: Mapping[str, str], file: tuple[str, ...]
) -> tuple[str, Mapping[str, str]]:
    """Add what is known of one file; a split by a table is the split of the set."""
    _, remark, by_table, *said = file
    more = {name: text for name, text in zip(told.names, said, strict=False) if text}
    if told.splits:
        if split:  # there are two to choose from
            more[split_fact(told.split_by)] = by_table
            more[split_fact(FOLDER_SPLIT)] = split
        split = by_table
    if remark:
        more["remark"] = remark
    return split, {**facts, **{name: text for name, text in more.items() if text}}
