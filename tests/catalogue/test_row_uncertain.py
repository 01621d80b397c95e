"""Sets of unknown layout: opened where they are named so, and nobody else's folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from miniatures_uncertain import (
    BMCD,
    BMCD_NAMES,
    BMT_FLAT,
    BMT_FOLDERS,
    BODY_FLAT,
    BODY_FOLDERS,
    BREAST,
    FNAC,
    REPO,
    class_mask,
    write_aiccs,
    write_ocpap,
    write_pictures,
)

from napari_cellsets.catalogue import list_datasets, open_dataset
from napari_cellsets.core.annotation import Boxes, ClassMask, Polygons

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellsets.catalogue import Dataset

UNCERTAIN = [
    recipe.key for recipe in list_datasets() if recipe.certainty == "uncertain"
]
SETS = {
    "bmt": ("BMT", BMT_FLAT),
    "fnac2019": ("fnac2019", FNAC),
    "body_cavity_fluid": ("Body Cavity Fluid Cytology Images", BODY_FLAT),
    "bmcd_fgcd": ("BMCD-FGCD", BMCD),
    "breast_cyto": ("Breast_Cyto", BREAST),
    "tf_cytology": ("TF Cytology", ("a/1.png", "b/2.png")),
    "urine_cyto": ("JHZCCM", ("figure 1.png",)),
}


def classes(dataset: Dataset) -> dict[str, str]:
    found = {}
    for sample in dataset.samples:
        cell = dataset.class_of(sample)
        found[sample.image.rpartition("/")[2]] = cell.name if cell else ""
    return found


@pytest.mark.parametrize("key", SETS)
def test_folder_named_as_the_set_is_the_set(key: str, tmp_path: Path) -> None:
    home, names = SETS[key]
    dataset = open_dataset(write_pictures(tmp_path / home, names))
    assert dataset.recipe.key == key
    assert len(dataset.samples) == len(names)
    assert dataset.recipe.layout_notes


@pytest.mark.parametrize("key", SETS)
def test_folder_of_another_name_is_not(key: str, tmp_path: Path) -> None:
    _, names = SETS[key]
    root = write_pictures(tmp_path / "my pictures", names)
    assert open_dataset(root).recipe.key != key
    assert open_dataset(root, row=key).recipe.key == key


@pytest.mark.parametrize("key", SETS)
def test_one_picture_of_the_set_opens_it_at_itself(key: str, tmp_path: Path) -> None:
    home, names = SETS[key]
    root = write_pictures(tmp_path / home, names)
    dataset = open_dataset(root / names[-1])
    assert dataset.recipe.key == key
    assert dataset.samples[dataset.start].image.endswith(names[-1].rpartition("/")[2])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (BMT_FLAT, ["HSIL", "HSIL", "LSIL", "NILM", "NILM"]),
        (BMT_FOLDERS, ["HSIL", "LSIL", "NILM"]),
    ],
)
def test_classes_of_bmt_stand_before_the_names(
    names: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    dataset = open_dataset(write_pictures(tmp_path / "BMT", names))
    found = classes(dataset)
    files = [name.rpartition("/")[2] for name in names]
    assert [found[file] for file in files] == expected
    assert dataset.problems == []


@pytest.mark.parametrize("names", [BODY_FLAT, BODY_FOLDERS])
def test_classes_of_body_fluids_are_folders_or_begin_the_names(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    dataset = open_dataset(write_pictures(tmp_path / "cmacus", names))
    for file, name in classes(dataset).items():
        assert file.startswith(name)
    assert set(classes(dataset).values()) == {"benign", "malignant"}


def test_classes_of_bmcd_are_whatever_the_folders_are(tmp_path: Path) -> None:
    dataset = open_dataset(write_pictures(tmp_path / "BMCD", BMCD))
    assert dataset.classes == ("4", "12")
    assert dataset.splits == {"test": 1, "train": 2}
    titles = {sample.facts["class title"] for sample in dataset.samples}
    assert titles == {"neutrophilic metamyelocyte", "basophilic metamyelocyte"}
    named = open_dataset(write_pictures(tmp_path / "BM_data", BMCD_NAMES))
    assert named.classes == ("myeloblast", "promyelocyte")


def test_aspirates_are_benign_or_malignant(tmp_path: Path) -> None:
    dataset = open_dataset(write_pictures(tmp_path / "FNAC2019", FNAC))
    titles = [sample.facts["class title"] for sample in dataset.samples]
    assert titles == ["benign", "benign", "malignant", "malignant"]
    assert dataset.completeness.of_classes == ("B 2 of 99", "M 2 of 113")


def test_koilocytes_tell_repomedunm_from_others(tmp_path: Path) -> None:
    dataset = open_dataset(write_pictures(tmp_path / "x", REPO))
    assert dataset.recipe.key == "repomedunm"
    facts = [sample.facts["preparation"] for sample in dataset.samples]
    assert sorted(facts) == ["ThinPrep", "ThinPrep", "conventional", "conventional"]
    others = [name for name in REPO if "Koilocyt" not in name]
    assert open_dataset(write_pictures(tmp_path / "y", others)).recipe.key != (
        "repomedunm"
    )


def test_groups_of_breast_pictures_are_facts(tmp_path: Path) -> None:
    dataset = open_dataset(write_pictures(tmp_path / "Breast2023", BREAST))
    groups = {sample.name: sample.facts.get("group") for sample in dataset.samples}
    assert set(groups.values()) == {"cytology", "histology", None}


@pytest.mark.parametrize("coco", [False, True])
def test_oral_cells_open_as_the_laboratory_arranges_others(
    coco: bool, tmp_path: Path
) -> None:
    dataset = open_dataset(write_ocpap(tmp_path / "UFSC_OCPap", coco=coco))
    assert dataset.recipe.key == "ufsc_ocpap"
    assert dataset.splits == {"test": 1, "train": 1, "val": 1}
    for sample in dataset.samples:
        found = dataset.read_annotations(sample)
        (mask,) = (a for a in found if isinstance(a, ClassMask))
        np.testing.assert_array_equal(mask.classes, class_mask())
        outlines = [a for a in found if isinstance(a, Polygons)]
        assert len(outlines) == coco


def test_oral_cells_of_others_are_others(tmp_path: Path) -> None:
    assert open_dataset(write_ocpap(tmp_path / "mine")).recipe.key != "ufsc_ocpap"


def test_screening_boxes_are_read_as_voc(tmp_path: Path) -> None:
    dataset = open_dataset(write_aiccs(tmp_path / "AICCS-main"))
    assert dataset.recipe.key == "aiccs"
    names = []
    for sample in dataset.samples:
        (boxes,) = dataset.read_annotations(sample)
        assert isinstance(boxes, Boxes)
        names += [boxes.class_names[class_id] for class_id in boxes.class_ids]
    assert names == ["hsil", "candida"]


def test_nuclei_of_agmc_are_paired_with_masks(tmp_path: Path) -> None:
    root = tmp_path / "AGMC-TU"
    write_pictures(root / "Images", ["1.png", "2.png"])
    write_pictures(root / "Ground Truth", ["1.png", "2.png"])
    dataset = open_dataset(root)
    assert dataset.recipe.key == "agmc_tu"
    assert all(sample.annotations for sample in dataset.samples)


@pytest.mark.parametrize("key", UNCERTAIN)
def test_uncertain_row_says_what_is_not_known(key: str) -> None:
    (recipe,) = (recipe for recipe in list_datasets() if recipe.key == key)
    assert recipe.layout_notes
    assert recipe.expect.notes


def test_known_set_in_a_folder_of_that_name_stays_known(tmp_path: Path) -> None:
    from miniatures_cisd import write_cisd

    write_cisd(tmp_path / "Urine Cyto")
    assert open_dataset(tmp_path / "Urine Cyto").recipe.key == "cisd"
