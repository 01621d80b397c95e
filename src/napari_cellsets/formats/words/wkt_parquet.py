"""``wkt-parquet``: outlines as text in a parquet table, as CCAgT has them.

Such a table is an ordinary parquet file whatever its suffix says: gzip is how its
columns are packed. It is read with pyarrow, which is an extra (``parquet``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import Field

from napari_cellsets.core.annotation import Polygons
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.words.base import Ask, Word, WordOptions
from napari_cellsets.formats.words.shifting import shifted
from napari_cellsets.formats.words.tables import joined

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_cellsets.core.annotation import Annotation, Outline

_KIND = re.compile(r"\s*(MULTIPOLYGON|POLYGON|POINT)\s*(?:Z|M|ZM)?\s*(?=\()", re.I)
_RING = re.compile(r"\(([^()]*)\)")
_FARTHEST = 1e7


class WktParquetOptions(WordOptions):
    """Options of ``wkt-parquet``.

    Parameters
    ----------
    named_by, geometry, class_column
        Columns with the picture, the outline, and the number of its class.
    instead_of
        A file that says the same; where it is there, the table is not read.
    origin
        Number of the middle of the first pixel; see ``points-table``.
    """

    named_by: str = "image_name"
    geometry: str = "geometry"
    class_column: str = "category_id"
    instead_of: str = ""
    origin: float = Field(default=0, ge=0, le=1)


def read(ask: Ask, options: WktParquetOptions) -> list[Annotation]:
    """Read the outlines of one picture.

    Raises
    ------
    UnreadableFileError
        If the table is damaged, has not these columns, or pyarrow is not installed.
    """
    import numpy as np

    if not ask.files or ask.shared.get(
        ("wkt-parquet", options.instead_of), lambda: _is_there(ask, options.instead_of)
    ):
        return []
    name = ask.files[0]
    table: Mapping[str, list[tuple[str, int]]] = ask.shared.get(
        ("wkt-parquet", name, options), lambda: _table(ask, name, options)
    )
    outlines: list[Outline] = []
    ids = []
    for text, class_id in table.get(joined(ask.image, "stem"), ()):
        try:
            outlines.append(outline_of(text))
        except ValueError as error:
            ask.tell(name, f"an object of {ask.stem} is left out: {error}")
            continue
        ids.append(class_id)
    if not outlines:
        return []
    found = Polygons(
        outlines,
        name,
        ask.classes.names,
        np.array(ids, np.int64),
        ask.classes.colours,
    )
    return [shifted(found, -options.origin)]


def outline_of(text: str) -> Outline:
    """Read one outline: ``POLYGON ((x y, x y, ...), (a hole))``.

    Parameters
    ----------
    text
        Well-known text of a polygon or of several.

    Returns
    -------
    Outline
        Rows and columns as the text counts.

    Raises
    ------
    ValueError
        If it is none, has a ring of fewer than three points, or no numbers.
    """
    kind = _KIND.match(text)
    if kind is None or kind[1].upper() == "POINT":
        raise ValueError(f"an outline was expected, found {text[:30]!r}")
    body = text[kind.end() :].strip()
    if kind[1].upper() == "POLYGON":
        return (_part(body),)
    parts = tuple(_part(part) for part in re.split(r"\)\s*\)\s*,\s*(?=\(\s*\()", body))
    return parts


def _part(text: str) -> tuple[np.ndarray, ...]:
    closed = text.count("(") - text.count(")")
    found = _RING.findall(text + ")" * max(0, closed))
    return tuple(_ring(ring) for ring in found or [""])


def _ring(text: str) -> np.ndarray:
    import numpy as np

    pairs = [pair.split()[:2] for pair in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a point has no two numbers")
    xy = np.array([[float(x), float(y)] for x, y in pairs], np.float64)
    if not (np.abs(xy) < _FARTHEST).all():
        raise ValueError("a point is no number or far away")
    if len(xy) > 1 and (xy[0] == xy[-1]).all():
        xy = xy[:-1]
    if len(xy) < 3:
        raise ValueError(f"a ring has {len(xy)} points")
    return np.ascontiguousarray(xy[:, ::-1])


def _is_there(ask: Ask, file: str) -> bool:
    wanted = file.lower()
    return bool(wanted) and any(
        name.lower().rpartition("/")[2] == wanted for name in ask.tree.names()
    )


def _table(
    ask: Ask, name: str, options: WktParquetOptions
) -> Mapping[str, list[tuple[str, int]]]:
    """Outlines as text with their class, by picture."""
    columns = [options.named_by, options.geometry, options.class_column]
    read_columns = _columns(ask.tree.read(name), columns, ask.tree.place(name))
    found: dict[str, list[tuple[str, int]]] = {}
    for picture, text, class_id in zip(*read_columns, strict=True):
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        try:
            row = (str(text), int(class_id))
        except (TypeError, ValueError):
            ask.tell(name, f"an object of {picture} has no class number")
            continue
        found.setdefault(joined(str(picture), "stem"), []).append(row)
    return found


def _columns(content: bytes, wanted: Sequence[str], place: str) -> list[list[Any]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UnreadableFileError(
            "the outlines are in a parquet table, which needs pyarrow",
            path=place,
            advice="Install it with: pip install 'napari-cellsets[parquet]'.",
        ) from error
    try:
        source = pyarrow.BufferReader(content)
        file = pyarrow.parquet.ParquetFile(source)
        missing = [name for name in wanted if name not in file.schema_arrow.names]
        if missing:
            raise UnreadableFileError(
                f"a table with a column {missing[0]!r} was expected", path=place
            )
        table = file.read(columns=list(wanted))
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
        raise UnreadableFileError(
            f"this is no whole parquet table ({str(error)[:120]})",
            path=place,
            advice="Download it again.",
        ) from error
    return [table.column(name).to_pylist() for name in wanted]


WORD = Word(WktParquetOptions, read)
