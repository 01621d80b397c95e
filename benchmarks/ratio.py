"""One measured figure beside its reference, taken in the same run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Ratio:
    """A figure of ours divided by its reference.

    Parameters
    ----------
    name
        What was measured, with the size of the work.
    value, unit
        Our figure and its unit (``s``, ``ms``, ``MB``, ``bytes/px``, ...).
    reference_name, reference_value
        What it is held against, in the same unit, measured in the same run
        unless the name says otherwise.
    aim
        What the ratio should be, in words: ``at most 1.10``.
    """

    name: str
    value: float
    unit: str
    reference_name: str
    reference_value: float
    aim: str = ""

    @property
    def ratio(self) -> float:
        """Our figure divided by the reference."""
        return self.value / self.reference_value


def best_of(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the shortest of several times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def best_in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], repeats: int = 5
) -> tuple[float, float]:
    """Return the shortest times of two pieces of work run in turn, in seconds.

    Taking turns keeps a machine whose speed drifts from favouring either side.
    """
    pairs = [(best_of(ours, 1), best_of(theirs, 1)) for _ in range(repeats)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)
