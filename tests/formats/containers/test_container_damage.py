"""Whatever is done to a file: it opens, or says why not; nothing else happens."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import marked as small
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marked import CLASSES, SIZE

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.formats.containers.base import FORMS, Marked
from napari_cellsets.formats.containers.reading import FARTHEST
from napari_cellsets.formats.files import open_tree

relaxed = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FILES = {
    "coco": ("coco", (small.polygons, small.mask_stack, small.boxes, small.points)),
    "coco-panoptic": ("coco-panoptic", (small.label_image,)),
    "yolo": ("yolo", (small.polygons, small.turned_boxes)),
    "voc": ("voc", (small.label_image, small.boxes)),
    "points-csv": ("points-csv", (small.points,)),
    "instances": ("instances", (small.label_image,)),
    "class-mask": ("class-mask", (small.class_mask,)),
    "mask-stack": ("mask-stack", (small.mask_stack,)),
}
odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(-3, 400), max_size=8),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.just([[[1, 2], [3, 4], [5, 6]]]),
    st.just({"counts": "zz", "size": [4, 4]}),
    st.just({"counts": [1, 2**40], "size": [2**20, 2**20]}),
)


def whole_files() -> dict[str, dict[str, bytes]]:
    """Bytes of all files of each form, written once."""
    found = {}
    for key, (form, makes) in FILES.items():
        with TemporaryDirectory() as folder:
            marked = Marked("a.png", SIZE, tuple(make() for make in makes))
            files = FORMS[form].write(
                [marked], Path(folder), classes=CLASSES, with_images=False
            )
            first = files[0].relative_to(folder).as_posix()
            every = [path for path in Path(folder).rglob("*") if path.is_file()]
            contents = {p.relative_to(folder).as_posix(): p.read_bytes() for p in every}
            found[key] = {first: contents.pop(first), **contents}
    return found


WHOLE = whole_files()


def try_to_open(key: str, files: dict[str, bytes]) -> None:
    """Open the first file among the others and read all of it."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            place = Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        tree = open_tree(folder)
        name = next(iter(files))
        FORMS[key].sniff(name, files[name][:65536])
        with suppress(CellsetsError):
            container = FORMS[key].open(tree, name)
            for index in range(len(container.items)):
                for annotation in container.read(index, SIZE):
                    check(annotation)


def check(annotation: Any) -> None:
    """What was read is of the right shape and within belief."""
    count = len(
        next(
            getattr(annotation, key)
            for key in ("outlines", "masks", "yxyx", "yx", "labels", "classes")
            if hasattr(annotation, key)
        )
    )
    ids = getattr(annotation, "class_ids", None)
    assert ids is None or len(ids) == count
    for column in getattr(annotation, "properties", {}).values():
        assert len(column) == count
    for outline in getattr(annotation, "outlines", ()):
        for part in outline:
            assert all(abs(ring).max() <= FARTHEST + 1 for ring in part)


@pytest.mark.parametrize("key", FILES)
@relaxed
@given(data=st.data())
def test_flipped_bytes_and_cut_ends_are_survived(key, data) -> None:
    files = dict(WHOLE[key])
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    files[name] = bytes(content[:end] if data.draw(st.booleans()) else content)
    try_to_open(key, files)


@pytest.mark.parametrize("key", FILES)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!DOCTYPE html><html><body>404</body></html>",
        b"{}",
        b"[]",
        b"[" * 50_000,
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04",
        b"\xff\xfe\x00\x00",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "&a;&a;">]><a>&a;</a>',
    ],
)
def test_other_files_under_the_name_are_survived(key, content) -> None:
    name = next(iter(WHOLE[key]))
    try_to_open(key, {**WHOLE[key], name: content})


@pytest.mark.parametrize("key", ["coco", "coco-panoptic"])
@relaxed
@given(data=st.data())
def test_odd_values_anywhere_in_json_are_survived(key, data) -> None:
    name = next(iter(WHOLE[key]))
    content = json.loads(WHOLE[key][name])
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(_places(content))
        holder, at = data.draw(st.sampled_from(places))
        holder[at] = deepcopy(data.draw(odd_values))
        if not isinstance(content, dict | list):
            break
    try_to_open(key, {**WHOLE[key], name: json.dumps(content).encode()})


def _places(content: Any) -> Any:
    """Every place in nested JSON that holds a value."""
    keys = content if isinstance(content, dict) else range(len(content))
    for key in list(keys):
        yield content, key
        if isinstance(content[key], dict | list):
            yield from _places(content[key])


@relaxed
@given(
    st.lists(
        st.lists(
            st.one_of(st.floats().map(repr), st.text("01 .-exn", max_size=6)),
            max_size=12,
        ).map(" ".join),
        max_size=6,
    ).map("\n".join)
)
def test_any_text_is_survived_by_yolo(text) -> None:
    try_to_open("yolo", {"labels/a.txt": text.encode()})


@relaxed
@given(st.text(max_size=200))
def test_any_yaml_is_survived_by_yolo(text) -> None:
    files = {"labels/a.txt": b"0 0.5 0.5 0.1 0.1", "data.yaml": text.encode()}
    try_to_open("yolo", files)
    try_to_open("yolo", {**files, "data.yaml": f"names: {text}".encode()})


@relaxed
@given(st.text(max_size=200))
def test_any_table_is_survived_by_points(text) -> None:
    try_to_open("points-csv", {"a.csv": f"image,y,x,class_id\n{text}".encode()})


@relaxed
@given(st.text(max_size=200))
def test_any_list_of_classes_is_survived_by_voc(text) -> None:
    files = dict(WHOLE["voc"])
    files["labelmap.txt"] = text.encode()
    try_to_open("voc", files)
