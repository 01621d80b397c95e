"""Classes of the objects on screen: colours on their layer, names for who asks."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.utils.colormaps import DirectLabelColormap
from psygnal import Signal

from napari_cellsets._napari.class_colours import UNKNOWN_COLOUR, class_colours
from napari_cellsets._napari.palette import seen_shade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Labels

    from napari_cellsets._napari.session import Session
    from napari_cellsets.classify.table import ClassTable

#: Of objects without a class: drawn after the classes were found.
_NO_CLASS = "#ffffff"


class ObjectClasses:
    """What the objects of one layer are; get it with `object_classes`.

    Attributes
    ----------
    titles
        Class of each label as people call it; empty while nothing is known.
    """

    changed = Signal()
    said = Signal()
    """Somebody gave objects a class, a flag or a comment; the store has it."""
    listed = Signal()
    """There are other classes that an object of the set can be given."""

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)
        session.annotations.shaded.connect(self._shade)
        self._shown: tuple[ClassTable, Mapping[int, str]] | None = None
        self.titles: Mapping[int, str] = {}
        self._shares: Mapping[int, float] = {}
        self._coloured: tuple[weakref.ref[Labels], Any] | None = None

    def show(
        self, layer: Labels, table: ClassTable, given: Mapping[int, str] | None = None
    ) -> None:
        """Colour the objects of a layer by class.

        Parameters
        ----------
        layer
            Cells, or the ground truth where that is all there is.
        table
            Its names are the numbers of the labels.
        given
            Classes that people gave to objects: these count in their place.
        """
        self._uncolour()
        self.titles = {int(name): table.shown(i) for i, name in enumerate(table.names)}
        self._shares = dict(zip(self.titles, table.confidence.tolist(), strict=True))
        self._coloured = weakref.ref(layer), layer.colormap
        self._shown = table, given or {}
        self._shade()
        self.changed.emit()

    def about(self, label: int) -> str:
        """Say what was predicted of an object; empty for nothing."""
        if label not in self.titles:
            return ""
        return f"class predicted: {self.titles[label]}, {self._shares[label]:.1%}"

    def clear(self) -> None:
        """Forget the classes; the layer gets its own colours back."""
        self._uncolour()
        if self.titles:
            self.titles = {}
            self.changed.emit()

    def _shade(self) -> None:
        """Colour the objects in shades that are seen on the picture."""
        session = self._session()
        layer = None if self._coloured is None else self._coloured[0]()
        if session is None or layer is None or self._shown is None:
            return
        colours = _colours(self._shown[0]) | _colours_given(*self._shown)
        bright = session.annotations.bright
        layer.colormap = DirectLabelColormap(
            color_dict={
                label: colour if label == 0 else seen_shade(colour, bright=bright)
                for label, colour in colours.items()
            }
        )

    def _uncolour(self) -> None:
        coloured, self._coloured = self._coloured, None
        layer = coloured[0]() if coloured is not None else None
        if layer is not None and coloured is not None:
            layer.colormap = coloured[1]


def _colours(table: ClassTable) -> dict[int | None, str]:
    of_class = class_colours(len(table.classes))
    colours: dict[int | None, str] = {None: _NO_CLASS, 0: "transparent"}
    for i, name in enumerate(table.names):
        known = bool(table.known[i])
        colour = of_class[int(table.predicted[i])] if known else UNKNOWN_COLOUR
        colours[int(name)] = colour
    return colours


def _colours_given(table: ClassTable, given: Mapping[int, str]) -> dict[int, str]:
    """Return colours of classes that people gave, those of the model where it can."""
    known = {name: at for at, name in enumerate(table.titles)}
    known |= {name: at for at, name in enumerate(table.classes)}
    for name in given.values():
        known.setdefault(name, len(known))
    of_class = class_colours(len(known))
    return {label: of_class[known[name]] for label, name in given.items()}


_CLASSES: weakref.WeakKeyDictionary[Session, ObjectClasses] = (
    weakref.WeakKeyDictionary()
)


def object_classes(session: Session) -> ObjectClasses:
    """Return the one `ObjectClasses` of a session."""
    found = _CLASSES.get(session)
    if found is None:
        found = _CLASSES[session] = ObjectClasses(session)
    return found
