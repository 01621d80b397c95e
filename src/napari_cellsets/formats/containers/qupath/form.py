"""QuPath GeoJSON: one file a picture."""

from __future__ import annotations

import re

from napari_cellsets.core.annotation import Points, Polygons
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.qupath.read import open_qupath
from napari_cellsets.formats.containers.qupath.write import write_qupath

_TYPES = re.compile(
    rb'"type"\s*:\s*"(Feature|FeatureCollection|(Multi)?(Point|LineString|Polygon)|'
    rb'GeometryCollection)"'
)


def _sniff(name: str, head: bytes) -> bool:
    """Whether a file is GeoJSON."""
    if not name.lower().endswith((".geojson", ".json")):
        return False
    return _TYPES.search(head) is not None


FORM = Form(
    key="qupath",
    title="QuPath GeoJSON",
    kinds=(Polygons, Points),
    per_image=True,
    sniff=_sniff,
    open=open_qupath,
    write=write_qupath,
)
