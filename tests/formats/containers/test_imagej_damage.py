"""Damaged ROIs are told, and what is whole beside them is read."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from container_tools import of_text
from imagej_rois import FORM, bounds, container, roi, zipped
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from napari_cellsets.core.annotation import (
    Polygons,
)
from napari_cellsets.core.errors import UnreadableFileError

if TYPE_CHECKING:
    from pathlib import Path


def path_roi(*values: float) -> ImagejRoi:
    one = bounds("RECT", 0, 0, 20, 20)
    one.multi_coordinates = np.array(values, np.float32)
    one.shape_roi_size = len(values)
    return one


def turned(subtype: ROI_SUBTYPE, **told: float) -> ImagejRoi:
    return roi(kind="FREEHAND", subtype=subtype, **told)


def not_finite() -> ImagejRoi:
    one = roi(np.array([[1.5, 2], [3, 3], [4, 5]]))
    assert one.subpixel_coordinates is not None
    one.subpixel_coordinates[1] = np.nan
    return one


BROKEN = [
    (b"", "damaged"),
    (b"x" * 100, "damaged"),
    (roi().tobytes()[:70], "damaged"),
    (roi(kind="NOROI"), "'noroi' is not known"),
    (roi([[1, 2], [3, 4]]), "2 points"),
    (not_finite(), "not finite"),
    (bounds("RECT", 9, 9, 3, 3), "negative size"),
    (bounds("OVAL", 3, 3, 3, 3), "radius"),
    (
        ImagejRoi(
            roitype=ROI_TYPE.RECT, options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION, xd=np.nan
        ),
        "not finite",
    ),
    (turned(ROI_SUBTYPE.ELLIPSE, x1=1, y1=1, x2=9, y2=9), "axes are not above 0"),
    (turned(ROI_SUBTYPE.ROTATED_RECT), "axes are not above 0"),
    (path_roi(0, 1, 1, 9), "unknown command 9"),
    (path_roi(0, 1, 1, 1, 5), "cut off"),
    (path_roi(1, 5, 5), "begins without a place"),
    (path_roi(4), "begins without a place"),
    (path_roi(0, 5, 5, 4), "path is empty"),
    (path_roi(0, 5, 5, 1, 6, 6, 4), "2 points"),
    (path_roi(*[0, 5, 5] * 50_001), "more than 50,000 rings"),
    (ImagejRoi(roitype=ROI_TYPE.RECT, subtype=ROI_SUBTYPE.TEXT), "it is a text"),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_a_broken_roi_is_told_and_the_rest_stays(
    tmp_path: Path, broken: Any, said: str
) -> None:
    held = container(tmp_path, roi(), broken, roi())
    (found,) = held.read(0)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2
    (problem,) = held.problems
    assert said in problem.message
    assert "1.roi" in problem.message


def test_a_path_that_only_closes_is_told(tmp_path: Path) -> None:
    held = container(tmp_path, path_roi(4))
    assert held.read(0) == ()
    assert "begins without a place" in held.problems[0].message


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match="zip is damaged"):
        of_text(FORM, "a.zip", b"PK\x03\x04 and no more", tmp_path)


@pytest.mark.parametrize("content", [b"", b"Iout", b"text" * 40])
def test_a_damaged_roi_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="no readable ROI"):
        of_text(FORM, "a.roi", content, tmp_path)


def test_a_zip_without_rois_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", b"x")
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(UnreadableFileError, match="no readable ROI"):
        of_text(FORM, "a.zip", buffer.getvalue(), tmp_path)


def test_members_that_claim_too_much_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_cellsets.formats.containers.imagej import read

    monkeypatch.setattr(read, "_ROI_BYTES", 300)
    held = container(tmp_path, roi(), path_roi(*[0, 5, 5] * 99))
    assert len(held.read(0)) == 1
    assert "too large to be a ROI" in held.problems[0].message


def test_a_member_with_wrong_check_sum_is_told(tmp_path: Path) -> None:
    content = bytearray(zipped(roi(), roi()))
    at = content.index(b"Iout") + 10
    content[at] ^= 255
    (tmp_path / "a.png").write_bytes(b"")
    held = of_text(FORM, "a.zip", bytes(content), tmp_path)
    assert len(held.read(0)[0].outlines) == 1  # type: ignore[union-attr]
    assert "damaged or encrypted" in held.problems[0].message


def test_other_zips_are_not_taken_for_rois() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.png", b"x")
    assert not FORM.sniff("a.zip", buffer.getvalue())
    assert FORM.sniff("a.zip", zipped(roi()))
    assert not FORM.sniff("a.zip", b"PK\x03\x04" + struct.pack("<4s", b"x"))
