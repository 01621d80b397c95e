"""File > Open Sample: simulated neurons and cells in a channel, sets like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellsets.core.places import cache_home

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari.types import FullLayerData


#: Seeds of the fields, from sparse to crowded, one dim.
FIELDS = (
    {"seed": 11, "crowding": 0.0},
    {"seed": 22, "crowding": 0.25},
    {"seed": 16, "crowding": 0.9},
    {"seed": 14, "crowding": 0.0, "gain": 0.6},
)
#: Changes with the pictures, so that an older cache is not mistaken for them.
EDITION = "2"
ROW = "simulated_neurons"
#: Of the recording: 4 s of all classes, slow enough to be seen at a tenth of the speed.
CHANNEL_SECONDS, CHANNEL_SEED = 4.0, 4


def simulated_neurons() -> list[FullLayerData]:
    """Return the first simulated field as layer data; its set opens with it.

    The fields are drawn once and kept in the person's cache folder. In a viewer
    the picture alone is returned and the session adds the rest: unlike readers,
    samples may not give napari finished layers, and layer data knows neither
    outlines nor locks.

    Raises
    ------
    ExportError
        If the cache folder cannot be written.
    """
    from napari import current_viewer

    from napari_cellsets._napari.reader import layers_for_viewer
    from napari_cellsets._napari.tickets import Ticket, give_ticket, take_ticket
    from napari_cellsets.catalogue import open_dataset

    layers = layers_for_viewer(open_dataset(write_fields(), ROW))
    if current_viewer() is not None:
        ticket = take_ticket(layers[0])
        if ticket is not None:
            give_ticket(layers[0], Ticket("sample", ticket.loaded))
        layers = layers[:1]
    return [layer.as_layer_data_tuple() for layer in layers]


def simulated_channel() -> list[FullLayerData]:
    """Return a simulated recording of an event camera, ready to be played.

    It is drawn once and kept in the person's cache folder.

    Raises
    ------
    ExportError
        If the cache folder cannot be written.
    """
    from napari_cellsets._napari.reader import layers_for_viewer
    from napari_cellsets.catalogue import open_dataset

    layers = layers_for_viewer(open_dataset(write_recording()))
    return [layer.as_layer_data_tuple() for layer in layers]


def write_recording(
    folder: Path | None = None, seconds: float = CHANNEL_SECONDS
) -> Path:
    """Draw the recording where it is not there yet and return its file.

    Parameters
    ----------
    folder
        By default in the cache.
    seconds
        Length of the recording.

    Raises
    ------
    ExportError
        If the folder cannot be written.
    """
    from napari.utils import progress

    from napari_cellsets.batch.simulated_channel import write_channel
    from napari_cellsets.core.events import Geometry
    from napari_cellsets.simulate import simulate_channel

    folder = folder or cache_home() / f"simulated-{EDITION}"
    path = folder / "simulated_channel.raw"
    if path.exists():
        return path
    recording = simulate_channel(
        seconds,
        geometry=Geometry(640, 480),
        cells_per_second=8.0,
        speed_px_ms=1.6,
        um_per_px=0.35,
        seed=CHANNEL_SEED,
    )
    with progress(total=100, desc="Drawing cells in a channel") as shown:

        def show(share: float, _text: str) -> None:
            shown.update(round(100 * share) - shown.n)

        write_channel(path, recording, progress=show)
    return path


def write_fields(
    folder: Path | None = None, shape: tuple[int, int] = (1200, 1600)
) -> Path:
    """Draw the fields that are not there yet and return their folder.

    Parameters
    ----------
    folder
        By default in the cache; ``simulated_neurons`` is made inside.
    shape
        Height and width in px.

    Raises
    ------
    ExportError
        If the folder cannot be written.
    """
    from napari.utils import progress

    folder = folder or cache_home() / f"simulated-{EDITION}"
    root = folder / "simulated_neurons"
    missing = [
        (number, options)
        for number, options in enumerate(FIELDS, start=1)
        if not (root / "masks" / _name(number)).exists()
    ]
    for number, options in progress(missing, desc="Drawing neurons"):
        _write_field(root, _name(number), options, shape)
    return root


def _write_field(
    root: Path, name: str, options: dict[str, float], shape: Sequence[int]
) -> None:
    import cv2

    from napari_cellsets.formats.atomic import atomic_output
    from napari_cellsets.formats.labels_io import write_label_png
    from napari_cellsets.simulate import simulate_neurons

    field = simulate_neurons(shape=(shape[0], shape[1]), **options)  # type: ignore[arg-type]
    _done, coded = cv2.imencode(".png", field.image[..., ::-1])
    with atomic_output(root / "images" / name) as aside:
        aside.write_bytes(coded.tobytes())
    # last: a mask says that the field is whole
    write_label_png(root / "masks" / name, field.labels)


def _name(number: int) -> str:
    return f"simulated_{number}.png"
