"""The colours of the classes of the set on screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.utils.colormaps.standardize_color import transform_color

from napari_cellsets._napari.class_colours import (
    UNKNOWN_COLOUR,
    class_colours,
    on_bright,
)
from napari_cellsets._napari.drawn import NO_CLASS
from napari_cellsets._napari.mark_colours import class_shade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from napari_cellsets._napari.drawn import Drawn
    from napari_cellsets.catalogue import Dataset


class Palette:
    """One colour a class as long as a set is open, published ones first.

    Each keeps its hue, in a shade that is seen on the picture.

    Attributes
    ----------
    given
        Classes that people added, by their ids.
    bright
        Whether the picture on screen is; see `is_bright`.
    """

    def __init__(self) -> None:
        self.given: Mapping[int, str] = {}
        self.bright = False
        self._order: dict[str, int] = {}
        self._published: dict[str, str] = {}

    def turn_to(self, dataset: Dataset) -> None:
        """Begin with the classes of a set, in its order."""
        table = dataset.class_table
        self.given = table.given
        self._order = {name: i for i, name in enumerate(table.names.values())}
        names, colours = table.names, table.colours
        self._published = {
            names[number]: _hex(colour)
            for number, colour in colours.items()
            if number in names
        }

    def colour(self, name: str) -> str:
        """Colour of a class as ``#rrggbb``, in the shade for the picture."""
        return seen_shade(self._own(name), bright=self.bright)

    def _own(self, name: str) -> str:
        """Colour of a class on no ground."""
        if name in self._published:
            return self._published[name]
        if name == NO_CLASS:
            return UNKNOWN_COLOUR
        at = self._order.setdefault(name, len(self._order))
        return class_colours(at + 1)[at]

    def colours_of(self, drawn: Iterable[Drawn]) -> dict[str, tuple[float, ...]]:
        """Colour of every class of some annotations, 0..1 with opacity."""
        found: dict[str, tuple[float, ...]] = {}
        for one in drawn:
            for name, rgb in one.colours.items():
                self._published.setdefault(name, _hex(rgb))
            every = one.classes if one.lines else one.class_names.values()
            for name in dict.fromkeys((*one.classes, *every, NO_CLASS)):
                found[name] = tuple(transform_color(self.colour(name))[0].tolist())
        return found

    def ordered(self, drawn: Iterable[Drawn]) -> list[str]:
        """Names of the classes that are there, in the order of the set."""
        there = dict.fromkeys(name for one in drawn for name in one.classes)
        last = len(self._order)
        return sorted(there, key=lambda name: self._order.get(name, last))


def seen_shade(colour: str, *, bright: bool) -> str:
    """Return the shade of a class's colour that is seen on a bright or dark picture."""
    return class_shade(on_bright(colour) if bright else colour, bright=bright)


def _hex(rgb: Any) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in rgb)
