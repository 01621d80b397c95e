"""Points in a table (CSV or TSV)."""

from __future__ import annotations

from napari_cellsets.core.annotation import Points
from napari_cellsets.formats.containers.base import Form
from napari_cellsets.formats.containers.points.read import (
    SEPARATORS,
    open_points,
    places_of,
)
from napari_cellsets.formats.containers.points.write import write_points


def _sniff(name: str, head: bytes) -> bool:
    if not name.lower().endswith((".csv", ".tsv")) or b"\0" in head:
        return False
    line = head.decode("utf-8-sig", "replace").partition("\n")[0]
    separator = max(SEPARATORS, key=line.count)
    found = places_of(line.strip().split(separator))
    return "x" in found and "y" in found


FORM = Form(
    key="points-csv",
    title="points (CSV)",
    kinds=(Points,),
    per_image=False,
    sniff=_sniff,
    open=open_points,
    write=write_points,
)
