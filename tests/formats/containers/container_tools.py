"""Annotations for the tests of containers, and how to compare them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.formats.containers.base import Marked
from napari_cellsets.formats.containers.convert import NO_CLASS
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.core.annotation import Annotation
    from napari_cellsets.formats.containers.base import Container, Form

SIZE = (40, 50)
CLASSES = {3: "nucleus", 7: "cell & <body>", 9: "Zytoplasma µ"}


def save(
    form: Form, annotations: list[Annotation], folder: Path, size: Any = SIZE
) -> Path:
    """Write one picture's annotations and return the file."""
    marked = [Marked("a.png", size, tuple(annotations))]
    return form.write(marked, folder, classes={}, with_images=False)[0]


def opened(form: Form, file: Path) -> Container:
    """Open a file in its folder, after the form said that it knows it."""
    tree = open_tree(file.parent)
    assert form.sniff(file.name, file.read_bytes()[:65536])
    return form.open(tree, file.name)


def around(
    form: Form, annotations: list[Annotation], folder: Path, size: Any = SIZE
) -> tuple[Annotation, ...]:
    """Write and read again; nothing may be wrong with the file."""
    container = opened(form, save(form, annotations, folder, size))
    found = container.read(0, size)
    assert not container.problems
    return found


def of_text(form: Form, name: str, text: str | bytes, folder: Path) -> Container:
    """Open a file of this content."""
    folder.mkdir(parents=True, exist_ok=True)
    content = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(content)
    return form.open(open_tree(folder), name)


def labels_of(annotation: Any) -> list[str | None]:
    """Class names of objects: ids differ between files."""
    names = annotation.class_names
    if annotation.class_ids is None:
        alone = next(iter(names.values())) if len(names) == 1 else None
        return [alone] * len(_shapes(annotation))
    ids = annotation.class_ids.tolist()
    return [None if i == NO_CLASS else names[i] for i in ids]


def assert_same(
    found: Any, wanted: Any, atol: float = 1e-6, nameless: str | None = None
) -> None:
    """Compare shapes, classes and the properties that were wanted.

    `nameless` is how the form calls objects without class.
    """
    assert type(found) is type(wanted)
    if isinstance(wanted, ImageClass):
        assert found.name == wanted.name
        return
    assert labels_of(found) == [one or nameless for one in labels_of(wanted)]
    _assert_same_shapes(found, wanted, atol)
    for key, values in wanted.properties.items():
        if any(value is not None for value in values):
            assert list(found.properties[key]) == list(values)


def _shapes(annotation: Any) -> Any:
    if isinstance(annotation, Polygons):
        return annotation.outlines
    if isinstance(annotation, MaskStack):
        return annotation.masks
    return annotation.yxyx if isinstance(annotation, Boxes) else annotation.yx


def _assert_same_shapes(found: Any, wanted: Any, atol: float) -> None:
    assert len(_shapes(found)) == len(_shapes(wanted))
    if isinstance(wanted, Polygons):
        for one, other in zip(found.outlines, wanted.outlines, strict=True):
            assert [len(part) for part in one] == [len(part) for part in other]
            for ring, same in zip(_rings(one), _rings(other), strict=True):
                assert ring.shape == same.shape
                np.testing.assert_allclose(ring, same, rtol=0, atol=atol)
        for one, other in zip(_open(found), _open(wanted), strict=True):
            assert one == other
    elif isinstance(wanted, MaskStack):
        assert found.shape == wanted.shape
        assert found.corners.tolist() == wanted.corners.tolist()
        for one, other in zip(found.masks, wanted.masks, strict=True):
            np.testing.assert_array_equal(one, other)
    else:
        np.testing.assert_allclose(_shapes(found), _shapes(wanted), rtol=0, atol=atol)
    if isinstance(wanted, Boxes):
        np.testing.assert_allclose(_angles(found), _angles(wanted), rtol=0, atol=1e-3)


def _rings(outline: Any) -> list[np.ndarray]:
    return [ring for part in outline for ring in part]


def _open(found: Polygons) -> list[bool]:
    return [False] * len(found.outlines) if found.open is None else list(found.open)


def _angles(found: Boxes) -> np.ndarray:
    return np.zeros(len(found.yxyx)) if found.angles is None else found.angles


# -- annotations that hypothesis makes ------------------------------------------

eighths = st.integers(-80, 8 * 60).map(lambda n: n / 8)
"""Coordinates in and around the picture that 32 bits hold without loss."""


