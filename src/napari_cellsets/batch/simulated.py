"""A small simulated data set on disk, so that all can be tried without a download."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.annotations import AnnotationForm, write_labels
from napari_cellsets.formats.atomic import atomic_output

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

SetLayout: TypeAlias = Literal["simulated", "fnc1", "plain"]

USUAL_SHAPE = (1200, 1600)

#: Folder of pictures, folder of masks, how objects are written down.
LAYOUTS: dict[SetLayout, tuple[str, str, AnnotationForm]] = {
    "simulated": (
        "simulated_neurons/images",
        "simulated_neurons/masks",
        AnnotationForm("instances"),
    ),
    "fnc1": (
        "all_images/images",
        "all_masks/masks",
        AnnotationForm("components", depth=16),
    ),
    "plain": ("images", "masks", AnnotationForm("instances")),
}

_NOTE = """These pictures and masks are simulated; no cell was photographed.
They were drawn by napari-cellsets with the seeds {first} to {last}.
"""


def write_simulated_set(
    out: Path | str,
    number: int,
    seed: int = 0,
    *,
    layout: SetLayout = "simulated",
    shape: tuple[int, int] = USUAL_SHAPE,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, int]:
    """Write fields of fluorescent neurons with their truth.

    Parameters
    ----------
    out
        Folder to write to; made when absent.
    number
        Pictures, one at least.
    seed
        Of the first picture; the next ones count up.
    layout
        ``simulated``: opens as the catalogue's set of simulated neurons, 16-bit
        labels. ``fnc1``: the tree of Fluorescent Neuronal Cells v1, binary masks
        (touching cells are parted by a gap of a pixel); it opens as that set.
        ``plain``: a folder of pictures and one of 16-bit labels.
    shape
        Height and width in px.
    token
        Cancels between pictures.
    progress
        Called with the share that is done and a short text.

    Returns
    -------
    dict
        True number of cells by file name.

    Raises
    ------
    ExportError
        If the folder holds pictures of something else, or cannot be written.
    CancelledError
        If the token was cancelled.
    """
    from napari_cellsets.simulate import simulate_neurons

    pictures, masks, form = LAYOUTS[layout]
    root, token = Path(out), token or CancelToken()
    names = [_name(seed + i, shape) for i in range(number)]
    _refuse_others(root / pictures, set(names))
    counts = {}
    for i, name in enumerate(names):
        token.raise_if_cancelled()
        if progress is not None:
            progress(i / number, name)
        field = simulate_neurons(seed + i, shape)
        _write_colour_png(root / pictures / name, field.image)
        write_labels(form, field.labels, root / masks / name)
        counts[name] = field.count
    with atomic_output(root / "SIMULATED.txt") as aside:
        note = _NOTE.format(first=seed, last=seed + number - 1)
        aside.write_text(note, encoding="utf-8")
    if progress is not None:
        progress(1.0, "Drawn")
    return counts


def write_simulated_cells(
    out: Path | str,
    number: int,
    seed: int = 0,
    *,
    token: CancelToken | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> dict[str, int]:
    """Write drawn blood cells in folders of their classes.

    Parameters
    ----------
    out
        Folder to write to; made when absent.
    number
        Cells of each class, one at least.
    seed, token, progress
        As of `write_simulated_set`.

    Returns
    -------
    dict
        Number of cells by class.

    Raises
    ------
    ExportError
        If a folder holds pictures of something else, or cannot be written.
    CancelledError
        If the token was cancelled.
    """
    from napari_cellsets.simulate import BLOOD_CELLS, simulate_blood_cell

    root, token = Path(out), token or CancelToken()
    names = [f"simulated_{seed + i:04d}.png" for i in range(number)]
    for place, kind in enumerate(BLOOD_CELLS):
        _refuse_others(root / kind, set(names))
        for i, name in enumerate(names):
            token.raise_if_cancelled()
            if progress is not None:
                progress((place + i / number) / len(BLOOD_CELLS), kind)
            _write_colour_png(root / kind / name, simulate_blood_cell(kind, seed + i))
    if progress is not None:
        progress(1.0, "Drawn")
    return dict.fromkeys(BLOOD_CELLS, number)


def _name(seed: int, shape: tuple[int, int]) -> str:
    """Other pictures have other names, so that no corrections are mixed up."""
    size = "" if shape == USUAL_SHAPE else f"_{shape[1]}x{shape[0]}"
    return f"simulated_{seed:04d}{size}.png"


def _refuse_others(folder: Path, names: set[str]) -> None:
    """Never mix simulated pictures into a folder of real ones."""
    if not folder.is_dir():
        return
    others = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.name not in names and not entry.name.startswith("simulated_")
    )
    if others:
        raise ExportError(
            f"holds other files, such as {others[0]!r}",
            path=folder,
            advice="Choose a new folder for the simulated pictures.",
        )


def _write_colour_png(path: Path, image: np.ndarray) -> None:
    import cv2

    good, packed = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not good:
        raise ExportError(f"{image.shape} pixels cannot be packed as PNG", path=path)
    with atomic_output(path) as aside:
        aside.write_bytes(packed.tobytes())
