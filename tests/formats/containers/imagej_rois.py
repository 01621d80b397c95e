"""ROIs of ImageJ as the library of another author writes and reads them."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
from container_tools import of_text, save
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi, roiread

from napari_cellsets.formats.containers.base import FORMS

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container


FORM = FORMS["imagej"]


TRIANGLE = [[2, 1], [7, 1], [7, 6]]


def roi(points: Any = TRIANGLE, kind: str = "POLYGON", **told: Any) -> ImagejRoi:
    found = ImagejRoi.frompoints(np.array(points), name="")
    found.options &= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    found.roitype = ROI_TYPE[kind]
    for key, value in told.items():
        setattr(found, key, value)
    return found


def bounds(kind: str, top: int, left: int, bottom: int, right: int) -> ImagejRoi:
    edges = {"top": top, "left": left, "bottom": bottom, "right": right}
    return ImagejRoi(roitype=ROI_TYPE[kind], **edges)


def zipped(*rois: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index, one in enumerate(rois):
            content = one if isinstance(one, bytes) else one.tobytes()
            archive.writestr(f"{index}.roi", content)
    return buffer.getvalue()


def container(folder: Path, *rois: Any) -> Container:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.png").write_bytes(b"")  # beside a picture, the zip is one file
    return of_text(FORM, "a.zip", zipped(*rois), folder)


def only(folder: Path, *rois: Any) -> Any:
    held = container(folder, *rois)
    (found,) = held.read(0)
    assert not held.problems
    return found


def written(annotation: Any, folder: Path) -> list[ImagejRoi]:
    """What the library of another author reads in the file."""
    found = roiread(save(FORM, [annotation], folder))
    return found if isinstance(found, list) else [found]
