"""Edits of 10,000 x 10,000 pixels with 50,000 cells, beside searching the array."""

from __future__ import annotations

import statistics
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.ratio import Ratio
from napari_cellsets.editing import growing, joining, shaping, splitting
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels

    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets.editing.edit import Edit

    Make = Callable[[ObjectIndex, np.ndarray, int], Edit]

SIDE, PITCH, RADIUS = 10_000, 44, 18
REPEATS, NAIVE_REPEATS, UNDOS = 41, 3, 5
MARGIN = 60
AIM = "median under 30 ms"
SIZE = f"{SIDE:,}x{SIDE:,}"
#: Cells of one edit lie apart, so that none meets what another did.
_APART, _ROOM = 20, 2_000


def field() -> np.ndarray:
    """Discs on a grid, every other one with a hole."""
    rows, columns = np.ogrid[-RADIUS : RADIUS + 1, -RADIUS : RADIUS + 1]
    disc = rows**2 + columns**2 <= RADIUS**2
    ring = disc & (rows**2 + columns**2 > 9)
    labels = np.zeros((SIDE, SIDE), np.int32)
    count = 0
    for y in range(0, SIDE - PITCH, PITCH):
        for x in range(0, SIDE - PITCH, PITCH):
            count += 1
            part = labels[y + 3 : y + 4 + 2 * RADIUS, x + 3 : x + 4 + 2 * RADIUS]
            part[ring if count % 2 else disc] = count
    return labels


def run() -> list[Ratio]:
    """Measure each edit end to end in a layer: found, computed, written, followed."""
    from napari.components import ViewerModel

    from napari_cellsets._napari.label_editor import LabelEditor

    labels = field()
    # two pixels off, so that outlines have somewhere to snap to
    picture = np.roll((labels > 0).astype(np.uint8) * 170 + 30, 2, axis=0)
    viewer = ViewerModel()
    layer = viewer.add_labels(labels)
    editor = LabelEditor(viewer, layer)
    begin = time.perf_counter()
    count = len(editor.objects)
    built = time.perf_counter() - begin
    rows = [_index_ratio(labels, count, built)]
    for number, (name, make) in enumerate(EDITS.items()):
        rows += _edit_ratios(name, make, editor, picture, 1 + number * _ROOM)
    return [*rows, _undo_ratio(editor), *_journal_ratio(editor)]


def _index_ratio(labels: np.ndarray, count: int, built: float) -> Ratio:
    begin = time.perf_counter()
    np.unique(labels)
    searched = time.perf_counter() - begin
    name = f"index of {count:,} objects of {SIZE}, made once"
    return Ratio(name, built, "s", "np.unique of the labels", searched)


def _across(objects: ObjectIndex, label: int) -> np.ndarray:
    y, x = objects.box(label)
    middle = (y.start + y.stop) / 2
    return np.array([[middle, x.start - 2.0], [middle, x.stop + 1.0]])


def _seeds(objects: ObjectIndex, label: int) -> list[tuple[float, float]]:
    y, x = objects.box(label)
    middle = (x.start + x.stop) // 2
    return [(y.start + 6, middle), (y.stop - 7, middle)]


def _beside(objects: ObjectIndex, label: int) -> tuple[float, float]:
    y, x = objects.box(label)
    return float(y.stop + 2), float(x.stop + 2)


EDITS: dict[str, Make] = {
    "merge two": lambda o, _, n: joining.merge(o, [n, n + 1]),
    "delete": lambda o, _, n: joining.delete(o, [n]),
    "split by a line": lambda o, _, n: splitting.split_along(o, _across(o, n)),
    "split by seeds": lambda o, _, n: splitting.split_from_seeds(o, n, _seeds(o, n)),
    "fill holes": lambda o, _, n: shaping.fill_holes(o, [n]),
    "smooth": lambda o, _, n: shaping.smooth(o, [n], 3),
    "grow by 2 px": lambda o, _, n: shaping.grow(o, [n], 2),
    "shrink by 2 px": lambda o, _, n: shaping.shrink(o, [n], 2),
    "snap to edge": lambda o, p, n: shaping.snap_to_edge(o, [n], p, 5),
    "add by click": lambda o, p, n: growing.add_from_click(
        o, p, _beside(o, n), 0.1, 40
    ),
    "set another label": lambda o, _, n: joining.give_label(o, [n], 60_000),
}


