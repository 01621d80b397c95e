"""Stacks of pictures made of events, written as TIFF or Zarr while they are made."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellsets.core.errors import ExportError
from napari_cellsets.formats.atomic import atomic_folder, atomic_output
from napari_cellsets.playback.voxels import CHANNELS

if TYPE_CHECKING:
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.playback.stacks import StackPlan, StackSettings, StackSource

_IMAGEJ_BYTES = 4_000_000_000  # offsets of 32 bits
_CHUNK_BYTES = 4 << 20
_COLOURS = "3B6FFF", "FF5A36"


def write_tiff_stack(
    path: str | Path,
    source: StackSource,
    *,
    pixel_um: float | None = None,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> StackPlan:
    """Write a stack as TIFF: for ImageJ, or OME where it is too large for that.

    Parameters
    ----------
    path
        File; OME also where it ends with ``.ome.tif``.
    source
        The planes.
    pixel_um
        Side of a pixel, micrometres, where it is known.
    token, progress
        See `StackSource.planes`.

    Returns
    -------
    StackPlan
        What was written.

    Raises
    ------
    CancelledError
        If the token was cancelled; nothing is left behind.
    ExportError
        If the file cannot be written, or there is no room for it.
    """
    import tifffile

    plan = source.plan
    _check_room(Path(path), plan)
    ome = Path(path).name.lower().endswith((".ome.tif", ".ome.tiff"))
    ome = ome or plan.nbytes > _IMAGEJ_BYTES
    about = _ome_facts if ome else _imagej_facts
    pages = itertools.chain.from_iterable(source.planes(token, progress))
    resolution = None if pixel_um is None else (1 / pixel_um, 1 / pixel_um)
    with (
        atomic_output(path) as aside,
        tifffile.TiffWriter(
            aside, imagej=not ome, ome=ome, bigtiff=plan.nbytes > _IMAGEJ_BYTES
        ) as tiff,
    ):
        tiff.write(
            pages,
            shape=plan.shape,
            dtype=plan.dtype,
            photometric="minisblack",
            compression="zlib" if ome else None,
            resolution=resolution,
            metadata={"axes": "TCYX", **about(source.settings, pixel_um)},
        )
    return plan


def _imagej_facts(settings: StackSettings, pixel_um: float | None) -> dict[str, Any]:
    return {
        "finterval": settings.step_us / 1e6,
        "fps": 1e6 / settings.step_us,
        "unit": "pixel" if pixel_um is None else "um",
        "Info": settings.model_dump_json(),
    }


def _ome_facts(settings: StackSettings, pixel_um: float | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "TimeIncrement": settings.step_us / 1e6,
        "TimeIncrementUnit": "s",
        "Channel": {"Name": list(CHANNELS)},
        "Description": settings.model_dump_json(),
    }
    if pixel_um is not None:
        for axis in "XY":
            facts[f"PhysicalSize{axis}"] = pixel_um
            facts[f"PhysicalSize{axis}Unit"] = "µm"
    return facts


def write_zarr_stack(
    path: str | Path,
    source: StackSource,
    *,
    pixel_um: float | None = None,
    token: CancelToken | None = None,
    progress: Progress | None = None,
) -> StackPlan:
    """Write a stack as OME-Zarr 0.5, a folder that must not exist yet.

    Parameters
    ----------
    path, source, pixel_um, token, progress
        As for `write_tiff_stack`.

    Returns
    -------
    StackPlan
        What was written.

    Raises
    ------
    CancelledError
        If the token was cancelled; nothing is left behind.
    ExportError
        If the library is missing, the folder is there already or cannot be written.
    """
    try:
        import zarr
    except ImportError as error:
        raise ExportError(
            "writing Zarr needs the library zarr, which is not installed",
            path=path,
            advice='Install it with "pip install zarr", or write a TIFF.',
        ) from error
    plan = source.plan
    _check_room(Path(path), plan)
    at_once = max(1, min(plan.shape[0], _CHUNK_BYTES * plan.shape[0] // plan.nbytes))
    with atomic_folder(path) as aside:
        group = zarr.open_group(str(aside), mode="w", zarr_format=3)
        group.attrs["ome"] = _multiscales(source.settings, pixel_um)
        array = group.create_array(
            "0",
            shape=plan.shape,
            chunks=(at_once, *plan.shape[1:]),
            dtype=plan.dtype,
            dimension_names=["t", "c", "y", "x"],
        )
        planes = source.planes(token, progress)
        for first in range(0, plan.shape[0], at_once):
            some = np.stack(list(itertools.islice(planes, at_once)))
            array[first : first + len(some)] = some
    return plan


def _multiscales(settings: StackSettings, pixel_um: float | None) -> dict[str, Any]:
    space = {"type": "space"} | ({} if pixel_um is None else {"unit": "micrometer"})
    side = 1.0 if pixel_um is None else pixel_um
    scale = [settings.step_us / 1e6, 1.0, side, side]
    return {
        "version": "0.5",
        "multiscales": [
            {
                "name": settings.kind,
                "axes": [
                    {"name": "t", "type": "time", "unit": "second"},
                    {"name": "c", "type": "channel"},
                    {"name": "y", **space},
                    {"name": "x", **space},
                ],
                "datasets": [
                    {
                        "path": "0",
                        "coordinateTransformations": [
                            {"type": "scale", "scale": scale}
                        ],
                    }
                ],
            }
        ],
        "omero": {
            "channels": [
                {"label": name, "color": colour, "active": True}
                for name, colour in zip(CHANNELS, _COLOURS, strict=True)
            ]
        },
    }


def _check_room(path: Path, plan: StackPlan) -> None:
    place = next((p for p in path.absolute().parents if p.exists()), None)
    if place is None:
        return
    free = shutil.disk_usage(place).free
    if plan.nbytes > free:
        raise ExportError(
            f"the stack needs up to {plan.nbytes / 1e9:,.1f} GB, and"
            f" {free / 1e9:,.1f} GB are free",
            path=path,
            advice="Choose a shorter range or longer steps, or another disk.",
        )
