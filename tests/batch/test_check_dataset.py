"""A check tells what of a copy is missing, damaged, alone, or there twice."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from napari_cellsets.batch import check_dataset, write_check_csv
from napari_cellsets.batch.check import CheckCount
from napari_cellsets.batch.identical import identical_files
from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, UnreadableFileError
from napari_cellsets.formats.files import open_tree
from small_sets import write_set

if TYPE_CHECKING:
    from pathlib import Path


def test_sound_set_has_no_findings(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    (root / "images" / "b1.png").unlink()  # the one without mask
    report = check_dataset(open_dataset(root))
    assert report.whole
    assert report.findings == []
    assert report.counts == [
        CheckCount("images", 3, None),
        CheckCount("annotated images", 3, None),
    ]


@pytest.mark.parametrize("quick", [False, True])
def test_damaged_picture_and_mask_are_corrupt(quick: bool, tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    picture, mask = root / "images" / "a2.png", root / "masks" / "a10.png"
    picture.write_bytes(b"<!DOCTYPE html><html>not found</html>")
    mask.write_bytes(mask.read_bytes()[:70])
    report = check_dataset(open_dataset(root), quick=quick)
    assert not report.whole
    corrupt = {finding.file for finding in report.of_kind("corrupt")}
    assert corrupt == {"images/a2.png", "masks/a10.png"}


def test_damage_in_the_middle_is_found_by_decoding(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    picture = root / "images" / "a2.png"
    content = bytearray(picture.read_bytes())
    content[len(content) // 2] ^= 64
    picture.write_bytes(content)
    assert check_dataset(open_dataset(root), quick=True).of_kind("corrupt") == []
    (found,) = check_dataset(open_dataset(root)).of_kind("corrupt")
    assert found.file == "images/a2.png"


def test_mask_without_picture_is_unmatched(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    shutil.copy(root / "masks" / "a1.png", root / "masks" / "z9.png")
    report = check_dataset(open_dataset(root))
    assert [finding.file for finding in report.of_kind("unmatched")] == ["masks/z9.png"]
    assert not report.whole


def test_equal_pictures_of_two_classes_are_told_as_such(tmp_path: Path) -> None:
    root = tmp_path / "cells"
    names = [f"{kind}/{kind}_{number}.png" for kind in "ab" for number in range(3)]
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (36, 40), (20 * number, 100, 150)).save(root / name)
    shutil.copy(root / names[0], root / "a" / "a_7.png")
    shutil.copy(root / names[0], root / "b" / "b_7.png")
    shutil.copy(root / names[4], root / "b" / "b_8.png")
    report = check_dataset(open_dataset(root))
    assert report.across_classes == {1}
    assert report.across_splits == set()
    assert [(f.file, f.class_name, f.group) for f in report.of_kind("duplicate")] == [
        ("a/a_0.png", "a", 1),
        ("a/a_7.png", "a", 1),
        ("b/b_7.png", "b", 1),
        ("b/b_1.png", "b", 2),
        ("b/b_8.png", "b", 2),
    ]
    assert report.whole  # some sets are published like this


def test_real_pbc_has_its_pair_across_classes(real_samples: Path) -> None:
    report = check_dataset(open_dataset(real_samples / "pbc_acevedo"), quick=True)
    (group,) = report.across_classes
    pair = [f.file for f in report.of_kind("duplicate") if f.group == group]
    assert [name.rpartition("/")[2] for name in pair] == [
        "EO_225902.jpg",
        "BNE_191112.jpg",
    ]
    assert report.counts[0] == CheckCount("images", 398, 17092)
    assert {count.state for count in report.counts} == {"incomplete"}


def test_parts_of_a_published_set_are_counted(real_samples: Path) -> None:
    report = check_dataset(open_dataset(real_samples / "fluorescent_neuronal_cells_v2"))
    states = {count.name: count.state for count in report.counts}
    assert states["split trainval"] == "incomplete"
    assert states["colour yellow"] == "missing"
    assert states["annotated images"] == "not published"


@pytest.mark.parametrize(
    ("found", "published", "state"),
    [
        (3, None, "not published"),
        (3, 3, "complete"),
        (4, 3, "more"),
        (1, 3, "incomplete"),
        (0, 3, "missing"),
    ],
)
def test_state_compares_with_what_is_published(
    found: int, published: int | None, state: str
) -> None:
    assert CheckCount("images", found, published).state == state


def test_table_has_a_line_a_count_and_a_finding(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    shutil.copy(root / "images" / "a1.png", root / "images" / "a3.png")
    (root / "images" / "a2.png").write_bytes(b"nothing")
    report = check_dataset(open_dataset(root))
    path = write_check_csv(report, tmp_path / "out" / "check.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["name"] == "images"
    assert rows[0]["found"] == "5"
    kinds = [(row["finding"], row["name"]) for row in rows[2:]]
    assert kinds == [
        ("corrupt", "images/a2.png"),
        ("duplicate", "images/a1.png"),
        ("duplicate", "images/a3.png"),
    ]
    assert rows[-1]["group"] == "1"


def test_cancelled_check_stops(tmp_path: Path) -> None:
    token = CancelToken()
    with pytest.raises(CancelledError):
        check_dataset(
            open_dataset(write_set(tmp_path / "four")),
            token=token,
            progress=lambda fraction, text: token.cancel(),
        )


def test_progress_never_goes_back_and_ends_at_one(tmp_path: Path) -> None:
    root = write_set(tmp_path / "four")
    shutil.copy(root / "images" / "a1.png", root / "images" / "a3.png")
    said: list[float] = []
    check_dataset(open_dataset(root), progress=lambda share, _: said.append(share))
    assert said == sorted(said)
    assert said[-1] == 1.0


def test_only_equal_bytes_are_identical(tmp_path: Path) -> None:
    long = bytes(range(256)) * 200
    other = long[:-1] + b"x"
    contents = {"a": long, "b": other, "c": long, "d": b"s", "e": b"t", "f": b"s"}
    for name, content in {**contents, "g": b"", "h": b""}.items():
        (tmp_path / name).write_bytes(content)
    tree = open_tree(tmp_path)
    assert identical_files(tree, tree.names()) == [("a", "c"), ("d", "f")]


def test_unreadable_files_are_left_out_of_the_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"same")
    tree = open_tree(tmp_path)
    whole = tree.head

    def head(name: str, length: int) -> bytes:
        if name == "b":
            raise UnreadableFileError("gone", path=name)
        return whole(name, length)

    monkeypatch.setattr(tree, "head", head)
    assert identical_files(tree, [*tree.names(), "missing"]) == [("a", "c")]
