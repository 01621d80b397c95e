"""What holds for every container that other programs draw with."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from container_tools import around, assert_same, boxes, masks, points, polygons
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_cellsets.core.annotation import ImageClass
from napari_cellsets.formats.containers.base import FORMS

if TYPE_CHECKING:
    from napari_cellsets.core.annotation import Annotation

ABLE: dict[str, tuple[Any, ...]] = {
    "labelme": (polygons(parts=True, lines=True), masks(), boxes(), points()),
    "cvat": (polygons(lines=True), masks(), boxes(turned=True), points()),
    "qupath": (polygons(holes=True, parts=True, lines=True), points()),
    "label-studio": (polygons(), masks(), boxes(turned=True), points()),
    "via": (polygons(lines=True), boxes(), points()),
    "imagej": (polygons(lines=True), boxes(turned=True), points()),
}
TOLERANCE = {"imagej": 2e-5}
NAMELESS = {"labelme": "object"}


@pytest.mark.parametrize("key", ABLE)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_written_is_read_again(key: str, data: st.DataObject) -> None:
    form = FORMS[key]
    wanted: list[Annotation] = [data.draw(kind) for kind in ABLE[key]]
    if ImageClass in form.kinds:
        wanted.append(ImageClass("fine"))
    with TemporaryDirectory() as folder:
        found = around(form, wanted, Path(folder))
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert_same(one, other, TOLERANCE.get(key, 1e-6), NAMELESS.get(key))
