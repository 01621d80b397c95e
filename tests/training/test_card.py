"""A card says what is known and leaves out what is not."""

from __future__ import annotations

from napari_cellsets.training.card import card_text, write_card

REPORT = {
    "name": "mine",
    "file": "mine.onnx",
    "hash": "abc",
    "version": "1",
    "about": "Finds cells.",
    "facts": {"threshold": 0.61234, "classes": ["neuron", "glia"], "scale": None},
    "metrics": {"before": {"f1": 0.5}, "after": {"f1": 0.75, "images": 3}},
    "split": ["No near duplicates were found."],
}


def test_it_shows_figures_before_and_after_side_by_side():
    text = card_text(REPORT)
    assert "| on held-out pictures | before | after |" in text
    assert "| f1 | 0.5 | 0.75 |" in text
    assert "| images | not known | 3 |" in text


def test_it_says_when_nothing_was_measured():
    assert "Nothing was held out" in card_text({**REPORT, "metrics": {}})


def test_values_are_told_shortly():
    text = card_text(REPORT)
    assert "| threshold | 0.6123 |" in text
    assert "| classes | neuron, glia |" in text
    assert "| scale | not known |" in text


def test_a_bar_in_a_value_does_not_break_the_table():
    assert "| a | x\\|y |" in card_text({**REPORT, "facts": {"a": "x|y"}})


def test_parts_that_are_not_there_have_no_heading(tmp_path):
    write_card(tmp_path / "mine.md", REPORT)
    text = (tmp_path / "mine.md").read_text(encoding="utf-8")
    assert "## What it learnt from" not in text
    assert text.startswith("# mine\n\n`mine.onnx`, version 1. Finds cells.")
    assert "`abc`" in text
