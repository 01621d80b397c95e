"""Points as tables: columns by their names, damage, what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import marked as small
import numpy as np
import pytest
from marked import assert_same, back

from napari_cellsets.core.annotation import Points
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container


def opened(form: str, folder: Path, name: str) -> Container:
    return FORMS[form].open(open_tree(folder), name)


@pytest.mark.parametrize(
    "head",
    [
        "y,x",
        "row;col",
        "axis-0\taxis-1",
        "Centroid_Y,Centroid_X",
        "index,axis-0,axis-1",
    ],
)
def test_points_are_found_by_the_names_of_columns(head, tmp_path) -> None:
    separator = next(sign for sign in ";\t," if sign in head)
    line = separator.join((["0"] if "index" in head else []) + ["2.5", "7"])
    (tmp_path / "a.csv").write_text(f"{head}\n{line}\n")
    (found,) = opened("points-csv", tmp_path, "a.csv").read(0)
    assert found.yx.tolist() == [[2.5, 7]]
    assert found.class_ids is None
    assert found.properties == {}


def test_points_have_pictures_classes_and_more(tmp_path) -> None:
    head = "\ufefffilename,X,Y,class,score"
    text = f"{head}\na.png,1,2,dead,0.5\nb.png,3,4,live,\na.png,5,6,live,1\n"
    (tmp_path / "a.csv").write_text(text)
    container = opened("points-csv", tmp_path, "a.csv")
    assert [item.name for item in container.items] == ["a.png", "b.png"]
    (found,) = container.read(0)
    assert found.yx.tolist() == [[2, 1], [6, 5]]
    assert [container.classes[key] for key in found.class_ids] == ["dead", "live"]
    assert found.properties == {"score": [0.5, 1]}


@pytest.mark.parametrize("text", ["", "1,2\n3,4\n", "a,b\n1,2\n", "x\n1\n"])
def test_points_without_names_of_coordinates_are_refused(text, tmp_path) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UnreadableFileError, match="columns named x and y"):
        opened("points-csv", tmp_path, "a.csv")


def test_broken_lines_of_points_are_told(tmp_path) -> None:
    rows = "y,x,class_id\n1,2,3\nnan,2,3\n1,,3\n1,2,x\n\n4,5,3\n"
    (tmp_path / "a.csv").write_text(rows)
    container = opened("points-csv", tmp_path, "a.csv")
    (found,) = container.read(0)
    assert found.yx.tolist() == [[1, 2], [4, 5]]
    assert ["line 3" in p.message for p in container.problems] == [True, False, False]


def test_a_giant_or_foreign_table_is_refused(tmp_path, monkeypatch) -> None:
    from napari_cellsets.formats.containers.points import read

    (tmp_path / "a.csv").write_text('y,x\n"' + "1" * 200_000 + '",2\n')
    with pytest.raises(UnreadableFileError, match="no table"):
        opened("points-csv", tmp_path, "a.csv")
    monkeypatch.setattr(read, "LARGEST_TABLE", 10)
    with pytest.raises(UnreadableFileError, match="at most 10 bytes"):
        opened("points-csv", tmp_path, "a.csv")


def test_points_keep_what_else_is_known(tmp_path) -> None:
    points = small.points()
    more = {"score": [0.25, 3], "remark": ["a, b", None], "x": [1, 2]}
    wanted = Points(
        points.yx, "", points.class_names, points.class_ids, properties=more
    )
    (found,) = back("points-csv", tmp_path, wanted)
    assert_same(found, points)
    assert found.properties == {"score": [0.25, 3], "remark": ["a, b", None]}


def test_points_without_end_are_refused(tmp_path) -> None:
    with pytest.raises(ExportError, match="not a finite number"):
        back("points-csv", tmp_path, Points(np.array([[np.nan, 1]])))
