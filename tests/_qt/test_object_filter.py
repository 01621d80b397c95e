"""A line of text chooses rows of the table of objects."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("pytestqt")

from napari_cellsets._qt.object_filter import chosen_by

COLUMNS = {
    "label": np.array([1, 2, 3, 17]),
    "confidence": np.array([0.9, 0.2, np.nan, 0.5]),
    "area_px": np.array([10, 50, 100, 200]),
    "mean_red": np.array([1.5, 2.5, 3.5, 4.5]),
    "class": np.array(["Alive", "dead", "", "dead"]),
    "comment": np.array(["", "17 px wide", "", ""]),
}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", [1, 2, 3, 17]),
        (" , ", [1, 2, 3, 17]),
        ("area < 100", [1, 2]),
        ("Area<=100", [1, 2, 3]),
        ("area = 50", [2]),
        ("mean red > 2.5", [3, 17]),
        ("sure < 50 %", [2]),
        ("alive", [1]),
        ("DEAD", [2, 17]),
        ("17", [17]),
        ("dead, area >= 200", [17]),
        ("wide", [2]),
        ("nowhere < 3", []),
        ("area < ..", []),
        ("perhaps", []),
    ],
)
def test_a_line_of_text_chooses_rows(text: str, labels: list[int]) -> None:
    through = chosen_by(text, COLUMNS, tuple(COLUMNS))
    assert COLUMNS["label"][through].tolist() == labels


def test_without_columns_of_words_a_word_chooses_nothing() -> None:
    columns = {name: COLUMNS[name] for name in ("label", "area_px")}
    assert not chosen_by("dead", columns, tuple(columns)).any()
