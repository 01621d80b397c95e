from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from container_tools import (
    CLASSES,
    SIZE,
    around,
    assert_same,
    labels_of,
    of_text,
    opened,
    save,
)
from defusedxml.ElementTree import parse

from napari_cellsets.core.annotation import (
    Boxes,
    ImageClass,
    LabelImage,
    MaskStack,
    Points,
    Polygons,
)
from napari_cellsets.core.errors import ExportError, UnreadableFileError
from napari_cellsets.formats.containers.base import FORMS, Marked, find_form
from napari_cellsets.formats.files import open_tree

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.formats.containers.base import Container

FORM = FORMS["cvat"]
RING = np.array([[1.5, 2.0], [1.5, 9.0], [8.25, 9.0]])


def container(folder: Path, inner: str, meta: str = "") -> Container:
    image = f'<image id="0" name="a.png" width="50" height="40">{inner}</image>'
    text = f"<annotations><meta>{meta}</meta>{image}</annotations>"
    return of_text(FORM, "a.xml", text, folder)


def film(folder: Path, *tracks: str, size: int = 10) -> Container:
    meta = f"<meta><task><size>{size}</size><original_size><width>50</width>"
    meta += "<height>40</height></original_size></task></meta>"
    text = f"<annotations>{meta}{''.join(tracks)}</annotations>"
    return of_text(FORM, "a.xml", text, folder)


def box(frame: int, x: float, **told: Any) -> str:
    more = "".join(f' {key}="{value}"' for key, value in told.items())
    place = f'xtl="{x}" ytl="2" xbr="{x + 4}" ybr="6"'
    return f'<box frame="{frame}" {place}{more}></box>'


def test_a_box_counts_from_pixel_corners(tmp_path: Path) -> None:
    inner = '<box label="cell" xtl="0" ytl="2" xbr="4" ybr="5" rotation="30.5"/>'
    (found,) = container(tmp_path, inner).read(0)
    assert isinstance(found, Boxes)
    assert found.yxyx.tolist() == [[1.5, -0.5, 4.5, 3.5]]
    assert found.angles is not None
    assert found.angles.tolist() == [30.5]
    assert labels_of(found) == ["cell"]


def test_a_mask_lies_where_left_and_top_say(tmp_path: Path) -> None:
    rle = 'rle="1, 2, 2, 1" left="7" top="5" width="3" height="2"'
    (found,) = container(tmp_path, f'<mask label="a" {rle}/>').read(0)
    assert isinstance(found, MaskStack)
    assert found.corners.tolist() == [[5, 7]]
    assert found.masks[0].astype(int).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert found.shape == SIZE


def test_an_ellipse_stays_one(tmp_path: Path) -> None:
    inner = '<ellipse label="a" cx="20" cy="15" rx="8" ry="4" rotation="20"/>'
    (found,) = container(tmp_path / "in", inner).read(0)
    assert isinstance(found, Polygons)
    assert found.properties["ellipse"] == [(14.5, 19.5, 4, 8, 20)]
    ring = found.outlines[0][0][0] - (14.5, 19.5)
    along = ring @ (np.sin(np.deg2rad(20)), np.cos(np.deg2rad(20)))
    assert np.ptp(along) == pytest.approx(16, abs=0.05)
    root = parse(save(FORM, [found], tmp_path / "out")).getroot()
    told = root.find("image/ellipse").attrib
    assert {key: told[key] for key in ("cx", "cy", "rx", "ry", "rotation")} == {
        **{"cx": "20", "cy": "15", "rx": "8", "ry": "4"},
        "rotation": "20",
    }


def test_positions_marked_together_stay_together(tmp_path: Path) -> None:
    inner = '<points label="a" points="1,2;3,4"/><points label="a" points="5,6"/>'
    (found,) = container(tmp_path / "in", inner).read(0)
    assert isinstance(found, Points)
    assert found.yx.tolist() == [[1.5, 0.5], [3.5, 2.5], [5.5, 4.5]]
    assert found.properties["set"] == [0, 0, None]
    root = parse(save(FORM, [found], tmp_path / "out")).getroot()
    assert [one.get("points") for one in root.iter("points")] == ["1,2;3,4", "5,6"]


