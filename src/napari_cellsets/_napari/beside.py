"""Further pictures of a sample in layers of their own, decoded when looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from napari_cellsets._napari.lazy_stack import LazyStack
from napari_cellsets._napari.leaving import take_away
from napari_cellsets._napari.looks import Shown, scale_and_units, show_form
from napari_cellsets._napari.slots import (
    fill_image,
    fits_image,
    new_image_layer,
    put_layer,
)
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.codecs import read_picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Layer

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.sample import Sample


@dataclass(frozen=True, slots=True)
class Beside:
    """A further picture.

    Parameters
    ----------
    title
        Its name for people.
    shown
        As an Image layer takes it; the planes of a stack are still files.
    """

    title: str
    shown: Shown


def load_beside(
    dataset: Dataset, sample: Sample
) -> tuple[tuple[Beside, ...], tuple[CellsetsError, ...]]:
    """Prepare the further pictures of a sample; safe in any thread.

    Of a stack the plane in the middle is decoded, for size and contrast.

    Returns
    -------
    tuple of (pictures, problems)
        What cannot be read is a problem, and the others come.
    """
    found: list[Beside] = []
    problems: list[CellsetsError] = []
    for title in dataset.beside(sample):
        names = dataset.beside_files(sample, title)
        try:
            found.append(Beside(title, _shown(dataset, names)))
        except CellsetsError as error:
            problems.append(error)
    return tuple(found), tuple(problems)


def planes_beside(beside: Sequence[Beside]) -> tuple[int, ...]:
    """Number of planes of the largest stack, as a shape; empty without a stack."""
    planes = [b.shown.data.shape[0] for b in beside if b.shown.ndim > 2]
    return (max(planes),) if planes else ()


def _shown(dataset: Dataset, names: Sequence[str]) -> Shown:
    at = len(names) // 2
    picture = read_picture(dataset.tree, names[at])
    scale = dataset.recipe.pixel_size_um or picture.pixel_size_um
    shown = show_form(replace(picture, pixel_size_um=scale))
    if len(names) == 1:
        return shown
    axes = "z" + "".join(shown.axis_labels)
    scales, units = scale_and_units(axes, scale)
    stack: Any = LazyStack(dataset.tree, names, shown, at)
    return Shown(stack, shown.rgb, tuple(axes), scales, units, shown.contrast_limits)


class BesideLayers:
    """Image layers above the picture, hidden until the person wants one."""

    def __init__(self) -> None:
        self._layers: dict[str, Image] = {}
        self._put_away: set[str] = set()

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Our layers, also those that show nothing of this sample."""
        return tuple(self._layers.values())

    def make(self, beside: Sequence[Beside]) -> list[tuple[str, Image]]:
        """Return new layers, which `adopt` will take over."""
        return [
            (one.title, new_image_layer(one.shown, one.title, visible=False))
            for one in beside
        ]

    def adopt(self, layer: Layer, key: str) -> None:
        """Look after a layer that a reader made."""
        self._layers[key] = cast("Image", layer)

    def show(
        self, viewer: ViewerModel, beside: Sequence[Beside], image: Layer | None
    ) -> None:
        """Show the further pictures of a sample, right above its picture."""
        for one in beside:
            layer = self._layers.get(one.title)
            if layer is not None and fits_image(layer, one.shown):
                fill_image(layer, one.shown, one.title)
                if one.title in self._put_away:
                    layer.visible = True
            else:
                new = new_image_layer(one.shown, one.title, visible=False)
                self._layers[one.title] = new
                above = viewer.layers[viewer.layers.index(image) + 1 :] if image else ()
                put_layer(viewer, new, layer, tuple(above))
            self._put_away.discard(one.title)
        self._put_rest_away(viewer, {one.title for one in beside})

    def forget(self, layer: Layer | None = None) -> None:
        """Let go of a layer that left the viewer, or of all."""
        gone = [k for k, own in self._layers.items() if layer is None or own is layer]
        for key in gone:
            del self._layers[key]
            self._put_away.discard(key)

    def _put_rest_away(self, viewer: ViewerModel, used: set[str]) -> None:
        """A sample without a picture that others have does not show theirs."""
        for key in set(self._layers) - used:
            layer = self._layers[key]
            if layer.ndim > 2 and layer in viewer.layers:
                # its planes would stay as a slider
                del self._layers[key]
                take_away(viewer, (layer,))
            elif layer.visible:
                layer.visible = False
                self._put_away.add(key)
