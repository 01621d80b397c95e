"""The *Regions* layer: shapes that a person draws to count inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes

from napari_cellsets._napari.mark_colours import mark_colours
from napari_cellsets._napari.over_picture import lies_over_picture
from napari_cellsets.counting.regions import Region

if TYPE_CHECKING:
    from collections.abc import Hashable

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

REGIONS_NAME = "Regions"
#: Corners of the polygon that stands for an ellipse.
_ELLIPSE_CORNERS = 64
_ENCLOSING = ("rectangle", "polygon", "ellipse")


def find_regions_layer(viewer: ViewerModel) -> Shapes | None:
    """Return the Regions layer of a viewer, None where nobody has made one."""
    for layer in viewer.layers:
        if isinstance(layer, Shapes) and layer.name == REGIONS_NAME:
            return layer
    return None


def add_regions_layer(viewer: ViewerModel, like: Layer) -> Shapes:
    """Add an empty Regions layer that lies on `like`, and return it.

    Parameters
    ----------
    viewer
        Where to add it.
    like
        A layer whose last two axes give scale, units and names of axes.
    """
    colour = mark_colours(viewer)["drawn"]
    layer = Shapes(
        ndim=2,
        name=REGIONS_NAME,
        edge_color=colour,
        face_color="transparent",
        edge_width=5,
        features={"name": np.empty(0, object)},
        text={"string": "{name}", "color": colour, "size": 12, "anchor": "upper_left"},
        scale=tuple(like.scale)[-2:],
        units=tuple(like.units)[-2:],
        axis_labels=tuple(like.axis_labels)[-2:],
    )
    lies_over_picture(layer)
    viewer.add_layer(layer)
    return layer


def name_new_shapes(layer: Shapes) -> bool:
    """Give a name to every shape that has none; say whether any was named.

    A shape drawn after others takes over their name from napari: names that
    appear twice are made new as well.
    """
    names = [_text(name) for name in layer.features.get("name", [])]
    names += [""] * (len(layer.data) - len(names))
    wanted: list[str] = []
    for name in names:
        wanted.append(name if name and name not in wanted else _free_name(wanted))
    if wanted == names:
        return False
    set_names(layer, wanted)
    return True


def set_names(layer: Shapes, names: list[str]) -> None:
    """Name the shapes of the layer, in their order."""
    features = layer.features.copy()
    features["name"] = np.array(names, dtype=object)
    layer.features = features
    layer.refresh_text()


def read_regions(layer: Shapes | None) -> list[Region]:
    """Return the drawn shapes as polygons in pixels; lines and paths enclose nothing.

    Parameters
    ----------
    layer
        The Regions layer, or None.
    """
    if layer is None:
        return []
    names = [_text(name) for name in layer.features.get("name", [])]
    found = []
    for number, (kind, corners) in enumerate(
        zip(layer.shape_type, layer.data, strict=True)
    ):
        if kind in _ENCLOSING:
            name = names[number] if number < len(names) else ""
            polygon = _polygon(kind, np.asarray(corners, np.float64)[:, -2:])
            found.append(Region(name or f"Region {number + 1}", polygon))
    return found


class KeptRegions:
    """Remembers, while the viewer is open, which regions belong to which image."""

    def __init__(self) -> None:
        self._drawn: dict[Hashable, _Drawn] = {}
        self._shown: Hashable = None

    def turn_to(self, layer: Shapes | None, image: Hashable) -> None:
        """Put the regions of one image away and show those of another.

        Parameters
        ----------
        layer
            The Regions layer, None where nobody has made one.
        image
            Anything that tells images apart.
        """
        if image == self._shown:
            return
        if layer is not None:
            names = [_text(name) for name in layer.features.get("name", [])]
            self._drawn[self._shown] = _Drawn(
                [np.array(corners) for corners in layer.data],
                list(layer.shape_type),
                names,
            )
            wanted = self._drawn.get(image, _Drawn([], [], []))
            if len(layer.data):
                layer.data = []
            if wanted.corners:
                layer.add(wanted.corners, shape_type=wanted.kinds)
                set_names(layer, wanted.names)
        self._shown = image


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The shapes of one image."""

    corners: list[NDArray[Any]]
    kinds: list[str]
    names: list[str]


def _polygon(kind: str, corners: NDArray[Any]) -> NDArray[Any]:
    if kind != "ellipse":
        return corners
    centre = corners.mean(axis=0)
    first = (corners[1] - corners[0]) / 2
    second = (corners[2] - corners[1]) / 2
    turn = np.linspace(0, 2 * np.pi, _ELLIPSE_CORNERS, endpoint=False)[:, None]
    return np.asarray(centre + np.cos(turn) * first + np.sin(turn) * second)


def _free_name(taken: list[str]) -> str:
    number = len(taken) + 1
    while f"Region {number}" in taken:
        number += 1
    return f"Region {number}"


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
