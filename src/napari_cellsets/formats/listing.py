"""Names of files by folder and pattern, put in order when somebody looks.

Thousands of files in a folder are named alike: ``SNE_49767.jpg``, ``SNE_61066.jpg``.
Their pattern, ``SNE_00000.jpg``, says where in each name the parts are, so what
holds of one holds of all; only numbers are left to be cut out, when they are asked for.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from napari_cellsets.formats.lazy import Lazy
from napari_cellsets.formats.names import natural_keys, natural_order

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Container,
        Iterable,
        Iterator,
        Mapping,
        Set,
    )

_MANY_DIGITS = re.compile("0{3,}")
_DIGITS_ALIKE = str.maketrans("123456789", "0" * 9)
_FILES_A_FOLDER = 4
_NAMES_A_PATTERN = 2
_SORTED_AT_ONCE = 200


def pattern_of(name: str) -> str:
    """A name with 0 in place of each digit."""
    return name.translate(_DIGITS_ALIKE)


class Run:
    """Names that follow each other in natural order and lie in one folder.

    Parameters
    ----------
    prefix
        The folder with a slash at the end; empty at the top.
    files
        Names in the folder.
    ordered
        Whether they are in natural order already.
    by_name
        Whether they are known one by one, without patterns; `files` may then lie in
        folders, too.
    """

    __slots__ = (
        "_by_name",
        "_counts",
        "_files",
        "_ordered",
        "_patterns",
        "_sketch",
        "prefix",
    )

    def __init__(
        self,
        prefix: str,
        files: list[str],
        *,
        ordered: bool = False,
        by_name: bool = False,
    ) -> None:
        self.prefix = prefix
        self._by_name = by_name
        self._files = files
        self._ordered = ordered
        self._patterns: Set[str] | None = None
        self._counts: Mapping[str, int] | None = None
        self._sketch: str | None = None

    def __len__(self) -> int:
        return len(self._files)

    @property
    def files(self) -> list[str]:
        """Names in the folder, in natural order."""
        if not self._ordered:
            alike = len(self.patterns) == 1
            # digits at the same places: plain order is natural order
            self._files = sorted(self._files) if alike else natural_order(self._files)
            self._ordered = True
        return self._files

    @property
    def first(self) -> str:
        """The first of the files; they are not put in order for it."""
        if self._ordered or not self.patterns:
            return self.files[0]
        files = sorted(self._files, reverse=True)
        first = dict(zip(patterns_of(files), files, strict=True))
        return natural_order(first.values())[0]

    @property
    def any_order(self) -> list[str]:
        """The same names, in order only if they are so already."""
        return self._files

    @property
    def names(self) -> list[str]:
        """Names with the folder, in natural order."""
        prefix = self.prefix
        return [prefix + file for file in self.files] if prefix else self.files

    @property
    def patterns(self) -> Set[str]:
        """Patterns of the files; none where few are alike."""
        if self._patterns is None:
            found = set() if self._by_name else set(patterns_of(self._files))
            few = len(found) * _NAMES_A_PATTERN <= len(self._files)
            self._patterns = found if few else frozenset()
        return self._patterns

    def count(self, patterns: Collection[str]) -> int:
        """How many files there are of some of the patterns."""
        if len(patterns) == len(self.patterns):
            return len(self)
        if self._counts is None:
            self._counts = Counter(patterns_of(self._files))
        return sum(self._counts[pattern] for pattern in patterns)

    @property
    def known(self) -> Collection[str]:
        """Patterns; where there are none the names of the files, in any order."""
        return self.patterns or self._files

    @property
    def sketch(self) -> str:
        """Text with all that is fixed in these names: small letters, 0 for digits."""
        if self._sketch is None:
            known = list(self.patterns) or [pattern_of("\n".join(self._files))]
            self._sketch = "\n".join([pattern_of(self.prefix), *known]).lower()
        return self._sketch

    def where(self, keep: Callable[[str], bool]) -> Run:
        """Files for which something holds that digits do not change."""
        fit = {name for name in self.known if keep(name)}
        if len(fit) == len(self.known):
            return self
        return self.of_patterns(fit) if self.patterns else self.of_files(fit)

    def of_patterns(self, kept: Container[str]) -> Run:
        """Files of some of the patterns."""
        known = {pattern for pattern in self.patterns if pattern in kept}
        if len(known) == len(self.patterns):
            return self
        ordered, files = self._ordered, self._files  # another thread may order them
        pairs = zip(files, patterns_of(files) if known else (), strict=False)
        fit = [file for file, pattern in pairs if pattern in known]
        part = Run(self.prefix, fit, ordered=ordered)
        part._patterns = known
        return part

    def of_files(self, kept: Container[str]) -> Run:
        """Some of the files, known one by one."""
        ordered, files = self._ordered, self._files
        fit = [file for file in files if file in kept]
        return Run(self.prefix, fit, ordered=ordered, by_name=True)

    def below(self, folder: str) -> Run:
        """The same files, as they are called from outside of a folder."""
        ordered, files = self._ordered, self._files
        run = Run(folder + self.prefix, files, ordered=ordered, by_name=self._by_name)
        run._patterns, run._counts = self._patterns, self._counts
        return run

    def joined(self, other: Run) -> Run:
        """Files of two runs of one folder."""
        return Run(self.prefix, [*self._files, *other._files])

    def stand_ins(self) -> list[tuple[str, int]] | None:
        """Patterns and their counts in natural order; None where one must look.

        Patterns that differ in the number of digits count as one, where they are
        sorted by what stands before: all of ``BNE_...`` come before all of ``SNE_...``.
        """
        together: dict[str, list[str]] = {}
        for pattern in self.patterns:
            short = _MANY_DIGITS.sub("00", pattern)
            together.setdefault(short, []).append(pattern)
        heads = {short.partition("0")[0] for short in together}
        plain = all(map(str.isascii, together))
        if not plain or len(heads) < len(together):
            return None
        return [
            (min(patterns), self.count(patterns))
            for _, patterns in sorted(together.items())
        ]


class Listing(Lazy[str]):
    """Names of files in natural order, as a list that is not made yet.

    Parameters
    ----------
    runs
        Runs that follow each other.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = [run for run in runs if len(run)]
        self._ends = list(accumulate(map(len, self.runs)))

    @classmethod
    def of(cls, names: Iterable[str]) -> Listing:
        """Names in the order in which they come; a listing stays what it is."""
        if isinstance(names, Listing):
            return names
        return cls([Run("", list(names), ordered=True, by_name=True)])

    @classmethod
    def of_folders(cls, folders: Mapping[str, Run]) -> Listing:
        """Files by folder, in any order.

        Names of a folder without folders in it follow each other. Those of any
        other are sorted among the names of its folders.
        """
        if sum(map(len, folders.values())) < _FILES_A_FOLDER * len(folders):
            names = [run.prefix + f for run in folders.values() for f in run.any_order]
            return cls([Run("", names, by_name=True)])
        keys = natural_keys(list(folders))
        ordered = sorted(zip(keys, folders, strict=True))
        mixed = set()
        for (key, folder), (after, following) in pairwise(ordered):
            if after.startswith(key):
                mixed.add(folder)
                if after == key:  # a7 and a07
                    mixed.add(following)
        places: list[tuple[str, str, Run | None]] = [
            (key, folder, folders[folder])
            for key, folder in ordered
            if folder not in mixed
        ]
        names = [
            folder + file for folder in mixed for file in folders[folder].any_order
        ]
        if names:
            keyed = zip(natural_keys(names), names, strict=True)
            places += [(key, name, None) for key, name in keyed]
            places.sort(key=lambda place: place[:2])
        return cls(_runs(places))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[str]:
        for run in self.runs:
            yield from run.names

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(
            name.startswith(run.prefix) and name[len(run.prefix) :] in run.any_order
            for run in self.runs
        )

    def _at(self, place: int) -> str:
        number, at = self.find(place)
        run = self.runs[number]
        return run.prefix + (run.files[at] if at else run.first)

    def find(self, place: int) -> tuple[int, int]:
        """Which run a place is in, and where in it."""
        number = bisect_right(self._ends, place)
        return number, place - (self._ends[number - 1] if number else 0)

    def mentions(self, text: str) -> bool:
        """Whether a text without digits, in lower case, is in any name."""
        return any(text in run.sketch for run in self.runs)

    def where(self, keep: Callable[[str], bool]) -> Listing:
        """Names for which something holds that digits do not change."""

        def kept(run: Run) -> Run:
            folder = run.prefix
            return run.where(lambda file: keep(folder + file))

        return Listing(map(kept, self.runs))

    def without(self, other: Listing) -> list[str]:
        """Names that are not among others, which are some of these."""
        there: Counter[str] = Counter()
        for run in other.runs:
            there[run.prefix] += len(run) if run.patterns else 0
        left = [r for r in self.runs if not r.patterns or there[r.prefix] != len(r)]
        if not left:
            return []
        taken = {run.prefix + file for run in other.runs for file in run.any_order}
        return [name for run in left for name in run.names if name not in taken]

    def stand_ins(self, step: int) -> list[str]:
        """Names at equal steps; of long runs their patterns, where that is sure.

        So nothing is put in order for a look at what there is.
        """
        found: list[str] = []
        start = 0
        for run in self.runs:
            places = range(-start % step, len(run), step)
            start += len(run)
            known = run.stand_ins() if len(run) > _SORTED_AT_ONCE else None
            if not known:
                found += [run.prefix + run.files[at] for at in places]
                continue
            ends = list(accumulate(count for _, count in known))
            found += [run.prefix + known[bisect_right(ends, at)][0] for at in places]
        return found


def patterns_of(files: list[str]) -> list[str]:
    """The pattern of each name, all at once."""
    found = pattern_of("\n".join(files)).split("\n")
    return found if len(found) == len(files) else list(map(pattern_of, files))


def by_folder(names: Iterable[str]) -> dict[str, Run]:
    """Sort names into the folders they lie in, with a slash at the end."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folder, slash, file = name.rpartition("/")
        folders.setdefault(folder + slash, []).append(file)
    return {folder: Run(folder, files) for folder, files in folders.items()}


def _runs(places: Iterable[tuple[str, str, Run | None]]) -> Iterator[Run]:
    """Runs as they are; single names between them as runs of their own."""
    for alone, some in groupby(places, key=lambda place: place[2] is None):
        if alone:
            names = [name for _, name, _ in some]
            yield Run("", names, ordered=True, by_name=True)
        else:
            yield from (run for _, _, run in some if run is not None)
