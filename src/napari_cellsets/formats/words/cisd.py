"""CISD.json: instances as runs over the rows of each picture, not the columns.

Its keys ``counts`` and ``size`` are those of COCO, but the runs follow the rows;
read as COCO they give garbage. Sizes are (height, width), boxes are first and last
row and column. The file is known by its top-level keys ``info``, ``assets`` and
``categories``. Described by the readers of its owners and of torch-em.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from napari_cellsets.core.annotation import MaskStack, Polygons
from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import Item, Opened
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    load_json,
    ring_of,
    size_of,
)
from napari_cellsets.formats.words.base import Ask, Word, WordOptions
from napari_cellsets.formats.words.container import translated
from napari_cellsets.formats.words.joining import Items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_cellsets.core.annotation import Annotation, Outline
    from napari_cellsets.formats.files import FileTree

KEYS = ("info", "assets", "categories")
_MOST_PIXELS = 1 << 28


def open_cisd(tree: FileTree, name: str) -> Opened:
    """Open a file such as ``CISD.json``.

    Parameters
    ----------
    tree, name
        Where it lies.

    Returns
    -------
    Opened
        One item a picture; decoded are a `MaskStack` and, of the variant with
        outlines, `Polygons`, with the property ``annotator`` where several people
        have marked the same picture. Class ids count the list of categories from 1.

    Raises
    ------
    UnreadableFileError
        If it is no JSON or has not those top-level keys.
    """
    content, place = load_json(tree, name), tree.place(name)
    if not isinstance(content, dict) or not isinstance(content.get("assets"), list):
        raise UnreadableFileError(
            f"a file with {', '.join(KEYS)} was expected", path=place
        )
    notes = Notes(name, place)
    assets = []
    for position, asset in enumerate(content["assets"]):
        if isinstance(asset, dict) and isinstance(asset.get("file_name"), str):
            assets.append(asset)
        else:
            notes.add(f"assets[{position}]", "there is no file name")
    listed = content.get("categories")
    names = [str(category) for category in listed] if isinstance(listed, list) else []
    classes = dict(enumerate(names, start=1))
    items = [Item(asset["file_name"], _size_of(asset)) for asset in assets]
    decode = partial(_decode, assets, classes, notes, name)
    return Opened("cisd", items, decode, classes, problems=notes.problems)


def split_of(asset: Mapping[str, Any]) -> str:
    """``train`` or ``test`` as an asset says; empty where it does not."""
    found = asset.get("set")
    return found if isinstance(found, str) else ""


def _size_of(asset: Mapping[str, Any]) -> tuple[int, int] | None:
    """Size of the picture, as its first readable mask says."""
    for _, thing in _objects(asset):
        mask = thing.get("mask")
        size = mask.get("size") if isinstance(mask, dict) else None
        if isinstance(size, list) and len(size) == 2:
            return size_of(*size)
    return None


def _objects(asset: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """All objects of a picture with the one who marked them."""
    found: list[tuple[str, dict[str, Any]]] = []
    rounds = asset.get("annotations")
    for one in rounds if isinstance(rounds, list) else []:
        data = one.get("data") if isinstance(one, dict) else None
        if isinstance(data, list):
            who = str(one.get("annotator", ""))
            found += [(who, item) for item in data if isinstance(item, dict)]
    return found


def _decode(
    assets: Sequence[Mapping[str, Any]],
    classes: Mapping[int, str],
    notes: Notes,
    source: str,
    index: int,
    size: tuple[int, int] | None,
) -> tuple[Annotation, ...]:
    ids = {name: number for number, name in classes.items()}
    masks: list[tuple[np.ndarray, tuple[int, int]]] = []
    outlines: list[Outline] = []
    told: dict[str, list[tuple[int, str]]] = {"masks": [], "outlines": []}
    file = assets[index]["file_name"]
    shape = size or _size_of(assets[index])
    for number, (who, thing) in enumerate(_objects(assets[index])):
        try:
            class_id = ids.get(str(thing.get("category_name")))
            if class_id is None:
                raise BadObject(f"its class is {thing.get('category_name')!r:.40}")
            mask = thing.get("mask")
            if not isinstance(mask, dict):
                raise BadObject("there is no mask")
            if "coord_w" in mask:
                outlines.append(((_ring(mask),),))
                told["outlines"].append((class_id, who))
            else:
                masks.append(mask_of_runs(mask.get("counts"), mask.get("size"), shape))
                told["masks"].append((class_id, who))
        except BadObject as error:
            notes.add(f"{file}, object {number + 1}", error)
    found: list[Annotation] = []
    if masks and shape:
        found.append(_stack(masks, shape, source, classes, told["masks"]))
    if outlines:
        held, more = _told(told["outlines"])
        found.append(Polygons(outlines, source, classes, held, properties=more))
    return tuple(found)


def mask_of_runs(
    counts: object, size: object, shape: tuple[int, int] | None = None
) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode runs over rows, the first of zeros.

    Parameters
    ----------
    counts
        List of run lengths; together they cover the picture.
    size
        ``[height, width]``.
    shape
        Height and width of the picture, which the mask must have.

    Returns
    -------
    mask
        bool, cut to the box around it.
    corner
        Row and column of its first pixel.

    Raises
    ------
    BadObject
        If the numbers are none, do not cover the picture, or mark nothing.
    """
    import numpy as np

    found = size_of(*size) if isinstance(size, list) and len(size) == 2 else None
    if found is None or found[0] * found[1] > _MOST_PIXELS:
        raise BadObject("the size of its mask is none")
    if shape is not None and found != tuple(shape):
        raise BadObject(
            f"its mask is {found[1]} x {found[0]} pixels,"
            f" but the picture is {shape[1]} x {shape[0]}"
        )
    try:
        lengths = np.asarray(counts)
    except ValueError:
        raise BadObject("its runs are no numbers") from None
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or (lengths < 0).any():
        raise BadObject("its runs are no numbers")
    height, width = found
    ends = np.cumsum(lengths, dtype=np.int64)
    if not len(ends) or ends[-1] != height * width or lengths.max() > ends[-1]:
        covered = int(ends[-1]) if len(ends) else 0
        raise BadObject(f"its runs cover {covered:,} of {height * width:,} pixels")
    marked = np.flatnonzero(lengths[1::2]) * 2 + 1
    if not marked.size:
        raise BadObject("its mask is empty")
    top = int(ends[marked[0] - 1]) // width
    bottom = int(ends[marked[-1]] - 1) // width
    values = np.arange(len(lengths)) % 2 == 1
    flat = np.repeat(values, lengths)[top * width : (bottom + 1) * width]
    rows = flat.reshape(-1, width)
    columns = np.flatnonzero(rows.any(axis=0))
    left, right = int(columns[0]), int(columns[-1])
    return np.ascontiguousarray(rows[:, left : right + 1]), (top, left)


