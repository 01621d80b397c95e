"""Published sets of single cells, in miniature and with their published quirks."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from napari_cellsets.catalogue import dataset_info, open_dataset
from napari_cellsets.core.annotation import ImageClass
from napari_cellsets.core.errors import NotRecognisedError, UnreadableFileError
from small_cells import write_cells

if TYPE_CHECKING:
    from napari_cellsets.catalogue import Dataset

PROJECT_ROOT = Path(__file__).resolve().parents[2]
PBC = (
    "basophil/BA_100102.jpg",
    "eosinophil/EO_225902.jpg",
    "erythroblast/ERB_47.jpg",
    "ig/IG_1.jpg",
    "ig/MMY_1.jpg",
    "ig/MY_1.jpg",
    "ig/PMY_1.jpg",
    "lymphocyte/LY_1.jpg",
    "monocyte/MO_1.jpg",
    "neutrophil/BNE_191112.jpg",
    "neutrophil/NEUTROPHIL_1.jpg",
    "neutrophil/SNE_1.jpg",
    "platelet/PLATELET_1.jpg",
)
KU = (
    "dataset/train/Band Neutrophil/a1.jpg",
    "dataset/train/Giant Platelet/a2.jpg",
    "dataset/val/Band Neutrophil/a3.jpg",
    "dataset/test/Lymphocyte/a4.jpg",
    "dataset/test/Lymphocyte/a5.jpg",
)
KU_TABLE = """image_name,cell_type,patient_id,split,path
a1.jpg,band_neutrophil,7,train,train/band/a1.jpg
a2.jpg,giant_platelet,8,validation,train/giant/a2.jpg
a3.jpg,band_neutrophil,7,train,val/band/a3.jpg
a4.jpg,lymphocyte,9,test,test/lym/a4.jpg
"""
MARROW = (
    "BM_cytomorphology_data/ART/0001-1000/ART_00001.jpg",
    "BM_cytomorphology_data/ART/7001-8000/ART_07788.jpg",
    "BM_cytomorphology_data/KSC/KSC_00001.jpg",
    "BM_cytomorphology_data/MYB/0001-1000/MYB_00001.jpg",
)
AML = (
    "BAS/BAS_0021.tiff",
    "BAS/BAS_0040.tiff",
    "MYB/MYB_0001.tiff",
    "MYO/MYO_0001.tiff",
)
AML_TABLE = """BAS/BAS_0021.tiff BAS UNC UNC
BAS/BAS_0040.tiff BAS EOS EOS
MYB/MYB_0001.tiff MYB nan nan
MYO/MYO_0001.tiff MYO MYO MOB
"""


def packed(root: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(root.rglob("*.*")):
            target.write(file, file.relative_to(root).as_posix())
    return archive


def facts_of(dataset: Dataset) -> dict[str, dict[str, str]]:
    return {sample.name: dict(sample.facts) for sample in dataset.samples}


def test_class_comes_from_the_folder_and_subclass_from_the_letters(
    tmp_path: Path,
) -> None:
    dataset = open_dataset(write_cells(tmp_path / "PBC_dataset_normal_DIB", PBC))
    assert dataset.recipe.key == "pbc_acevedo"
    assert dataset.kind == "cells"
    assert len(dataset.classes) == 8
    found = {sample.facts["subclass"] for sample in dataset.samples}
    assert len(found) == 13
    sample = dataset.samples[dataset.find("ig/PMY_1") or 0]
    assert dataset.class_of(sample) == ImageClass("ig", "ig/PMY_1.jpg")
    assert sample.facts["subclass"] == "promyelocyte"
    assert sample.facts["class title"] == "immature granulocyte"


def test_one_picture_published_under_two_classes_is_told(tmp_path: Path) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", PBC))
    remarks = {
        s.name: s.facts["remark"] for s in dataset.samples if "remark" in s.facts
    }
    assert set(remarks) == {"eosinophil/EO_225902", "neutrophil/BNE_191112"}
    assert "neutrophil/BNE_191112.jpg" in remarks["eosinophil/EO_225902"]
    assert any("across two classes" in note for note in dataset.completeness.notes)


@pytest.mark.parametrize("part", ["", "outer/PBC_dataset_normal_DIB", "a.zip"])
def test_blood_cells_open_wrapped_twice_or_zipped(part: str, tmp_path: Path) -> None:
    write_cells(tmp_path / "set" / "outer" / "PBC_dataset_normal_DIB", PBC)
    packed(tmp_path / "set", tmp_path / "a.zip")
    place = tmp_path / part if part.endswith("zip") else tmp_path / "set" / part
    dataset = open_dataset(place)
    assert dataset.recipe.key == "pbc_acevedo"
    assert [sample.name for sample in dataset.samples] == [n[:-4] for n in PBC]


def test_folder_of_one_class_is_that_class(tmp_path: Path) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", PBC) / "neutrophil")
    assert dataset.recipe.key == "pbc_acevedo"
    assert len(dataset.samples) == 3
    assert dataset.completeness.text == "3 of 3,329 images of neutrophil"
    assert dataset.classes == dataset.recipe.classes


def test_one_cell_opens_its_set_at_itself(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", PBC)
    dataset = open_dataset(root / "monocyte" / "MO_1.jpg")
    assert len(dataset.samples) == 13
    assert dataset.samples[dataset.start].name == "monocyte/MO_1"


def test_finder_file_under_a_picture_name_is_no_cell(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", PBC)
    stray = root / "neutrophil" / ".DS_169665.jpg"
    stray.write_bytes(b"\0\0\0\1Bud1" + bytes(6140))
    dataset = open_dataset(root)
    assert len(dataset.samples) == 13
    assert dataset.problems == []
    with pytest.raises(UnreadableFileError, match=r"\.DS_169665\.jpg"):
        open_dataset(stray)


def test_classes_that_lack_pictures_are_named(tmp_path: Path) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", PBC))
    assert dataset.completeness.expected == 17_092
    assert not dataset.completeness.complete
    assert "ig 4 of 2,895" in dataset.completeness.of_classes


def test_info_counts_cells_by_class(tmp_path: Path) -> None:
    info = dataset_info(open_dataset(write_cells(tmp_path / "set", PBC)))
    assert info["classes"]["ig"] == 4
    assert info["classes"]["neutrophil"] == 3
    assert sum(info["classes"].values()) == info["samples"] == info["annotated"] == 13
    assert info["complete"] is False


def test_resized_copy_keeps_its_corrections_apart(tmp_path: Path) -> None:
    small = open_dataset(write_cells(tmp_path / "small", PBC, (224, 224)))
    published = open_dataset(write_cells(tmp_path / "full", PBC, (360, 363)))
    assert published.identity == "pbc_acevedo"
    assert small.identity == "pbc_acevedo:224x224"


def test_table_splits_by_patient_and_the_folders_can_be_chosen(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", KU)
    (root / "metadata_with_patient_level_splits.csv").write_text(KU_TABLE)
    dataset = open_dataset(root)
    assert dataset.recipe.key == "ku_optofil_pbc"
    assert dataset.split_kinds == ("patient", "folder")
    assert dataset.splits == {"test": 1, "train": 2, "validation": 1}
    folders = dataset.split_by("folder")
    assert folders.split_kinds == ("folder", "patient")
    assert folders.splits == {"test": 2, "train": 2, "val": 1}
    assert folders.split_by("patient").splits == dataset.splits
    assert dataset_info(dataset)["splits_by"] == {
        "patient": dataset.splits,
        "folder": folders.splits,
    }
    assert facts_of(dataset)["train/Giant Platelet/a2"] == {
        "class": "Giant Platelet",
        "patient": "8",
        "split by patient": "validation",
        "split by folder": "train",
    }


def test_patients_do_not_cross_the_split_of_the_table(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", KU)
    (root / "metadata_with_patient_level_splits.csv").write_text(KU_TABLE)
    by_patient: dict[str, set[str]] = {}
    for sample in open_dataset(root).samples:
        if sample.split:
            by_patient.setdefault(sample.facts["patient"], set()).add(sample.split)
    assert by_patient == {"7": {"train"}, "8": {"validation"}, "9": {"test"}}


def test_picture_without_a_line_has_neither_patient_nor_split(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", KU)
    (root / "metadata_with_patient_level_splits.csv").write_text(KU_TABLE)
    dataset = open_dataset(root)
    left_out = dataset.samples[dataset.find("test/Lymphocyte/a5") or 0]
    assert (left_out.split, left_out.facts.get("patient")) == ("", None)
    (problem,) = dataset.problems
    assert problem.message.endswith("does not name dataset/test/Lymphocyte/a5.jpg.")


@pytest.mark.parametrize(
    "place",
    ["dataset", "dataset/train", "dataset/test/Lymphocyte", KU[0], "dataset.zip"],
)
def test_table_is_found_beside_what_was_opened(place: str, tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", KU)
    packed(root, root / "dataset.zip")
    (root / "metadata_with_patient_level_splits.csv").write_text(KU_TABLE)
    dataset = open_dataset(root / place)
    assert dataset.recipe.key == "ku_optofil_pbc"
    assert dataset.split_kinds == ("patient", "folder")


def test_without_its_table_the_folders_split(tmp_path: Path) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", KU))
    assert dataset.split_kinds == ()
    assert dataset.splits == {"test": 2, "train": 2, "val": 1}
    with pytest.raises(NotRecognisedError, match=r"no split by 'patient'.*none to ch"):
        dataset.split_by("patient")


def test_class_that_table_and_folder_disagree_on_is_told(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", KU[:4])
    table = KU_TABLE.replace("a4.jpg,lymphocyte", "a4.jpg,blast")
    (root / "metadata_with_patient_level_splits.csv").write_text(table)
    dataset = open_dataset(root)
    (problem,) = dataset.problems
    assert "another class than the folder for dataset/test/Lymph" in problem.message
    assert dataset.class_of(dataset.samples[0]) == ImageClass(
        "Lymphocyte", "dataset/test/Lymphocyte/a4.jpg"
    )


def test_broken_table_is_told_and_the_folders_split(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", KU)
    (root / "metadata_with_patient_level_splits.csv").write_text("<html>\n404\n")
    dataset = open_dataset(root)
    assert dataset.splits == {"test": 2, "train": 2, "val": 1}
    (problem,) = dataset.problems
    assert "a column 'image_name' was expected, found <html>" in problem.message


def test_blood_cells_of_others_are_not_taken_for_a_published_set(
    tmp_path: Path,
) -> None:
    kinds = ("EOSINOPHIL", "LYMPHOCYTE", "MONOCYTE")
    names = [f"TRAIN/{kind}/_0_{n}.jpeg" for kind in kinds for n in (1, 2)]
    dataset = open_dataset(write_cells(tmp_path / "set", names))
    assert dataset.recipe.key == "class_folders"
    assert dataset.classes == kinds
    assert dataset.splits == {"train": 6}


def test_folders_of_a_thousand_are_no_classes(tmp_path: Path) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", MARROW))
    assert dataset.recipe.key == "bone_marrow_cytology"
    assert [s.name for s in dataset.samples] == [
        "ART/ART_00001",
        "ART/ART_07788",
        "KSC/KSC_00001",
        "MYB/MYB_00001",
    ]
    assert [s.facts["class title"] for s in dataset.samples] == [
        "artefact",
        "artefact",
        "smudge cell",
        "myelocyte",
    ]


@pytest.mark.parametrize("place", ["ART/0001-1000", "ART/0001-1000/ART_00001.jpg"])
def test_folder_of_a_thousand_knows_its_set(place: str, tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", MARROW) / "BM_cytomorphology_data"
    dataset = open_dataset(root / place)
    assert dataset.recipe.key == "bone_marrow_cytology"
    assert dataset.samples[dataset.start].facts["class"] == "ART"


def test_copy_without_folders_of_a_thousand_has_the_same_names(tmp_path: Path) -> None:
    flat = [name.replace("0001-1000/", "").replace("7001-8000/", "") for name in MARROW]
    blocks = open_dataset(write_cells(tmp_path / "a", MARROW))
    plain = open_dataset(write_cells(tmp_path / "b", flat))
    assert [s.name for s in plain.samples] == [s.name for s in blocks.samples]


def test_picture_that_is_reported_damaged_is_marked(tmp_path: Path) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", MARROW))
    assert "damaged" in facts_of(dataset)["ART/ART_07788"]["remark"]


@pytest.mark.parametrize("form", ["file", "zip", "among the pictures"])
def test_second_looks_are_facts(form: str, tmp_path: Path) -> None:
    root = tmp_path / "PKG - AML-Cytomorphology_LMU"
    folder = write_cells(root / "AML-Cytomorphology_LMU", AML)
    place = folder if form == "among the pictures" else tmp_path
    (place / "annotations.dat").write_text(AML_TABLE)
    if form == "zip":
        name = "AML-CYTOMORPHOLOGY_LMU-annotations-dat.zip"
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(tmp_path / "annotations.dat", "annotations.dat")
        (tmp_path / "annotations.dat").unlink()
    facts = facts_of(open_dataset(root))
    assert facts["BAS/BAS_0040"]["first re-annotation"] == "EOS"
    assert facts["BAS/BAS_0021"]["second re-annotation"] == "UNC"
    assert "first re-annotation" not in facts["MYB/MYB_0001"]
    assert facts["MYO/MYO_0001"]["class title"] == "myeloblast"
    assert facts["MYB/MYB_0001"]["class title"] == "myelocyte"


def test_constant_alpha_of_a_cell_is_dropped(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", AML)
    for file in root.rglob("*.tiff"):
        Image.new("RGBA", (40, 40), (200, 100, 150, 255)).save(file)
    dataset = open_dataset(root)
    assert dataset.read_picture(dataset.samples[0]).pixels.shape == (40, 40, 3)


def test_published_cells_win_over_folders_of_classes(tmp_path: Path) -> None:
    dataset = open_dataset(write_cells(tmp_path / "set", PBC), row="class_folders")
    assert dataset.recipe.key == "class_folders"
    assert open_dataset(tmp_path / "set").recipe.key == "pbc_acevedo"


def test_picture_of_no_class_is_told(tmp_path: Path) -> None:
    root = write_cells(tmp_path / "set", [*PBC, "ig/legend.jpg"])
    dataset = open_dataset(root)
    (problem,) = dataset.problems
    assert (
        problem.message == f"{root}/ig/legend.jpg: this picture is of no known class."
    )
    assert len(dataset.samples) == 13
    assert open_dataset(root / "ig" / "MY_1.jpg").recipe.key == "pbc_acevedo"
    assert open_dataset(root / "basophil").problems == []


def test_row_of_cells_of_the_persons_own_is_read(tmp_path: Path) -> None:
    guide = (PROJECT_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    blocks = (part for part in guide.split("```") if part.startswith("toml"))
    example = next(block for block in blocks if "image-class" in block)
    rows = tmp_path / "data-home" / "rows"
    rows.mkdir(parents=True)
    head = 'key = "mine"\ntitle = "Mine"\n'
    (rows / "mine.toml").write_text(head + example.removeprefix("toml\n"))
    root = write_cells(tmp_path / "set", ["BAS/1-5/BAS_1.png", "EOS/EOS_2.png"])
    (root / "patients.csv").write_text("image_name;x\n")
    assert open_dataset(root).recipe.key == "mine"
    table = "image_name,patient_id,split\nBAS_1.png,p1,test\nEOS_2.png,p2,train\n"
    (root / "patients.csv").write_text(table)
    dataset = open_dataset(root)
    assert dataset.split_kinds == ("patient", "folder")
    assert facts_of(dataset)["BAS/BAS_1"]["patient"] == "p1"


# Real files


def test_real_blood_cells_open_as_published(real_samples: Path) -> None:
    dataset = open_dataset(real_samples / "pbc_acevedo")
    assert len({s.facts["prefix"] for s in dataset.samples}) == 13
    assert dataset.completeness.text == "398 of 17,092 images"
    assert dataset.problems == []
    info = dataset_info(dataset)
    assert info["classes"]["basophil"] == 54
    assert info["problems"] == []


def test_all_real_second_looks_are_read(real_samples: Path, tmp_path: Path) -> None:
    table = next((real_samples / "aml_cytomorphology_lmu").rglob("annotations.dat"))
    names = [line.split()[0] for line in table.read_text().splitlines()]
    root = tmp_path / "AML-Cytomorphology_LMU"
    for folder in {name.split("/")[0] for name in names}:
        (root / folder).mkdir(parents=True)
    for name in names:
        (root / name).touch()
    (tmp_path / "annotations.dat").write_bytes(table.read_bytes())
    dataset = open_dataset(root)
    assert dataset.completeness.text == "18,365 of 18,365 images, complete"
    again = [s for s in dataset.samples if "first re-annotation" in s.facts]
    assert len(again) == 1905
    unclear = [s.facts["second re-annotation"] for s in again].count("UNC")
    assert unclear == 208
    assert dataset.problems == []