def test_a_polyline_is_open(tmp_path: Path) -> None:
    (found,) = container(tmp_path, '<polyline label="a" points="1,2;3,4"/>').read(0)
    assert isinstance(found, Polygons)
    assert found.open is not None
    assert found.open.tolist() == [True]


def test_a_tag_is_a_class_of_the_picture(tmp_path: Path) -> None:
    found = container(tmp_path, '<tag label="mitosis"/>').read(0)
    assert found == (ImageClass("mitosis", "a.xml"),)


def test_joints_of_a_skeleton_are_positions(tmp_path: Path) -> None:
    inner = '<skeleton label="cell"><points label="top" points="1,2" outside="0"/>'
    inner += '<points label="gone" points="1,2" outside="1"/></skeleton>'
    (found,) = container(tmp_path, inner).read(0)
    assert isinstance(found, Points)
    assert found.properties["name"] == ["top"]
    assert labels_of(found) == ["cell"]


def test_what_else_is_known_is_kept(tmp_path: Path) -> None:
    inner = (
        '<box label="a" xtl="0" ytl="2" xbr="4" ybr="5" occluded="1" z_order="3" '
        'group_id="7" source="auto"><attribute name="sure">0003</attribute>'
        '<attribute name="group">B &amp; C</attribute></box>'
    )
    (found,) = container(tmp_path / "in", inner).read(0)
    assert isinstance(found, Boxes)
    assert found.properties == {
        **{"occluded": [True], "z_order": [3], "group": [7], "source": ["auto"]},
        **{"sure": ["0003"], "group_": ["B & C"]},
    }
    (again,) = around(FORM, [found], tmp_path / "out")
    assert_same(again, found)


def test_classes_keep_the_order_and_colours_of_the_labels(tmp_path: Path) -> None:
    meta = "<task><labels><label><name>b</name><color>#ff8000</color></label>"
    meta += "<label><name>a</name><color>red</color></label></labels></task>"
    inner = '<tag label="c"/><polygon label="a" points="1,2;3,4;5,1"/>'
    held = container(tmp_path / "in", inner, meta)
    assert held.classes == {1: "b", 2: "a", 3: "c"}
    assert held.colours == {1: (255, 128, 0)}


def test_colours_are_written(tmp_path: Path) -> None:
    wanted = Polygons(
        [((RING,),)],
        class_ids=np.array([3]),
        class_names=CLASSES,
        class_colours={3: (1, 2, 255)},
    )
    held = opened(FORM, save(FORM, [wanted], tmp_path))
    assert list(held.colours.values()) == [(1, 2, 255)]


def test_an_empty_label_is_no_class(tmp_path: Path) -> None:
    (found,) = container(tmp_path, '<polygon label="" points="1,2;3,4;5,1"/>').read(0)
    assert isinstance(found, Polygons)
    assert found.class_ids is None


def test_names_that_xml_cannot_hold_are_cleaned(tmp_path: Path) -> None:
    names = {1: 'a<&"\x01é'}
    wanted = Polygons([((RING,),)], class_ids=np.array([1]), class_names=names)
    (found,) = around(FORM, [wanted], tmp_path)
    assert labels_of(found) == ['a<&"\ufffdé']


def test_many_pictures_go_into_one_file(tmp_path: Path) -> None:
    wanted = [Marked(f"set/{i}.png", (10, i + 3), ()) for i in range(12)]
    (file,) = FORM.write(wanted, tmp_path, classes={4: "x"}, with_images=False)
    held = opened(FORM, file)
    assert [item.name for item in held.items] == [one.name for one in wanted]
    assert [item.size for item in held.items] == [one.size for one in wanted]
    assert held.classes == {1: "x"}