def _ring(mask: Mapping[str, Any]) -> np.ndarray:
    """Outline of the variant that lists columns and rows of pixels."""
    wide, high = mask.get("coord_w"), mask.get("coord_h")
    if not isinstance(wide, list) or not isinstance(high, list):
        raise BadObject("its outline is none")
    if len(wide) != len(high):
        raise BadObject("its outline has more of one coordinate")
    return ring_of(list(zip(wide, high, strict=True)), shift=0.0)


def _stack(
    masks: Sequence[tuple[np.ndarray, tuple[int, int]]],
    shape: tuple[int, int],
    source: str,
    classes: Mapping[int, str],
    told: Sequence[tuple[int, str]],
) -> MaskStack:
    import numpy as np

    held, more = _told(told)
    return MaskStack(
        [mask for mask, _ in masks],
        np.asarray([corner for _, corner in masks]),
        (int(shape[0]), int(shape[1])),
        source,
        classes,
        held,
        properties=more,
    )


def _told(told: Sequence[tuple[int, str]]) -> tuple[np.ndarray, dict[str, list[str]]]:
    """Class ids, and who has marked what where these are several."""
    import numpy as np

    people = [who for _, who in told]
    more = {"annotator": people} if len(set(people)) > 1 else {}
    return np.asarray([class_id for class_id, _ in told]), more


class CisdOptions(WordOptions):
    """Options of ``cisd``; the file names pictures, whose stems are compared."""


def read(ask: Ask, options: CisdOptions) -> list[Annotation]:
    """Read the objects of one picture.

    Raises
    ------
    UnreadableFileError
        If the file is none, or damaged as a whole.
    """
    if not ask.files:
        return []
    name = ask.files[0]
    file, items = ask.shared.get(
        ("cisd", name), lambda: _with_items(open_cisd(ask.tree, name), name)
    )
    found: list[Annotation] = []
    before = len(file.problems)
    for place in items.of(ask.image):
        for annotation in file.read(place.position, ask.size()):
            found.append(translated(annotation, file, ask.classes))
    for problem in file.problems[before:]:
        ask.tell(name, problem.message)
    return found


def _with_items(file: Opened, name: str) -> tuple[Opened, Items]:
    return file, Items([(name, file.items)], "stem")


WORD = Word(CisdOptions, read)
