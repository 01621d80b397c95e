"""One line of the legend: a class of the sample on screen, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_cellsets._napari.drawn import Drawn
    from napari_cellsets._napari.palette import Palette


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One class of the sample on screen.

    Parameters
    ----------
    name, colour
        Its name, and its colour as ``#rrggbb``.
    amount
        How many objects, or how much of the picture, in words.
    details
        The same layer by layer, for a tooltip.
    shown
        Whether its objects are on screen.
    """

    name: str
    colour: str
    amount: str
    details: str
    shown: bool


def legend_entry(
    name: str, drawn: Iterable[Drawn], palette: Palette, shown: bool
) -> LegendEntry:
    """Return the line of a class, with its amount in each annotation."""
    counts: dict[str, str] = {}
    shares: dict[str, str] = {}
    for one in drawn:
        if name in one.shares:
            share = one.shares[name]
            shares[one.name] = f"{share:.1%}" if share >= 0.0005 else "< 0.1%"
        elif name in one.counts:
            counts[one.name] = f"{one.counts[name]:,}"
    amount = " + ".join(dict.fromkeys((counts or shares).values()))
    lines = [f"{layer}: {many}" for layer, many in {**counts, **shares}.items()]
    return LegendEntry(name, palette.colour(name), amount, "\n".join(lines), shown)
