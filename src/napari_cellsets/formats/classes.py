"""The classes of a data set: ids, names, colours, other spellings, a tree."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cellsets.core.annotation import Colour

#: Where files name the classes, those that people add begin after this id: files that
#: nobody has read yet may name more.
_OF_FILES = 100


@dataclass(frozen=True, slots=True)
class ClassTable:
    """Classes by id and by name.

    Ids are those of the data set. A name that no row declares gets the id that its
    file gives it, or the next free one, when it is first met; it keeps it.

    Parameters
    ----------
    aliases
        ``{other spelling: name}``.
    parents
        ``{name: name of the class above}`` of a hierarchy.
    declared
        Whether the row names the classes; else all were met in files.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    declared: bool = False
    _names: dict[int, str] = field(default_factory=dict)
    _colours: dict[int, Colour] = field(default_factory=dict)
    _ids: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _given: dict[int, str] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.Lock = field(
        default_factory=threading.Lock, repr=False, compare=False
    )

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        *,
        ids: Mapping[str, int] | None = None,
        colours: Mapping[str, Colour] | None = None,
        aliases: Mapping[str, Iterable[str]] | None = None,
        parents: Mapping[str, str] | None = None,
    ) -> ClassTable:
        """Make a table as a row declares it.

        Parameters
        ----------
        names
            In order; those without an id in `ids` are numbered from 1 by their place.
        ids, colours, parents
            By name.
        aliases
            Other spellings of each name.
        """
        own = {
            name: (ids or {}).get(name, place)
            for place, name in enumerate(names, start=1)
        }
        spelt = {
            plain_name(other): name
            for name, others in (aliases or {}).items()
            for other in others
        }
        return cls(
            spelt,
            dict(parents or {}),
            declared=bool(names),
            _names={number: name for name, number in own.items()},
            _colours={
                own[name]: c for name, c in (colours or {}).items() if name in own
            },
            _ids={plain_name(name): number for name, number in own.items()},
        )

    @property
    def names(self) -> dict[int, str]:
        """Name of each id, as known by now; those that people added come last."""
        with self._lock:
            return {**self._own(), **self._given}

    @property
    def own(self) -> dict[int, str]:
        """The same without those that people added."""
        with self._lock:
            return self._own()

    @property
    def given(self) -> dict[int, str]:
        """Name of each id that people added."""
        with self._lock:
            return dict(self._given)

    @property
    def free(self) -> int:
        """The least id that a class gets which is added now."""
        with self._lock:
            return max((0 if self.declared else _OF_FILES, *self._names)) + 1

    def give(self, classes: Mapping[int, str]) -> None:
        """Let classes be there that people added, and no others.

        A name that is there already keeps its id; an id that a file has taken in the
        meantime stays the file's.

        Parameters
        ----------
        classes
            Name of each id.
        """
        with self._lock:
            for number in set(self._given).difference(classes):
                del self._ids[plain_name(self._names[number])]
                del self._names[number], self._given[number]
            for number, name in classes.items():
                if plain_name(name) not in self._ids:
                    free = self._free_for(number)
                    self._names[free] = self._given[free] = name
                    self._ids[plain_name(name)] = free

    @property
    def colours(self) -> dict[int, Colour]:
        """Colour of an id where there is one."""
        return dict(self._colours)

    def name_of(self, spelling: str) -> str:
        """Return the name for a spelling of it; an unknown text stays as it is."""
        plain = plain_name(spelling)
        if plain in self._ids:
            return self._names[self._ids[plain]]
        return self.aliases.get(plain, spelling)

    def find(self, spelling: str) -> int | None:
        """Return the id of a name or another spelling of it, None if unknown."""
        return self._ids.get(plain_name(self.name_of(spelling)))

    def id_for(
        self, spelling: str, wanted: int | None = None, colour: Colour | None = None
    ) -> int:
        """Return the id of a name; an unknown one is added.

        Parameters
        ----------
        spelling
            A name, or another spelling of one.
        wanted
            Id that the file gives it; taken if it is free.
        colour
            Colour that the file gives it.
        """
        found = self.find(spelling)
        if found is None:
            with self._lock:
                found = self._added(self.name_of(spelling), wanted)
        if colour is not None:
            self._colours.setdefault(found, colour)
        return found

    def path_of(self, name: str) -> tuple[str, ...]:
        """Classes of the hierarchy from the root to a name; empty without one."""
        path = [name]
        while path[0] in self.parents and len(path) <= len(self.parents):
            path.insert(0, self.parents[path[0]])
        return tuple(path) if len(path) > 1 or name in self.parents.values() else ()

    def _added(self, name: str, wanted: int | None) -> int:
        plain = plain_name(name)
        if plain not in self._ids:
            last = max(self._own(), default=0)
            number = self._free_for(last + 1 if wanted is None else wanted, last + 1)
            self._names[number] = name
            self._ids[plain] = number
        return self._ids[plain]

    def _own(self) -> dict[int, str]:
        """Name of each id that the row or a file names."""
        own = self._names.items()
        return {number: name for number, name in own if number not in self._given}

    def _free_for(self, wanted: int, other: int | None = None) -> int:
        """Return an id if it is free, else the first free one from another on."""
        if wanted not in self._names:
            return wanted
        number = wanted if other is None else other
        while number in self._names:
            number += 1
        return number


def plain_name(name: str) -> str:
    """Return a name as it is compared: ``Non-Viable cell`` is ``non_viable_cell``."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")