def _edit_ratios(
    name: str, make: Make, editor: LabelEditor, picture: np.ndarray, first: int
) -> list[Ratio]:
    def ours(label: int) -> None:
        editor.do(lambda objects: make(objects, picture, label))

    def naive(label: int) -> None:
        _naive(editor.layer, make, picture, label)

    cells = [first + 2 * _APART * at for at in range(REPEATS + NAIVE_REPEATS + 2)]
    median = statistics.median(_times(ours, cells[:REPEATS]))
    slow = statistics.median(_times(naive, cells[REPEATS:-2]))
    memory, much = (
        _peak(work, cell) for work, cell in zip((ours, naive), cells[-2:], strict=True)
    )
    return [
        Ratio(name, median * 1e3, "ms", "whole array searched", slow * 1e3, AIM),
        Ratio(f"{name}: memory", memory, "MB", "whole array searched", much),
    ]


def _naive(layer: Labels, make: Make, picture: np.ndarray, label: int) -> None:
    """Do the same as one who has nothing but the array; napari's own undo included."""
    labels = layer.data
    found = [np.nonzero(labels == one) for one in (label, label + 1)]
    y, x = (np.concatenate([one[axis] for one in found]) for axis in (0, 1))
    top, left = max(y.min() - MARGIN, 0), max(x.min() - MARGIN, 0)
    box = slice(top, y.max() + MARGIN), slice(left, x.max() + MARGIN)
    objects = ObjectIndex(labels[box].copy(), int(labels.max()))
    edit = make(objects, picture[box], label)
    rows, columns = edit.coordinates
    with layer.block_history():
        layer.data_setitem((rows + top, columns + left), edit.after)


def _times(work: Callable[[int], None], cells: list[int]) -> list[float]:
    found = []
    for cell in cells:
        begin = time.perf_counter()
        work(cell)
        found.append(time.perf_counter() - begin)
    return found


def _peak(work: Callable[[int], None], cell: int) -> float:
    """Return the most memory that an edit took at once, in MB."""
    tracemalloc.start()
    work(cell)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def _undo_ratio(editor: LabelEditor) -> Ratio:
    """Undo with the index following, and without: napari draws all anew in both."""
    from napari.components import ViewerModel

    ours = statistics.median(_times(lambda _: editor.layer.undo(), [0] * UNDOS))
    bare = ViewerModel().add_labels(editor.layer.data)
    for at in range(UNDOS):
        bare.data_setitem((np.arange(9), np.arange(9)), 7 + at)
    alone = statistics.median(_times(lambda _: bare.undo(), [0] * UNDOS))
    return Ratio(f"undo, {SIZE}", ours * 1e3, "ms", "undo of napari alone", alone * 1e3)


def _journal_ratio(editor: LabelEditor) -> list[Ratio]:
    """Delete cells and have it on disk, flushed, before the call returns."""
    from napari_cellsets._napari.edits import EditWatch, Tracked
    from napari_cellsets.store import Project

    layer = editor.layer
    with tempfile.TemporaryDirectory() as folder:
        with Project.open(Path(folder) / "project.sqlite") as project:
            revision = project.save_labels("set", "one", "cells", layer.data, {})
            watch = EditWatch(layer, lambda: project, _nothing, _nothing)
            shadow = layer.data.copy()
            watch.tracked = Tracked("set", "one", "cells", shadow, revision)
            first = 1 + len(EDITS) * _ROOM
            cells = [first + 2 * _APART * at for at in range(REPEATS)]
            taken = statistics.median(_times(lambda n: _delete(editor, n), cells))
    name = "delete, journalled and flushed to disk"
    return [Ratio(name, taken * 1e3, "ms", "limit", 200.0, AIM)]


def _delete(editor: LabelEditor, label: int) -> None:
    editor.do(lambda objects: joining.delete(objects, [label]))


def _nothing(*_: object) -> None:
    """Nobody listens."""
