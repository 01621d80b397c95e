"""Corrected outlines and points, written as the text files of their data set."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.annotation import Points, Polygons
from napari_cellsets.formats.own_base import Own, names_of_objects, of_kind, refused
from napari_cellsets.formats.words.base import TableOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellsets.formats.own_files import OwnFiles
    from napari_cellsets.formats.words import WordOptions


def why_no_table(options: WordOptions) -> str:
    """Say why a text file is not written again; empty where it is."""
    if isinstance(options, TableOptions) and options.named_by:
        return "a table of the whole set is read, not written"
    return ""


def write_contours(files: OwnFiles, own: Own) -> Iterator[Path]:
    """Write each outline into a file of its own, a point a line; yield the files.

    Raises
    ------
    ExportError
        If an outline has parts or holes, or a new one has no name.
    """
    found: Polygons = of_kind(own, Polygons)
    options: Any = own.options
    if any(len(outline) != 1 or len(outline[0]) != 1 for outline in found.outlines):
        raise refused(found, "a contour file holds one ring, without parts and holes")
    names = names_of_objects(found, len(found.outlines), own.files)
    first = files.tree.read(own.files[0]).decode("utf-8-sig", "replace")
    lines = [line.strip() for line in first.splitlines() if line.strip()]
    closed = len(lines) > 1 and lines[0] == lines[-1]
    for name, ((ring,),) in zip(names, found.outlines, strict=True):
        points = (ring + options.origin).tolist()
        points += points[:1] if closed else []
        pairs = [(x, y) if options.order == "xy" else (y, x) for y, x in points]
        text = "".join(
            f"{_number(one)}{options.separator}{_number(other)}\n"
            for one, other in pairs
        )
        yield files.save_text(name, text)
    files.leave_out(set(own.files) - set(names))


def write_points(files: OwnFiles, own: Own) -> Iterator[Path]:
    """Write the points of a picture into its table; yield it.

    Raises
    ------
    ExportError
        If the table has columns of which nothing is known here.
    """
    found: Points = of_kind(own, Points)
    options: Any = own.options
    name = own.files[0]
    content = files.tree.read(name).decode("utf-8-sig", "replace")
    lines = csv.reader(io.StringIO(content), delimiter=options.separator)
    columns = options.columns or tuple(next(lines, ()))
    given: dict[str, list[Any]] = {
        options.y: (found.yx[:, 0] + options.origin).tolist(),
        options.x: (found.yx[:, 1] + options.origin).tolist(),
    }
    for title, column in options.properties.items():
        given[column] = list(found.properties[title])
    if options.class_column:
        none = [-1] * len(found.yx)
        ids = none if found.class_ids is None else found.class_ids.tolist()
        given[options.class_column] = [found.class_names.get(n, "") for n in ids]
    unknown = [column for column in columns if column not in given]
    if unknown:
        raise refused(found, f"nobody knows column {unknown[0]!r} of a new point")
    out = io.StringIO()
    ends = "\r\n" if "\r\n" in content else "\n"
    writer = csv.writer(out, delimiter=options.separator, lineterminator=ends)
    if not options.columns:
        writer.writerow(columns)
    rows = zip(*(given[column] for column in columns), strict=True)
    writer.writerows([_number(value) for value in row] for row in rows)
    yield files.save_text(name, out.getvalue())


def _number(value: Any) -> str:
    """Return a number as short as it can be said without loss; other values as text."""
    if value is None:
        return ""
    if not isinstance(value, float):
        return str(value)
    return str(int(value)) if value.is_integer() else repr(value)
