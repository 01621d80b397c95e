"""Names of a listing that fit a template: what holds of a pattern is said once."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from napari_cellsets.formats.lazy import Lazy
from napari_cellsets.formats.listing import Listing, patterns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from napari_cellsets.formats.listing import Run
    from napari_cellsets.formats.templates import Template, Values

T = TypeVar("T")

Spans = tuple[tuple[int, int], ...]
"""Where each mark begins and ends in a name with its folder; -1 where it is not."""


class Kind(NamedTuple):
    """What all names of a folder with one pattern have in common.

    Parameters
    ----------
    pattern
        Of the files' names.
    values
        What the marks stand for; where digits of the file are in it, in the pattern.
    own
        For marks that stand for something else in each name where that begins and
        ends in the file's name.
    """

    pattern: str
    values: Values
    own: Mapping[int, tuple[int, int]]

    def values_of(self, file: str) -> Values:
        """What the marks stand for in one name."""
        known = list(self.values)
        for place, (a, b) in self.own.items():
            known[place] = file[a:b]
        return tuple(known)


@dataclass(frozen=True)
class Part:
    """Names of one run that fit.

    Parameters
    ----------
    template, run
        The template and the names.
    spans
        Where the marks are, by pattern; empty where names are known one by one.
    """

    template: Template
    run: Run
    spans: Mapping[str, Spans]

    def values(self, file: str, pattern: str) -> Values:
        """What the marks stand for in one name."""
        name = self.run.prefix + file
        spans = self.spans.get(pattern)
        if spans is not None:
            return tuple([name[a:b] if a >= 0 else None for a, b in spans])
        found = self.template.fits(name)
        return () if found is None else found.groups()

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        """What is known of each pattern."""
        before = len(self.run.prefix)
        kinds = {}
        for pattern, spans in self.spans.items():
            own = {
                place: (a - before, b - before)
                for place, (a, b) in enumerate(spans)
                if "0" in pattern[max(0, a - before) : max(0, b - before)]
            }
            kinds[pattern] = Kind(pattern, self.values(pattern, pattern), own)
        return kinds

    def each(
        self,
        of_kind: Callable[[Kind], Callable[[str], T]],
        of_values: Callable[[Values], T],
    ) -> Iterable[T]:
        """Make something of each name, in natural order.

        Parameters
        ----------
        of_kind
            Makes the function for files of one pattern.
        of_values
            Makes it where names are known one by one.
        """
        files = self.run.files
        if not self.spans:
            return (of_values(self.values(file, "")) for file in files)
        makers = {name: of_kind(kind) for name, kind in self.kinds.items()}
        if len(makers) == 1:
            (make,) = makers.values()
            return map(make, files)
        pairs = zip(files, patterns_of(files), strict=True)
        return (makers[pattern](file) for file, pattern in pairs)


class Fitted(Lazy[tuple[str, "Values"]]):
    """Names that end as a template says, with what its marks stand for.

    Parameters
    ----------
    template
        The template.
    names
        Any names.
    """

    def __init__(self, template: Template, names: Iterable[str]) -> None:
        found = (_part(template, run) for run in Listing.of(names).runs)
        self.template = template
        self.parts = [part for part in found if part is not None]
        self.names = Listing(part.run for part in self.parts)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[str, Values]]:
        return zip(self.names, self.values(), strict=True)

    def _at(self, place: int) -> tuple[str, Values]:
        number, at = self.names.find(place)
        part = self.parts[number]
        file = part.run.files[at]
        pattern = patterns_of([file])[0] if part.spans else ""
        return part.run.prefix + file, part.values(file, pattern)

    def besides(self, taken: Container[str]) -> Fitted:
        """Those whose names are not taken."""
        other = copy(self)
        other.parts = [left for part in self.parts if (left := _left(part, taken))]
        other.names = Listing(part.run for part in other.parts)
        return other

    def values(self) -> Iterator[Values]:
        """What the marks stand for, name by name."""
        return chain.from_iterable(
            part.each(lambda kind: kind.values_of, _same) for part in self.parts
        )


def _same(values: Values) -> Values:
    return values


def _left(part: Part, taken: Container[str]) -> Part | None:
    run = part.run
    files = {file for file in run.any_order if run.prefix + file not in taken}
    if len(files) == len(run):
        return part
    return Part(part.template, run.of_files(files), {}) if files else None


def _part(template: Template, run: Run) -> Part | None:
    """Names of a run that fit; None where there is none."""
    if not template.may_fit(run.sketch):
        return None
    fits, prefix = template.fits, run.prefix
    if run.patterns and template.digits_alike:
        places = range(1, len(template.marks) + 1)
        found = {
            pattern: tuple(map(match.span, places))
            for pattern in run.patterns
            if (match := fits(prefix + pattern))
        }
        return Part(template, run.of_patterns(found), found) if found else None
    files = {file for file in run.any_order if fits(prefix + file)}
    return Part(template, run.of_files(files), {}) if files else None
