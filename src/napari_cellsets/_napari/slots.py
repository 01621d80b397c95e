"""One layer for one role, reused from image to image.

Clearing and adding layers costs ten times as much as assigning ``data`` and
never gives all memory back; but ``data`` keeps the old undo stack, which would
write stale pixels into the next image. So: assign, then empty the stack.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from napari_cellsets._napari.leaving import take_away
from napari_cellsets._napari.looks import image_options, label_options
from napari_cellsets._napari.mark_colours import ON_BRIGHT, ON_DARK, is_bright
from napari_cellsets._napari.outlines import OutlinedLabels, contour_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_cellsets._napari.looks import Shown


def new_image_layer(shown: Shown, name: str, **options: Any) -> Image:
    """Return an Image layer that looks as all of ours do."""
    return Image(shown.data, **image_options(shown, name), **options)


def new_label_layer(
    role: str, labels: NDArray[Any], pixel_size_um: float | None, **options: Any
) -> Labels:
    """Return a Labels layer for ``truth`` (outlines, locked) or ``cells``."""
    looks = label_options(role, labels.ndim, pixel_size_um)
    if role != "truth":
        return Labels(labels, **looks, **options)
    from napari.utils.colormaps import DirectLabelColormap

    colours = {None: ON_DARK["truth"], 0: "transparent"}
    seen = DirectLabelColormap(color_dict=colours)
    layer = OutlinedLabels(labels, colormap=seen, **looks, **options)
    layer.contour = contour_of(labels.shape)
    layer.editable = False
    return layer


def outline_truth(layer: Labels, shown: Shown | None) -> None:
    """Give outlines of ground truth the colour that is seen on a picture.

    Colours that a person or the Classify dock chose stay.

    Parameters
    ----------
    layer
        From `new_label_layer`.
    shown
        The picture; None for none.
    """
    from napari.utils.colormaps import DirectLabelColormap
    from napari.utils.colormaps.standardize_color import transform_color

    dark, bright = (
        transform_color(colours["truth"])[0] for colours in (ON_DARK, ON_BRIGHT)
    )
    wanted, other = (bright, dark) if is_bright(shown) else (dark, bright)
    now = getattr(layer.colormap, "color_dict", {})
    if set(now) == {None, 0} and np.array_equal(now[None], other):
        colours = {None: wanted, 0: "transparent"}
        layer.colormap = DirectLabelColormap(color_dict=colours)


def fits_image(layer: Image | None, shown: Shown) -> bool:
    """Whether `layer` can take the pixels of `shown`."""
    return layer is not None and layer.rgb == shown.rgb and layer.ndim == shown.ndim


def fits_labels(layer: Labels | None, labels: NDArray[Any]) -> bool:
    """Whether `layer` can take `labels`."""
    return layer is not None and layer.ndim == labels.ndim


def fill_image(layer: Image, shown: Shown, name: str) -> None:
    """Put other pixels into an Image layer."""
    place(layer, shown.scale, shown.units, shown.axis_labels)
    assign(layer, shown.data)
    if not shown.rgb and tuple(layer.contrast_limits) != shown.contrast_limits:
        layer.contrast_limits_range = widest_range(shown)
        layer.contrast_limits = shown.contrast_limits
    layer.name = name


def fill_labels(
    layer: Labels, labels: NDArray[Any], pixel_size_um: float | None, *, locked: bool
) -> None:
    """Put other labels into a Labels layer and forget what could be undone."""
    looks = label_options("cells", labels.ndim, pixel_size_um)
    place(layer, looks["scale"], looks["units"], looks["axis_labels"])
    replace_labels(layer, labels, locked=locked)


def replace_labels(layer: Labels, labels: NDArray[Any], *, locked: bool) -> None:
    """Put other labels into a layer, forget what could be undone, keep the tool.

    Parameters
    ----------
    layer
        A Labels layer.
    labels
        What it shows from now on.
    locked
        Whether it may not be painted.
    """
    mode, editable = layer.mode, layer.editable
    with layer.events.editable.blocker():
        layer.editable = False
        # napari lets any new labels be painted
        assign(layer, labels)
        layer.editable = not locked
    if layer.editable is not editable:
        layer.events.editable()
    if not locked:
        layer.mode = mode


def assign(layer: Layer, data: NDArray[Any]) -> None:
    """Give a layer other data, and napari no more to do than these need.

    Whatever comes, napari measures all layers of the viewer anew, and has the colours
    of labels compiled into another program of the graphics card: more than half of
    what it takes to show other labels. Where the shape is as before the first says
    the same again; the second does while pixels are of the same kind.
    """
    with ExitStack() as kept:
        for callback in _needless(layer, data):
            kept.enter_context(layer.events.data.blocker(callback))
        layer.data = data


def _needless(layer: Layer, data: NDArray[Any]) -> list[Callable[..., object]]:
    """Return what napari calls on new data and need not; nothing if it is unknown."""
    names = set()
    if layer.data.shape == data.shape:
        names.add("_on_layers_change")
    if layer.data.dtype == data.dtype:
        names.add("_on_colormap_change")
    found = []
    for known in layer.events.data.callbacks:
        owner = known[0]() if isinstance(known, tuple) else None
        if owner is not None and known[1] in names:
            found.append(getattr(owner, known[1]))
    return found


def place(
    layer: Layer,
    scale: tuple[float, ...],
    units: tuple[str, ...],
    axis_labels: tuple[str, ...],
) -> None:
    """Give a layer scale, units and axis names; each costs a refresh, so if new."""
    if tuple(layer.scale) != scale:
        layer.scale = scale
    # assigning equal units costs nothing
    layer.units = units
    if tuple(layer.axis_labels) != axis_labels:
        layer.axis_labels = axis_labels


def widest_range(shown: Shown) -> tuple[float, float]:
    """Return how far the contrast sliders reach."""
    kind = shown.data.dtype
    if kind.kind in "ui":
        info = np.iinfo(kind)
        return float(info.min), float(info.max)
    low, high = shown.contrast_limits
    return min(low, float(shown.data.min())), max(high, float(shown.data.max()))


def put_layer(
    viewer: ViewerModel,
    new: Layer,
    old: Layer | None,
    below: tuple[Layer | None, ...] = (),
) -> None:
    """Add `new`, in the place of `old` where that is in the list.

    Parameters
    ----------
    viewer
        Where to.
    new, old
        `old` is removed.
    below
        Without `old`: layers that `new` must not cover; by default on top.
    """
    layers = viewer.layers
    if old is not None and old in layers:
        name = new.name
        layers.insert(layers.index(old), new)
        take_away(viewer, (old,))
        # while both were there, napari numbered the new one
        new.name = name
        return
    covered = [layers.index(layer) for layer in below if layer in layers]
    layers.insert(min(covered, default=len(layers)), new)


def add_aside(viewer: ViewerModel, layer: Layer) -> None:
    """Add a layer that only shows something; the person's layer stays the active one.

    napari makes a new layer active. Nobody hears of that here: a tool in hand would
    be put away, and the layer's controls be built twice.

    Parameters
    ----------
    viewer
        Where to.
    layer
        Ends on top.
    """
    selection = viewer.layers.selection
    active = selection.active
    with selection.events.active.blocker():
        viewer.add_layer(layer)
        selection.active = active
