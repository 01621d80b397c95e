"""napari's way in: one reader for every set; what it is, the catalogue decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellsets._napari.tickets import Ticket, give_ticket
from napari_cellsets.core.errors import AmbiguousEventsError, CellsetsError
from napari_cellsets.formats.names import is_picture_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets.catalogue import Dataset

    Layers = list[Layer]

_MOST_TRIED = 12


def get_reader(path: str | Sequence[str]) -> Callable[[Any], Layers] | None:
    """Return the reader if the catalogue may know what lies at `path`.

    napari's probe: cheap, and it never raises. Where a place cannot be looked at, the
    reader is returned too: it looks again, and says why it cannot be read.

    Parameters
    ----------
    path
        File, archive or folder. Several (a stack of files) are left to others.

    Returns
    -------
    callable or None
        Takes `path`, returns layers.
    """
    from napari_cellsets.catalogue import is_worth_opening

    only = _only(path)
    if only is not None and is_worth_opening(only):
        return read
    return None


def _only(path: str | Sequence[str]) -> str | None:
    """The one path; None for several. With Shift held, a drop is a list of one."""
    if isinstance(path, str):
        return path
    return path[0] if len(path) == 1 else None


def read(path: str | Sequence[str]) -> Layers:
    """Open a data set and return the layers of the sample that `path` names.

    In a running viewer the set also becomes the one of its Samples dock, which
    opens by itself, and asks where events can be read in several ways. A recording
    opens the Playback dock too.

    Parameters
    ----------
    path
        File, archive or folder, also as a list of one.

    Returns
    -------
    list of napari.layers.Layer
        Image, further pictures and annotations, ground truth where there is any, and
        cells from earlier work.

    Raises
    ------
    CellsetsError
        If nothing there can be opened, or several are given.
    """
    from napari_cellsets.catalogue import open_dataset

    only = _only(path)
    if only is None:
        raise CellsetsError(
            f"one data set was expected, and {len(path)} places were given",
            advice="Open them one after the other.",
        )
    return layers_for_viewer(open_dataset(Path(only)))


def layers_for_viewer(dataset: Dataset) -> Layers:
    """Return the layers of a data set's first sample, for napari to add.

    Of a set whose first image cannot be read they are of the next one.

    Raises
    ------
    CellsetsError
        If no image can be read, of a dozen; or not the one that was asked for.
    """
    from napari import current_viewer

    from napari_cellsets._napari.docks import open_dock, open_docks_soon
    from napari_cellsets._napari.preferences import preference

    viewer = current_viewer()
    loaded = _first_loaded(dataset, viewer)
    asks = _asks(loaded)
    if _is_lost(loaded) and not (asks and viewer is not None):
        raise loaded.problems[0]
    wanted = asks or preference("display.open_samples_dock", True)
    docks = ["Samples"] if wanted else []
    if loaded.recording is not None:
        layers = [recording_layer(loaded, viewer)]
        if viewer is not None:
            open_docks_soon(viewer, [*docks, "Playback"])
        return layers
    layers = build_layers(loaded)
    if viewer is not None:
        for name in docks:
            open_dock(viewer, name)
    return layers


def _first_loaded(dataset: Dataset, viewer: ViewerModel | None) -> LoadedSample:
    """The sample that was asked for; of a whole set the first that can be read."""
    first = _loaded(dataset, dataset.start, viewer)
    if not _is_lost(first) or _asks(first) or is_picture_name(dataset.path.name):
        return first
    for index in range(1, min(_MOST_TRIED, len(dataset.samples))):
        loaded = _loaded(dataset, index, viewer)
        if not _is_lost(loaded):
            return replace(loaded, problems=(first.problems[0], *loaded.problems))
    return first


def _loaded(dataset: Dataset, index: int, viewer: ViewerModel | None) -> LoadedSample:
    from napari_cellsets._napari.loading import load_sample
    from napari_cellsets._napari.session import get_session

    if viewer is None:
        return load_sample(dataset, index, None)
    return get_session(viewer).loader(index, dataset)()


def _asks(loaded: LoadedSample) -> bool:
    """Whether a person must say how events are to be read."""
    return any(isinstance(p, AmbiguousEventsError) for p in loaded.problems)


def _is_lost(loaded: LoadedSample) -> bool:
    """Whether there is nothing of a sample to show but the reason."""
    nothing = loaded.recording is None and loaded.picture is None
    return nothing and bool(loaded.problems)


def recording_layer(loaded: LoadedSample, viewer: ViewerModel | None) -> Layer:
    """Return a new layer for the recording of a sample, with its ticket.

    Parameters
    ----------
    loaded
        With a recording.
    viewer
        Where the layer goes to. Without one nobody would index the recording beside
        a window, so that this is done first.

    Raises
    ------
    CellsetsError
        If the recording cannot be read.
    """
    from napari_cellsets._napari.film import new_film_layer
    from napari_cellsets._napari.session import get_session

    recording = loaded.recording
    if recording is None:
        raise CellsetsError("this sample is no recording", path=loaded.sample.name)
    name, pixel_size_um = loaded.sample.name, loaded.pixel_size_um
    if viewer is None:
        recording.build_index()
        layer = new_film_layer(recording, name, pixel_size_um)
    else:
        layer = get_session(viewer).film.new_layer(recording, name, pixel_size_um)
    give_ticket(layer, Ticket("image", loaded))
    return layer


def build_layers(loaded: LoadedSample) -> Layers:
    """Return new layers for a decoded sample, each with its ticket.

    Parameters
    ----------
    loaded
        With a picture.
    """
    from napari_cellsets._napari.annotation_layers import AnnotationLayers
    from napari_cellsets._napari.beside import BesideLayers
    from napari_cellsets._napari.loading import (
        blank_form,
        owned_labels,
        tracked_cells,
        tracked_truth,
    )
    from napari_cellsets._napari.slots import (
        new_image_layer,
        new_label_layer,
        outline_truth,
    )

    image = new_image_layer(loaded.shown or blank_form(), loaded.sample.name)
    give_ticket(image, Ticket("image", loaded))
    layers: Layers = [image]
    for role, made in (
        ("beside", BesideLayers().make(loaded.beside)),
        ("annotation", AnnotationLayers().make(loaded)),
    ):
        for key, further in made:
            give_ticket(further, Ticket(role, loaded, key=key))
            layers.append(further)
    truth, cells = tracked_truth(loaded), tracked_cells(loaded)
    if truth is not None:
        # locked: the layer may show what is compared against
        truth.shadow.flags.writeable = False
        layer = new_label_layer("truth", truth.shadow, loaded.pixel_size_um)
        outline_truth(layer, loaded.shown)
        give_ticket(layer, Ticket("truth", loaded, truth))
        layers.append(layer)
    if cells is not None and loaded.cells is not None:
        labels = owned_labels(cells.shadow)
        layer = new_label_layer("cells", labels, loaded.pixel_size_um)
        give_ticket(layer, Ticket("cells", loaded, cells))
        layers.append(layer)
    return layers
