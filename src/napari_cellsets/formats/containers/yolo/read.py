"""YOLO: a text a picture, coordinates as shares of its width and height.

What a line means is told by the number of its values: 5 an upright box, 6 a box
with its score, 9 a turned box (or a polygon of four corners, where these are no
rectangle), other odd numbers a polygon, 5 and triples of keypoints a pose.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from napari_cellsets.core.errors import UnreadableFileError
from napari_cellsets.formats.containers.base import Container, Item, Opened
from napari_cellsets.formats.containers.gather import Gatherer
from napari_cellsets.formats.containers.reading import (
    BadObject,
    Notes,
    ring_of,
)
from napari_cellsets.formats.containers.yolo.bridges import parted
from napari_cellsets.formats.containers.yolo.names import names_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.files import FileTree, Problem

_FARTHEST_SHARE = 100.0
_MOST_BYTES = 64 << 20
_DECIMALS = 6
"""Of a pixel; takes back what rounding in shares of the width has moved."""
_RIGHT = 1e-3


def open_yolo(tree: FileTree, name: str) -> Container:
    """Open the labels of one picture.

    Parameters
    ----------
    tree, name
        Where the file lies and how it is called there.

    Returns
    -------
    Container
        One picture without name, whose size must be known when it is read.

    Raises
    ------
    UnreadableFileError
        If it is no text, or too large.
    """
    if tree.size(name) > _MOST_BYTES:
        raise UnreadableFileError(
            f"a text of at most {_MOST_BYTES:,} bytes was expected",
            path=tree.place(name),
        )
    content = tree.read(name)
    if b"\0" in content[:1024]:
        raise UnreadableFileError("this is no text", path=tree.place(name))
    lines = content.decode("utf-8-sig", "replace").splitlines()
    said = names_for(tree, name)
    notes = Notes(name, tree.place(name))
    for file, why in said.problems:
        notes.add(file, f"the class names are not understood: {why}")
    reader = _Labels(name, tree.place(name), lines, said.names, said.joints, notes)
    return Opened("yolo", [Item("")], reader.read, reader.classes, {}, notes.problems)


class _Labels:
    """The lines of one file; they mean something once the size is known."""

    def __init__(
        self,
        name: str,
        place: str,
        lines: Sequence[str],
        names: dict[int, str],
        joints: tuple[int, int] | None,
        notes: Notes,
    ) -> None:
        self.classes = dict(names)
        self._name, self._place, self._lines = name, place, lines
        self._named, self._joints, self._notes = bool(names), joints, notes
        if not names:
            first = {line.split(maxsplit=1)[0] for line in lines if line.strip()}
            used = sorted(int(word) for word in first if re.fullmatch(r"\d{1,6}", word))
            self.classes = {key: str(key) for key in used}

    @property
    def problems(self) -> list[Problem]:
        return self._notes.problems

    def read(
        self, index: int, size: tuple[int, int] | None = None
    ) -> tuple[Annotation, ...]:
        if index:
            raise IndexError(index)
        if size is None:
            raise UnreadableFileError(
                "YOLO files hold shares of the width, so the picture must be known",
                path=self._place,
                advice="Put the pictures beside the labels, or into images/.",
            )
        found = Gatherer(self._name, self.classes, size=size)
        for at, line in enumerate(self._lines, 1):
            if line.strip():
                try:
                    self._add(found, line.split(), size)
                except BadObject as error:
                    self._notes.add(f"line {at}", error)
        return found.annotations()

    def _add(self, found: Gatherer, words: list[str], size: tuple[int, int]) -> None:
        class_id = self._class_of(words[0])
        try:
            values = [float(word) for word in words[1:]]
        except ValueError:
            raise BadObject("a value is no number") from None
        if not all(abs(value) <= _FARTHEST_SHARE for value in values):
            raise BadObject("a value is not finite or no share of the picture")
        count = len(words)
        pose = self._pose(values)
        if pose:
            found.box(_edges(values[:4], size), class_id)
            self._add_pose(found, values[4:], pose, class_id, size)
        elif count == 5:
            found.box(_edges(values, size), class_id)
        elif count == 6:
            found.box(_edges(values[:4], size), class_id, {"score": values[4]})
        elif count in (9, 10):
            self._add_four(found, values, class_id, size)
        elif count >= 7:
            odd = len(values) % 2
            ring = _ring(values[:-1] if odd else values, size)
            score = {"score": values[-1]} if odd else {}
            found.outline(parted(ring), class_id, score)
        else:
            raise BadObject(f"{count} values are neither a box nor a polygon")

    def _class_of(self, word: str) -> int:
        try:
            class_id = int(word) if word.isdecimal() else int(float(word))
        except (ValueError, OverflowError):
            raise BadObject(f"the class {word[:20]!r} is no number") from None
        if class_id < 0 or class_id != float(word):
            raise BadObject(f"the class {word[:20]!r} is no number")
        if self._named and class_id not in self.classes:
            raise BadObject(f"the class {class_id} has no name in the list of classes")
        return class_id

    def _pose(self, values: list[float]) -> tuple[int, int] | None:
        """Number of keypoints and of values of each, if a line is a pose."""
        rest = len(values) - 4
        if self._joints is not None:
            return self._joints if rest == math.prod(self._joints) else None
        if rest < 3 or rest % 3 or len(values) % 2 == 0:
            return None
        return (rest // 3, 3) if set(values[6::3]) <= {0.0, 1.0, 2.0} else None

    @staticmethod
    def _add_pose(
        found: Gatherer,
        values: list[float],
        shape: tuple[int, int],
        class_id: int,
        size: tuple[int, int],
    ) -> None:
        for at in range(shape[0]):
            own = values[at * shape[1] : (at + 1) * shape[1]]
            if len(own) < 3 or own[2]:
                place = _ring(own[:2], size, least=1)[0]
                found.point(place.tolist(), class_id, {"keypoint": str(at + 1)})

    @staticmethod
    def _add_four(
        found: Gatherer, values: list[float], class_id: int, size: tuple[int, int]
    ) -> None:
        score = {"score": values[8]} if len(values) == 9 else {}
        corners = _ring(values[:8], size)
        box = turned_box(corners) if len(corners) == 4 else None
        if box is None:
            found.outline(((corners,),), class_id, score)
        else:
            found.box(box[0], class_id, score, angle=box[1])


def turned_box(
    corners: np.ndarray,
) -> tuple[tuple[float, float, float, float], float] | None:
    """Edges before turning, and angle, of four corners; None if no rectangle.

    Parameters
    ----------
    corners
        Shape (4, 2), in order around the box, from the upper left before turning.
    """
    side, other = corners[1] - corners[0], corners[2] - corners[1]
    width, height = float(np.hypot(*side)), float(np.hypot(*other))
    slack = _RIGHT * max(width, height, 1e-9)
    closes = np.abs(corners[3] - (corners[0] + other)).max() <= slack
    along = side[1] * other[0] - side[0] * other[1]  # clockwise on the screen
    if not closes or abs(side @ other) > slack * min(width, height) or along <= 0:
        return None
    y, x = corners.mean(axis=0).tolist()
    angle = math.degrees(math.atan2(side[0], side[1]))
    edges = y - height / 2, x - width / 2, y + height / 2, x + width / 2
    return edges, round(angle, 9) + 0.0


def _edges(
    values: Sequence[float], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    x, y, width, height = values
    if width < 0 or height < 0:
        raise BadObject("its box has a negative size")
    high, wide = size
    edges = (
        (y - height / 2) * high - 0.5,
        (x - width / 2) * wide - 0.5,
        (y + height / 2) * high - 0.5,
        (x + width / 2) * wide - 0.5,
    )
    top, left, low, right = (round(edge, _DECIMALS) for edge in edges)
    return top, left, low, right


def _ring(
    values: Sequence[float], size: tuple[int, int], *, least: int = 3
) -> np.ndarray:
    shares = np.array(values).reshape(-1, 2)
    ring = ring_of((shares * (size[1], size[0])).tolist(), least=least)
    return np.round(ring, _DECIMALS)