BROKEN = [
    ('<box label="a" xtl="0" ytl="2" xbr="4"/>', "ybr is NoneType"),
    ('<box label="a" xtl="0" ytl="2" xbr="4" ybr="nan"/>', "ybr is 'nan'"),
    ('<box label="a" xtl="1e99" ytl="2" xbr="4" ybr="3"/>', "xtl is '1e99'"),
    ('<polygon label="a" points="1,2;3,4"/>', "2 points"),
    ('<polygon label="a" points="1,2;3,4;nan,5"/>', "not finite"),
    ('<polygon label="a" points="1,2;3;4,5"/>', "no numbers"),
    ('<polygon label="a" points="a,b;c,d;e,f"/>', "no numbers"),
    ('<polyline label="a" points="1,2"/>', "1 points"),
    ('<points label="a"/>', "0 points"),
    (
        '<mask label="a" rle="9" left="0" top="0" width="2" height="2"/>',
        "leave the crop",
    ),
    (
        '<mask label="a" rle="0, 4" left="0" top="0" width="2.5" height="2"/>',
        "width is",
    ),
    ('<mask label="a" rle="0, 4" left="60" top="0" width="2" height="2"/>', "outside"),
    (
        '<mask label="a" rle="0" left="0" top="0" width="99999" height="99999"/>',
        "memory",
    ),
    ('<ellipse label="a" cx="1" cy="2" rx="0" ry="3"/>', "radius"),
    ('<cuboid label="a"/>', "<cuboid> is no flat object"),
    ('<tag label=""/>', "<tag> is no flat object"),
]


@pytest.mark.parametrize(("broken", "said"), BROKEN)
def test_a_broken_shape_is_told_and_the_rest_stays(
    tmp_path: Path, broken: str, said: str
) -> None:
    good = '<polygon label="a" points="1,2;3,4;5,1"/>'
    held = container(tmp_path, good + broken + good)
    (found,) = held.read(0)
    assert isinstance(found, Polygons)
    assert len(found.outlines) == 2
    (problem,) = held.problems
    assert said in problem.message
    assert "a.png" in problem.message


def test_many_huge_masks_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    huge = 'rle="0, 1" left="0" top="0" width="16384" height="16384"'
    held = container(tmp_path, f'<mask label="a" {huge}/>' * 2000)
    (found,) = held.read(0)
    assert isinstance(found, MaskStack)
    assert found.masks[0].shape == SIZE


def test_other_xml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="begins with <html>"):
        of_text(FORM, "a.xml", "<html/>", tmp_path)
    with pytest.raises(UnreadableFileError, match="no whole XML"):
        of_text(FORM, "a.xml", "<annotations><image>", tmp_path)


def test_holes_and_parts_are_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="CVAT cannot hold holes"):
        save(FORM, [Polygons([((RING, RING / 2),)])], tmp_path)
    with pytest.raises(ExportError, match="objects in several parts"):
        save(FORM, [Polygons([((RING,), (RING + 9.1,))])], tmp_path)


def test_labels_become_masks(tmp_path: Path) -> None:
    labels = np.zeros(SIZE, np.int32)
    labels[3:9, 3:9], labels[20:22, 4:30] = 5, 8
    wanted = LabelImage(labels, class_of={5: 3, 8: 7}, class_names=CLASSES)
    (found,) = around(FORM, [wanted], tmp_path)
    assert isinstance(found, MaskStack)
    assert labels_of(found) == [CLASSES[3], CLASSES[7]]
    np.testing.assert_array_equal(found.masks[1], np.ones((2, 26), bool))


