"""Sequences whose items are made when they are looked at."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from operator import eq
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """Reads as a list of its items, and is equal to any sequence of equal items.

    Subclasses give `__len__` and `_at`, and `__iter__` where all items together are
    made faster than one by one.
    """

    @abstractmethod
    def _at(self, place: int) -> T:
        """Make one item; `place` is counted from the beginning and there."""

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> list[T]: ...
    def __getitem__(self, place: int | slice) -> T | list[T]:
        if isinstance(place, slice):
            return [self._at(one) for one in range(*place.indices(len(self)))]
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        return self._at(at)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    def __repr__(self) -> str:
        more = ", ..." if len(self) > 1 else ""
        first = repr(self[0]) if len(self) else ""
        return f"<{type(self).__name__} of {len(self):,}: {first}{more}>"
