"""CCAgT: outlines without suffixes, masks with holes, archives in an archive."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import miniatures_ccagt as mini
import numpy as np
import pytest
from openings import zipped
from PIL import Image
from skimage import draw

from napari_cellsets.catalogue import dataset_info, open_dataset, recognise
from napari_cellsets.catalogue.completeness import completeness_of
from napari_cellsets.catalogue.rows_on_disk import recipe_of
from napari_cellsets.core.annotation import ClassMask, Polygons
from napari_cellsets.core.sample import Sample
from napari_cellsets.formats.words.wkt_parquet import outline_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

NUCLEUS, CLUSTER, SATELLITE = 1, 2, 3
FIRST = mini.TILES[0]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini.write_ccagt(tmp_path_factory.mktemp("ccagt"))


@pytest.fixture(scope="module")
def downloaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("download")
    return mini.write_as_downloaded(root, tmp_path_factory.mktemp("work"))


def check(dataset: Dataset, tiles: tuple[str, ...] = mini.TILES) -> None:
    assert dataset.recipe.key == "ccagt"
    assert [sample.name for sample in dataset.samples] == list(tiles)
    for sample in dataset.samples:
        polygons, mask = dataset.read_annotations(sample)
        assert isinstance(polygons, Polygons)
        assert isinstance(mask, ClassMask)
        things = mini.things_of(mini.TILES.index(sample.name))
        assert polygons.class_ids is not None
        assert polygons.class_ids.tolist() == [thing.category for thing in things]
        for outline, thing in zip(polygons.outlines, things, strict=True):
            ((ring,),) = outline
            np.testing.assert_allclose(ring, thing.xy[:, ::-1])
    assert dataset.problems == []


def test_it_opens_from_its_folder(whole: Path) -> None:
    dataset = open_dataset(whole)
    check(dataset)
    sample = dataset.samples[0]
    assert sample.facts == {"slide": "A", "diagnosis": "CIN 3"}
    picture = dataset.read_picture(sample)
    assert (picture.plane_shape, picture.pixel_size_um) == ((1200, 1600), 0.111)
    assert dataset.completeness.text == "3 of 1,872 images of A, B"


def test_the_download_is_read_in_place(downloaded: Path) -> None:
    check(open_dataset(downloaded))
    assert list(downloaded.parent.iterdir()) == [downloaded]


def test_the_outer_archive_may_be_unpacked_alone(
    downloaded: Path, tmp_path: Path
) -> None:
    shutil.unpack_archive(downloaded, tmp_path)
    check(open_dataset(tmp_path))
    check(open_dataset(tmp_path / mini.FOLDER))


def test_inner_archives_may_be_unpacked_into_folders_of_their_name(
    whole: Path, tmp_path: Path
) -> None:
    for kind in ("images", "masks"):
        for slide in (whole / kind).iterdir():
            shutil.copytree(slide, tmp_path / kind / slide.name / slide.name)
    shutil.copy(whole / "CCAgT_COCO_OD.json", tmp_path)
    check(open_dataset(tmp_path))


@pytest.mark.parametrize("part", ["images", "masks", "images/A", "masks/A"])
def test_a_folder_of_it_finds_the_rest(part: str, whole: Path) -> None:
    check(open_dataset(whole / part), mini.TILES[:2] if "A" in part else mini.TILES)


@pytest.mark.parametrize(
    "file", [f"images/A/{FIRST}.jpg", f"masks/A/{FIRST}.png", "CCAgT_COCO_OD.json"]
)
def test_one_file_opens_the_set(file: str, whole: Path) -> None:
    dataset = open_dataset(whole / file)
    check(dataset)
    assert dataset.samples[dataset.start].name == FIRST


def test_a_whole_copy_is_complete_though_published_slides_lack_one() -> None:
    recipe = recipe_of("ccagt")
    assert sum(recipe.expect.parts.values()) == 9338
    samples = [
        Sample(f"{slide}{number}", "", (), "", {"slide": slide})
        for slide, count in {**recipe.expect.parts, "O": 263}.items()
        for number in range(count)
    ]
    assert completeness_of(recipe, samples).text == "9,339 of 9,339 images, complete"


def test_it_is_recognised_without_doubt(whole: Path) -> None:
    (match,) = recognise(whole)
    assert match.recipe.key == "ccagt"


def test_masks_are_shown_as_published_with_clusters_upon_nuclei(whole: Path) -> None:
    dataset = open_dataset(whole)
    sample = dataset.samples[0]
    mask = dataset.read_annotations(sample)[1]
    assert isinstance(mask, ClassMask)
    with Image.open(whole / "masks" / "A" / f"{FIRST}.png") as stored:
        np.testing.assert_array_equal(mask.classes, np.asarray(stored))
    assert mask.classes[310, 190] == CLUSTER  # a nucleus lies below
    assert mask.class_names[NUCLEUS] == "Nucleus"
    assert mask.class_colours[SATELLITE] == (254, 166, 0)


def test_outlines_are_whole_nuclei(whole: Path) -> None:
    dataset = open_dataset(whole)
    polygons, mask = dataset.read_annotations(dataset.samples[0])
    assert isinstance(polygons, Polygons)
    assert isinstance(mask, ClassMask)
    ((ring,),) = polygons.outlines[0]
    expected = mini.area(ring[:, ::-1])
    in_mask = np.count_nonzero(mask.classes == NUCLEUS)
    within = np.count_nonzero(np.isin(mask.classes[200:400, 100:300], (1, 2, 3)))
    assert in_mask < 0.97 * expected < within


def test_a_satellite_is_a_polygon_of_sixteen_corners(whole: Path) -> None:
    polygons, _ = open_dataset(whole).read_annotations(open_dataset(whole).samples[0])
    assert isinstance(polygons, Polygons)
    ((ring,),) = polygons.outlines[2]
    assert len(ring) == 16
    assert mini.area(ring) == pytest.approx(87.70, abs=0.01)
    assert np.ptp(ring, axis=0) == pytest.approx([10.7, 10.7], abs=0.01)


def test_parquet_is_read_where_the_json_is_missing(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "a"
    shutil.copytree(whole, root)
    (root / "CCAgT_COCO_OD.json").unlink()
    dataset = open_dataset(root)
    check(dataset)
    polygons, _ = dataset.read_annotations(dataset.samples[0])
    assert polygons.source == "CCAgT.parquet.gzip"


def test_without_pyarrow_masks_open_and_the_table_says_what_it_needs(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "a"
    shutil.copytree(whole, root)
    (root / "CCAgT_COCO_OD.json").unlink()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    dataset = open_dataset(root)
    (mask,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(mask, ClassMask)
    assert "napari-cellsets[parquet]" in dataset.problems[0].message


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08\x00", b"", b"PAR1" + b"\0" * 40])
def test_a_damaged_parquet_is_told_and_the_rest_opens(
    content: bytes, whole: Path, tmp_path: Path
) -> None:
    root = tmp_path / "a"
    shutil.copytree(whole, root)
    (root / "CCAgT_COCO_OD.json").unlink()
    (root / "CCAgT.parquet.gzip").write_bytes(content)
    dataset = open_dataset(root)
    (mask,) = dataset.read_annotations(dataset.samples[0])
    assert isinstance(mask, ClassMask)
    assert "this is no whole parquet table" in dataset.problems[0].message


def test_outlines_as_text_keep_holes_and_parts() -> None:
    text = (
        "MULTIPOLYGON (((0 0, 9 0, 9 9, 0 0), (1 1, 2 1, 2 2, 1 1)),"
        " ((20 20, 30 20, 30 30, 20 20)))"
    )
    first, second = outline_of(text)
    assert [len(ring) for ring in first] == [3, 3]
    np.testing.assert_array_equal(second[0], [[20, 20], [20, 30], [30, 30]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("POINT (1 2)", "an outline was expected"),
        ("", "an outline was expected"),
        ("POLYGON ((1 2, 3 4, 1 2))", "a ring has 2 points"),
        ("POLYGON ((nan 2, 3 4, 5 6))", "no number or far away"),
        ("POLYGON ((1 2 , 3, 5 6))", "no two numbers"),
        ("POLYGON (", "no two numbers"),
        ("POLYGON ((a b, c d, e f))", "could not convert"),
    ],
)
def test_text_that_is_no_outline_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        outline_of(text)


def real_tiles(real_samples: Path) -> Path:
    return real_samples / "ccagt" / mini.FOLDER


def test_real_tiles_have_the_objects_of_the_json(real_samples: Path) -> None:
    dataset = open_dataset(real_tiles(real_samples))
    counts = {}
    for sample in dataset.samples:
        polygons, mask = dataset.read_annotations(sample)
        assert isinstance(polygons, Polygons)
        assert isinstance(mask, ClassMask)
        counts[sample.facts["slide"]] = len(polygons.outlines)
        assert set(np.unique(mask.classes)) <= set(range(8))
        assert dataset.read_picture(sample).plane_shape == mask.classes.shape
    assert counts == {"C": 27, "E": 50, "K": 16, "O": 75}
    assert dataset.problems == []


def test_real_objects_are_counted_by_class(real_samples: Path) -> None:
    info = dataset_info(open_dataset(real_tiles(real_samples)))
    assert info["classes"] == {
        "Nucleus": 40,
        "Cluster": 79,
        "Satellite": 9,
        "Nucleus_out_of_focus": 10,
        "Overlapped_Nuclei": 6,
        "non-viable_nucleus": 10,
        "Leukocyte_Nucleus": 14,
    }


def test_real_outlines_lie_upon_the_real_masks(real_samples: Path) -> None:
    dataset = open_dataset(real_tiles(real_samples))
    for sample in dataset.samples:
        polygons, mask = dataset.read_annotations(sample)
        assert isinstance(polygons, Polygons)
        assert isinstance(mask, ClassMask)
        ours, theirs = np.zeros(mask.classes.shape, bool), mask.classes > 0
        for ((ring,),) in polygons.outlines:
            ours[draw.polygon(*ring.T, ours.shape)] = True
        overlap = np.count_nonzero(ours & theirs) / np.count_nonzero(ours | theirs)
        assert overlap > 0.999


def test_real_parquet_says_what_the_json_says(
    real_samples: Path, tmp_path: Path
) -> None:
    root = tmp_path / "a"
    shutil.copytree(real_tiles(real_samples), root)
    by_json = open_dataset(root)
    first = {s.name: by_json.read_annotations(s)[0] for s in by_json.samples}
    (root / "CCAgT_COCO_OD.json").chmod(0o644)
    root.chmod(0o755)
    (root / "CCAgT_COCO_OD.json").unlink()
    by_parquet = open_dataset(root)
    for sample in by_parquet.samples:
        ours, theirs = by_parquet.read_annotations(sample)[0], first[sample.name]
        assert isinstance(ours, Polygons)
        assert isinstance(theirs, Polygons)
        assert len(ours.outlines) == len(theirs.outlines)
        assert sorted(ours.class_ids.tolist()) == sorted(theirs.class_ids.tolist())
        for one, other in zip(ours.outlines, theirs.outlines, strict=True):
            np.testing.assert_allclose(one[0][0], other[0][0], atol=0.006)


def test_real_tiles_are_read_from_an_archive_of_archives(
    real_samples: Path, tmp_path: Path
) -> None:
    source, inner = real_tiles(real_samples), tmp_path / "in" / mini.FOLDER
    for kind in ("images", "masks"):
        for slide in (source / kind).iterdir():
            zipped(slide, inner / kind / f"{slide.name}.zip", f"{slide.name}/")
    shutil.copy(source / "CCAgT_COCO_OD.json", inner)
    archive = zipped(tmp_path / "in", tmp_path / "out" / "wg4bpm33hj-2.zip")
    dataset = open_dataset(archive)
    assert len(dataset.samples) == 4
    polygons, _ = dataset.read_annotations(dataset.samples[0])
    assert isinstance(polygons, Polygons)
    assert len(polygons.outlines) == 27