@st.composite
def rings(draw: Any, least: int = 3, most: int = 8) -> np.ndarray:
    """A ring or line without equal neighbours."""
    points = draw(
        st.lists(
            st.tuples(eighths, eighths), min_size=least, max_size=most, unique=True
        )
    )
    return np.array(points, np.float64)


@st.composite
def classes(draw: Any, count: int) -> dict[str, Any]:
    """Class ids and names; sometimes none at all."""
    ids = draw(
        st.lists(st.sampled_from([*CLASSES, NO_CLASS]), min_size=count, max_size=count)
    )
    if all(one == NO_CLASS for one in ids):
        return {}
    return {"class_ids": np.array(ids, np.int64), "class_names": CLASSES}


@st.composite
def polygons(
    draw: Any, *, holes: bool = False, parts: bool = False, lines: bool = False
) -> Polygons:
    """Outlines of arbitrary rings; with holes, parts, open lines where allowed."""
    outlines, is_open = [], []
    for _ in range(draw(st.integers(1, 4))):
        as_line = lines and draw(st.booleans())
        is_open.append(as_line)
        if as_line:
            outlines.append(((draw(rings(least=2)),),))
            continue
        count = draw(st.integers(1, 3)) if parts else 1
        inner = st.integers(0, 2 if holes else 0)
        outlines.append(
            tuple(
                tuple(draw(rings()) for _ in range(1 + draw(inner)))
                for _ in range(count)
            )
        )
    flags = np.array(is_open) if any(is_open) else None
    return Polygons(outlines, open=flags, **draw(classes(len(outlines))))


@st.composite
def masks(draw: Any) -> MaskStack:
    """Masks cut to their objects, anywhere in the picture; they may overlap."""
    found, corners = [], []
    for _ in range(draw(st.integers(1, 4))):
        height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
        bits = draw(st.lists(st.booleans(), min_size=81, max_size=81))
        mask = np.array(bits[: height * width]).reshape(height, width)
        mask[0, :], mask[-1, :], mask[:, 0], mask[:, -1] = 1, 1, 1, 1
        found.append(mask)
        corners.append(
            (
                draw(st.integers(0, SIZE[0] - height)),
                draw(st.integers(0, SIZE[1] - width)),
            )
        )
    return MaskStack(found, np.array(corners), SIZE, **draw(classes(len(found))))


@st.composite
def boxes(draw: Any, *, turned: bool = False) -> Boxes:
    """Boxes, some of them turned where allowed."""
    edges, angles = [], []
    sides = st.integers(1, 160).map(lambda n: n / 8)
    for _ in range(draw(st.integers(1, 4))):
        top, left = draw(eighths), draw(eighths)
        edges.append([top, left, top + draw(sides), left + draw(sides)])
        angles.append(draw(st.sampled_from([0.0, 30.0, -12.5])) if turned else 0.0)
    given = np.array(angles) if any(angles) else None
    return Boxes(np.array(edges), angles=given, **draw(classes(len(edges))))


@st.composite
def points(draw: Any) -> Points:
    """Positions."""
    found = draw(st.lists(st.tuples(eighths, eighths), min_size=1, max_size=6))
    return Points(np.array(found, np.float64), **draw(classes(len(found))))


def assert_sound(annotation: Any) -> None:
    """Whatever was in the file: what comes out can be shown and measured."""
    if isinstance(annotation, ImageClass):
        assert isinstance(annotation.name, str)
        return
    count = len(_shapes(annotation))
    assert count
    ids = annotation.class_ids
    assert ids is None or ids.shape == (count,)
    known = {NO_CLASS, *annotation.class_names}
    assert ids is None or known.issuperset(ids.tolist())
    assert all(len(values) == count for values in annotation.properties.values())
    if isinstance(annotation, Polygons):
        flags = _open(annotation)
        for outline, is_open in zip(annotation.outlines, flags, strict=True):
            for ring in _rings(outline):
                assert ring.dtype == np.float64
                assert ring.shape[1:] == (2,)
                assert len(ring) >= (2 if is_open else 3)
                assert np.isfinite(ring).all()
    elif isinstance(annotation, MaskStack):
        for mask, corner in zip(annotation.masks, annotation.corners, strict=True):
            assert mask.dtype == bool
            assert mask.size
            assert (corner >= 0).all()
            assert (corner + mask.shape <= annotation.shape).all()
    else:
        assert np.isfinite(_shapes(annotation)).all()
    if isinstance(annotation, Boxes):
        assert (annotation.yxyx[:, 2:] >= annotation.yxyx[:, :2]).all()
