"""Pictures with their files: made when they are looked at, counted without."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.formats.lazy import Lazy
from napari_cellsets.formats.listing import Listing
from napari_cellsets.formats.templates import WRAP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from napari_cellsets.formats.fitted import Fitted, Kind, Part
    from napari_cellsets.formats.templates import Template, Values

NOT_IN_NAMES = frozenset({"ext", "suffix", "imagedir", "maskdir", "block", WRAP})
"""Marks that say how a file is stored, not which sample it is."""

_PLACE = 0xE000
_PLACES = re.compile("([\ue000-\uf8ff])")


class Pair(NamedTuple):
    """A picture with its annotation files.

    Parameters
    ----------
    name
        Unique in the set: the values of the marks, with slashes.
    image, truth
        Names in the file tree.
    values
        What the marks of the picture's template stand for, in their order.
    more
        Names of further files that annotate it.
    """

    name: str
    image: str
    truth: tuple[str, ...]
    values: Values
    more: tuple[str, ...] = ()


class Pairs(Lazy[Pair]):
    """All pairs of a tree, one by one.

    Parameters
    ----------
    pairs
        In natural order.
    """

    def __init__(self, pairs: Iterable[Pair] = ()) -> None:
        self._pairs = tuple(pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def _at(self, place: int) -> Pair:
        return self._pairs[place]

    @property
    def images(self) -> Listing:
        """Names of the pictures."""
        return Listing.of(pair.image for pair in self._pairs)

    @property
    def annotated(self) -> int:
        """How many pictures have truth."""
        return sum(bool(pair.truth or pair.more) for pair in self)

    def keys(self, places: Sequence[int]) -> Iterator[Values]:
        """Values of some marks, by their places, of each pair."""
        for pair in self:
            yield tuple([pair.values[place] for place in places])

    def tally(self, places: Sequence[int]) -> list[Mapping[Values, int]]:
        """Count pairs with the same values of some marks.

        Returns
        -------
        list of dict
            One for each run of pairs, in their order; within a run in any order.
        """
        return [Counter(self.keys(places))]


class FittedPairs(Pairs):
    """Pairs of names that fit a template of pictures.

    Parameters
    ----------
    found
        The pictures.
    truth
        Annotation files by picture.
    """

    def __init__(
        self,
        found: Fitted,
        truth: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._found = found
        self._truth = truth or {}

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Pair]:
        for name, (image, values) in zip(self._names, self._found, strict=True):
            yield self._pair(name, image, values)

    def _at(self, place: int) -> Pair:
        return self._pair(self._names[place], *self._found[place])

    def _pair(self, name: str, image: str, values: Values) -> Pair:
        return Pair(name, image, self._truth.get(image, ()), values)

    @property
    def images(self) -> Listing:
        """Names of the pictures."""
        return self._found.names

    @property
    def alone(self) -> bool:
        """Whether pictures have no files with them."""
        return not self._truth

    @property
    def annotated(self) -> int:
        """How many pictures have truth."""
        return 0 if self.alone else super().annotated

    def names(self) -> Sequence[str]:
        """Names of the pairs."""
        return self._names

    def keys(self, places: Sequence[int]) -> Iterator[Values]:
        """Values of some marks, by their places, of each pair."""
        parts = (_keys(part, places) for part in self._found.parts)
        return chain.from_iterable(parts)

    def tally(self, places: Sequence[int]) -> list[Mapping[Values, int]]:
        """Count pairs with the same values of some marks; see `Pairs`."""
        wanted = set(places)
        found: list[Mapping[Values, int]] = []
        for part in self._found.parts:
            kinds = part.kinds.items()
            if not kinds or any(not wanted.isdisjoint(kind.own) for _, kind in kinds):
                found.append(Counter(_keys(part, places)))
                continue
            patterns: dict[Values, list[str]] = {}
            for pattern, kind in kinds:
                key = tuple([kind.values[place] for place in places])
                patterns.setdefault(key, []).append(pattern)
            found.append({key: part.run.count(of) for key, of in patterns.items()})
        return found

    @cached_property
    def _names(self) -> list[str]:
        """Of each pair the shortest of three names that is its own."""
        speak = _speaker(self._found.template)
        parts = (
            part.each(lambda kind: _cutter(kind, speak), speak)
            for part in self._found.parts
        )
        names = list(chain.from_iterable(parts))
        repeated = _repeated(names)
        if repeated:  # under several folders around the set
            names = [
                f"{values[0]}{name}" if name in repeated else name
                for name, values in zip(names, self._found.values(), strict=True)
            ]
            repeated = _repeated(names)
        if repeated:  # names that differ in the suffix only
            names = [
                image if name in repeated else name
                for name, image in zip(names, self.images, strict=True)
            ]
        return names


def picker(
    marks: Sequence[str], wanted: Sequence[str]
) -> Callable[[Values], tuple[str, ...]]:
    """Return a function that picks some marks' values; a missing one is ``""``."""
    places = [marks.index(mark) for mark in wanted]
    return lambda values: tuple([values[place] or "" for place in places])


def _keys(part: Part, places: Sequence[int]) -> Iterable[Values]:
    def of_kind(kind: Kind) -> Callable[[str], Values]:
        own = [
            (at, kind.own[place])
            for at, place in enumerate(places)
            if place in kind.own
        ]
        known = [kind.values[place] for place in places]
        whole = tuple(known)

        def key(file: str) -> Values:
            for at, (a, b) in own:
                known[at] = file[a:b]
            return tuple(known)

        return key if own else lambda file: whole

    return part.each(of_kind, lambda values: tuple([values[place] for place in places]))


def _speaker(template: Template) -> Callable[[Values], str]:
    """Return what makes the shortest name of a picture of its values."""
    spoken, file = template.spoken(NOT_IN_NAMES)
    values_of = picker(template.marks, spoken)
    pattern, inside = file or ("", ())
    of_file = picker(template.marks, inside)

    def speak(values: Values) -> str:
        name = "/".join([text.strip("/") for text in values_of(values) if text])
        if not pattern:
            return name
        # a file name of several marks stays as it is
        return f"{name}/{pattern % of_file(values)}".lstrip("/")

    return speak


def _cutter(kind: Kind, speak: Callable[[Values], str]) -> Callable[[str], str]:
    """Return what cuts the shortest name out of a file's name."""
    if any(_PLACES.search(text) for text in kind.values if text):

        def speak_each(file: str) -> str:
            return speak(kind.values_of(file))

        return speak_each
    marked = list(kind.values)
    for place in kind.own:
        marked[place] = chr(_PLACE + place)
    texts = _PLACES.split(speak(tuple(marked)))
    before = texts[0]
    cuts: list[tuple[int, int, str]] = []
    for mark, after in zip(texts[1::2], texts[2::2], strict=True):
        a, b = kind.own[ord(mark) - _PLACE]
        if cuts and "0" not in cuts[-1][2]:
            start, end, between = cuts[-1]
            if kind.pattern[end:a] == between:  # as it stands in the file's name
                cuts[-1] = (start, b, after)
                continue
        cuts.append((a, b, after))
    if len(cuts) == 1:
        ((a, b, after),) = cuts
        return lambda file: f"{before}{file[a:b]}{after}"
    return lambda file: before + "".join([file[a:b] + text for a, b, text in cuts])


def _repeated(names: Sequence[str]) -> set[str]:
    if len(set(names)) == len(names):
        return set()
    return {name for name, count in Counter(names).items() if count > 1}
