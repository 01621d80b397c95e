from __future__ import annotations

import pytest

from napari_cellsets.classify.truth import ClassNames, plain, spoken

CLASSES = ("basophil", "ig", "lymphocyte", "neutrophil", "platelet")
TITLES = ("basophil", "immature granulocyte", "lymphocyte", "neutrophil", "platelet")
CODES = {"LYT": "typical lymphocyte", "BAS": "basophil", "HAC": "hairy cell"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("basophil", "basophil"),
        ("Basophils", "basophil"),
        ("IG", "ig"),
        ("Immature Granulocytes", "ig"),
        ("immature_granulocyte", "ig"),
        ("band_neutrophil", "neutrophil"),
        ("Segmented Neutrophil", "neutrophil"),
        ("Thrombocytes", "platelet"),
        ("Promyelocyte", "ig"),
        ("LYT", "lymphocyte"),
        ("bas", "basophil"),
        ("HAC", None),
        ("neuron", None),
        ("", None),
    ],
)
def test_a_name_finds_its_class(name: str, meant: str | None) -> None:
    assert ClassNames(CLASSES, TITLES, CODES).find(name) == meant


def test_a_class_of_the_model_comes_before_what_it_is_a_kind_of() -> None:
    names = ClassNames(("neutrophil", "band neutrophil"))
    assert names.find("Band_Neutrophil") == "band neutrophil"
    assert names.find("segmented neutrophil") == "neutrophil"


def test_aliases_in_a_circle_end() -> None:
    assert ClassNames(CLASSES, TITLES, {"a": "b", "b": "a"}).find("a") is None


@pytest.mark.parametrize(
    ("name", "bare"),
    [("Mast-Cells", "mast cell"), ("ig", "ig"), ("class", "class"), ("BAS", "bas")],
)
def test_plural_and_punctuation_make_no_difference(name: str, bare: str) -> None:
    assert plain(name) == bare


def test_a_model_speaks_the_words_of_the_data_set() -> None:
    found = ["Basophils", "LYT", "Immature granulocytes"]
    aliases = {"LYT": "lymphocyte"}
    assert spoken(CLASSES, TITLES, found, aliases) == (
        "Basophils",
        "Immature granulocytes",
        "LYT",
        "neutrophil",
        "platelet",
    )


def test_a_class_keeps_its_name_where_the_set_has_only_kinds_of_it() -> None:
    found = ["band_neutrophil", "Platelet", "platelets"]
    assert spoken(CLASSES, TITLES, found) == CLASSES