class TestFilms:
    def test_frames_are_pictures_named_as_cvat_names_them(self, tmp_path: Path) -> None:
        held = film(tmp_path, f'<track id="4" label="a">{box(3, 1)}</track>')
        assert len(held.items) == 10
        assert held.items[3].name == "frame_000003"
        assert held.items[-1].size == SIZE
        assert [one.name for one in held.items[:2]] == ["frame_000000", "frame_000001"]

    def test_an_object_is_seen_where_its_track_says(self, tmp_path: Path) -> None:
        shapes = box(3, 1, keyframe=1) + box(4, 2) + box(5, 3, outside=1)
        held = film(tmp_path, f'<track id="4" label="a">{shapes}</track>')
        assert [len(held.read(i)) for i in range(7)] == [0, 0, 0, 1, 1, 0, 0]
        (found,) = held.read(4)
        assert isinstance(found, Boxes)
        assert found.yxyx.tolist() == [[1.5, 1.5, 5.5, 5.5]]
        assert found.properties["track"] == [4]
        assert labels_of(found) == ["a"]

    def test_a_box_moves_evenly_between_frames_that_are_told(
        self, tmp_path: Path
    ) -> None:
        shapes = box(0, 0, rotation=350) + box(4, 8, rotation=10)
        held = film(tmp_path, f'<track id="0" label="a">{shapes}</track>')
        (found,) = held.read(1)
        assert isinstance(found, Boxes)
        assert found.yxyx[0].tolist() == pytest.approx([1.5, 1.5, 5.5, 5.5])
        assert found.angles is not None
        assert found.angles.tolist() == [355]
        assert not held.read(5)

    def test_polygons_of_as_many_points_move_too(self, tmp_path: Path) -> None:
        shapes = '<polygon frame="0" points="0,0;4,0;4,4"/>'
        shapes += '<polygon frame="2" points="2,0;6,0;6,4"/>'
        shapes += '<polygon frame="4" points="2,0;6,0;6,4;1,1"/>'
        held = film(tmp_path, f'<track id="0" label="a">{shapes}</track>')
        (found,), (held_still,) = held.read(1), held.read(3)
        assert isinstance(found, Polygons)
        assert found.outlines[0][0][0][:, 1].tolist() == [0.5, 4.5, 4.5]
        assert isinstance(held_still, Polygons)
        assert held_still.outlines[0][0][0][:, 1].tolist() == [1.5, 5.5, 5.5]

    def test_frames_beyond_belief_are_told(self, tmp_path: Path) -> None:
        shapes = box(0, 1) + box(99_999_999, 1) + box(-1, 1) + '<box frame="x"/>'
        held = film(tmp_path, f'<track id="8">{shapes}</track>', size=10**12)
        assert len(held.items) == 1
        said = [problem.message for problem in held.problems]
        assert len(said) == 3
        assert "track 8: frame is '99999999'" in said[0]
        assert "there is no frame -1" in said[1]
        assert "frame is 'x'" in said[2]

    def test_odd_points_between_frames_are_told_not_raised(
        self, tmp_path: Path
    ) -> None:
        shapes = '<polygon frame="0" points="0,0;4,0;4"/>'
        shapes += '<polygon frame="2" points="2,0;6,0;6,4"/>'
        held = film(tmp_path, f'<track id="0" label="a">{shapes}</track>')
        assert held.read(1) == ()
        assert held.problems

    def test_frames_are_written_as_pictures_with_their_track(
        self, tmp_path: Path
    ) -> None:
        held = film(tmp_path / "in", f'<track id="4" label="a">{box(3, 1)}</track>')
        (again,) = around(FORM, list(held.read(3)), tmp_path / "out")
        assert isinstance(again, Boxes)
        assert again.properties["track"] == ["4"]


class TestRealFiles:
    def test_a_task_is_read_whole(self, real_samples: Path) -> None:
        place = "annotation_containers/datumaro_assets/tests/assets/cvat_dataset"
        tree = open_tree(real_samples / place / "for_images/export_task")
        assert find_form(tree, "train.xml") is FORM
        held = FORM.open(tree, "train.xml")
        assert [(item.name, item.size) for item in held.items] == [
            ("img0.jpg", (8, 8)),
            ("img1.jpg", (10, 10)),
        ]
        lines, rectangles = held.read(0)
        assert isinstance(lines, Polygons)
        assert lines.open is not None
        assert isinstance(rectangles, Boxes)
        assert rectangles.yxyx.tolist() == [[1.5, -0.5, 3.5, 3.5]]
        assert rectangles.properties["a3"] == ["0003"]
        assert not held.problems

    def test_pictures_of_a_project_lie_in_its_subsets(self, real_samples: Path) -> None:
        place = "annotation_containers/datumaro_assets/tests/assets/cvat_dataset"
        folder = real_samples / place / "for_images/export_project"
        held = opened(FORM, folder / "annotations.xml")
        names = [item.name for item in held.items]
        assert names[:3] == ["Test/img0.jpg", "Test/img1.jpg", "Train/img0.jpg"]
        assert all((folder / "images" / name).is_file() for name in names)

    def test_real_files_come_back(self, real_samples: Path, tmp_path: Path) -> None:
        place = "annotation_containers/datumaro_assets/tests/assets/cvat_dataset"
        files = sorted((real_samples / place).rglob("*.xml"))
        assert len(files) == 2
        for file in files:
            held = opened(FORM, file)
            for index, item in enumerate(held.items):
                found, folder = (
                    list(held.read(index)),
                    tmp_path / file.stem / str(index),
                )
                again = around(FORM, found, folder, item.size)
                for one, other in zip(again, found, strict=True):
                    assert_same(one, other)
