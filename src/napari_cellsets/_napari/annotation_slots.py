"""Layers for what is marked in a sample: made, filled again, coloured by class."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Points, Shapes
from napari.utils.colormaps import DirectLabelColormap

from napari_cellsets._napari.drawn import NO_CLASS, PLANE_AXIS
from napari_cellsets._napari.looks import scale_and_units
from napari_cellsets._napari.outlines import OutlinedLabels
from napari_cellsets._napari.slots import place, replace_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_cellsets._napari.drawn import Drawn

#: Lines and points are this part of the longer side of the picture, within limits.
_LINE_PART, _LINE_PX = 1 / 500, (1.5, 8.0)
_POINT_PART, _POINT_PX = 1 / 90, (4.0, 60.0)
_FILLED_OPACITY, _LINES_OPACITY = 0.45, 1.0
#: Without a compiled triangulation more polygons than this are drawn as closed
#: lines, which look the same and are made twenty times as fast.
_POLYGONS_BY_HAND = 60
_LAYERS = {"labels": Labels, "points": Points, "shapes": Shapes}
_CLEAR = (0.0, 0.0, 0.0, 0.0)


def new_layer(drawn: Drawn, looks: Looks) -> Layer:
    """Return a locked layer that shows an annotation."""
    options: dict[str, Any] = {"name": drawn.name, **_placed(drawn, looks)}
    if drawn.kind == "labels":
        layer = OutlinedLabels(
            drawn.data,
            colormap=_colormap(drawn, looks),
            opacity=_LINES_OPACITY if drawn.lines else _FILLED_OPACITY,
            multiscale=False,
            **options,
        )
        layer.contour = looks.contour if drawn.lines else 0
    elif drawn.kind == "points":
        layer = Points(ndim=2, border_color="white", border_width=0.1, **options)
        fill_layer(layer, drawn, looks)
    else:
        layer = Shapes(ndim=2, **options)
        fill_layer(layer, drawn, looks)
    layer.editable = False
    return layer


def fits(layer: Layer | None, drawn: Drawn) -> bool:
    """Whether a layer can take an annotation."""
    return (
        isinstance(layer, _LAYERS[drawn.kind])
        and layer.ndim == drawn.ndim
        and (drawn.kind != "labels" or bool(layer.contour) == drawn.lines)
    )


def fill_layer(layer: Any, drawn: Drawn, looks: Looks, *, locked: bool = True) -> None:
    """Show another annotation in a layer that fits it."""
    where = _placed(drawn, looks)
    place(layer, where["scale"], where["units"], where["axis_labels"])
    if drawn.kind == "labels":
        if drawn.lines:
            layer.contour = looks.contour
        replace_labels(layer, drawn.data, locked=locked)
        colour_layer(layer, drawn, looks)
        return
    if drawn.kind == "points":
        layer.data = drawn.data
        layer.size = looks.point
    else:  # made in their colours: to colour thousands again takes as long
        _fill_shapes(layer, drawn, looks)
    layer.features = _features(drawn)
    if drawn.kind == "points":
        colour_layer(layer, drawn, looks)


def colour_layer(layer: Any, drawn: Drawn, looks: Looks) -> None:
    """Colour objects by class; those of hidden classes are not seen."""
    if drawn.kind == "labels":
        wanted = _colormap(drawn, looks)
        if not _same(layer.colormap, wanted):
            # costs as much as showing other labels
            layer.colormap = wanted
    elif len(layer.data) and drawn.kind == "points":
        layer.shown = np.array([name not in looks.hidden for name in drawn.classes])
        layer.face_color = looks.of(drawn.classes)
    elif len(layer.data):
        layer.edge_color = looks.seen(drawn.classes)


def colour_marks(layer: Any, drawn: Drawn, looks: Looks) -> None:
    """Colour marks by class after a few of them were changed."""
    if not len(layer.data):
        return
    if isinstance(layer, Points):
        # each costs a refresh, so only if new
        shown = np.array([name not in looks.hidden for name in drawn.classes])
        if not np.array_equal(layer.shown, shown):
            layer.shown = shown
        colours = looks.of(drawn.classes)
        if not np.allclose(layer.face_color, colours):
            layer.face_color = colours
        return
    wanted = looks.seen(drawn.classes)
    if not np.allclose(layer.edge_color, wanted):
        layer.edge_color = wanted
    if layer.face_color.any():
        layer.face_color = np.zeros((len(wanted), 4))


def hold_class(layer: Any, colour: NDArray[Any], looks: Looks) -> None:
    """Let marks that are added have this colour, and the size of the others."""
    with layer.block_update_properties():
        if isinstance(layer, Points):
            layer.current_face_color = colour
            layer.current_border_color = "white"
            layer.current_size = looks.point
        else:
            layer.current_edge_color = colour
            layer.current_face_color = np.zeros(4)
            layer.current_edge_width = looks.line


def empty_layer(layer: Any) -> None:
    """Let go of what a layer shows; it stays for the next sample."""
    if isinstance(layer, Labels):
        layer.data = np.zeros((1,) * layer.ndim, np.int32)
    elif isinstance(layer, Points):
        layer.data = np.empty((0, 2))
    else:
        layer.data = []


class Looks:
    """Colours of classes, sizes of lines, and where a sample lies.

    Parameters
    ----------
    colours
        Red, green, blue and opacity (0..1) of each class by name.
    hidden
        Names of classes that are not shown.
    size
        Height and width of the picture in pixels.
    pixel_size_um
        As in `Picture`.
    """

    def __init__(
        self,
        colours: dict[str, tuple[float, ...]],
        hidden: set[str],
        size: tuple[int, int],
        pixel_size_um: float | None,
    ) -> None:
        self.colours, self.hidden = colours, hidden
        self.pixel_size_um = pixel_size_um
        longer = max(size)
        self.line = float(np.clip(longer * _LINE_PART, *_LINE_PX))
        self.point = float(np.clip(longer * _POINT_PART, *_POINT_PX))
        self.contour = max(1, round(self.line))

    def of(self, classes: Sequence[str]) -> NDArray[np.float64]:
        """Colour of each object."""
        return np.array([self.colours[name] for name in classes]).reshape(-1, 4)

    def seen(self, classes: Sequence[str]) -> NDArray[np.float64]:
        """Colour of each object, none where its class is hidden."""
        found = [_CLEAR if n in self.hidden else self.colours[n] for n in classes]
        return np.array(found).reshape(-1, 4)


def _placed(drawn: Drawn, looks: Looks) -> dict[str, Any]:
    if drawn.stack:
        axes = (PLANE_AXIS, *"czyx"[5 - drawn.ndim :])
    else:
        axes = tuple("czyx"[4 - drawn.ndim :])
    letters = "".join(axis if len(axis) == 1 else "p" for axis in axes)
    scale, units = scale_and_units(letters, looks.pixel_size_um)
    return {"scale": scale, "units": units, "axis_labels": axes}


def _colormap(drawn: Drawn, looks: Looks) -> DirectLabelColormap:
    only = set(drawn.classes)
    # what is drawn anew has no class until somebody gives it one
    colours: dict[int | None, Any] = {None: looks.colours[NO_CLASS], 0: _CLEAR}
    if len(only) == 1 and drawn.lines:
        # napari looks up one colour faster than thousands of equal ones
        colours[None] = looks.seen(drawn.classes[:1])[0]
    else:
        if not drawn.lines:
            names = tuple(drawn.class_names.values())
            colours |= dict(zip(drawn.class_names, looks.seen(names), strict=True))
        each = looks.seen(drawn.classes)
        colours.update(zip(drawn.ids, each, strict=True))
        colours[0] = _CLEAR
    return DirectLabelColormap(color_dict=colours)


def _same(colormap: Any, wanted: DirectLabelColormap) -> bool:
    if not isinstance(colormap, DirectLabelColormap):
        return False
    now, then = colormap.color_dict, wanted.color_dict
    return now.keys() == then.keys() and all(
        np.array_equal(now[label], then[label]) for label in then
    )


def _fill_shapes(layer: Any, drawn: Drawn, looks: Looks) -> None:
    if len(layer.data):
        layer.data = []
    if not drawn.data:
        return
    data, kinds = drawn.data, list(drawn.shape_types)
    if kinds.count("polygon") > _POLYGONS_BY_HAND and find_spec("bermuda") is None:
        data = [
            np.concatenate([path, path[:1]]) if kind == "polygon" else path
            for path, kind in zip(data, kinds, strict=True)
        ]
        kinds = ["path" if kind == "polygon" else kind for kind in kinds]
    layer.add(
        data,
        shape_type=kinds,
        edge_width=looks.line,
        edge_color=looks.seen(drawn.classes),
        face_color=np.zeros((len(kinds), 4)),
    )
    layer.selected_data = set()


def _features(drawn: Drawn) -> dict[str, NDArray[Any]]:
    """Class and properties as columns; lists in a cell stay lists."""
    columns: dict[str, NDArray[Any]] = {}
    for name, values in {**drawn.features, "class": drawn.classes}.items():
        column = np.empty(len(values), object)
        column[:] = list(values)
        columns[name] = column
    return columns
