"""The state of the Train dock, without a window and without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.errors import TrainingError
from napari_cellsets.training.model import Material, Seen, TrainModel
from napari_cellsets.training.request import Example, TrainingPoint, TrainingResult
from small_sets import write_set
from tiny_classifiers import write_gems


def point(step):
    return TrainingPoint(step, 9, float(step), 0.5, "F1", None, None)


def example(name):
    return Example(name, np.zeros((2, 2, 3), np.uint8), "a", "b")


def test_a_set_of_fields_tells_how_many_have_truth_and_corrections(tmp_path):
    dataset = open_dataset(write_set(tmp_path / "fields"))
    names = [sample.name for sample in dataset.samples]
    material = Material.of(dataset, {names[0], names[3], "of another set"})
    assert (material.kind, material.truth, material.corrected) == ("segmenter", 3, 2)
    assert material.number("truth") == 3
    assert material.number("corrected") == 2


def test_a_set_of_single_cells_is_for_a_classifier(tmp_path):
    dataset = open_dataset(write_gems(tmp_path / "gems", {"ruby": 3, "emerald": 2}))
    material = Material.of(dataset, {dataset.samples[0].name})
    assert (material.kind, material.truth, material.corrected) == ("classifier", 5, 1)
    assert material.number("truth") == 5
    assert material.number("corrected") == 5
    assert Material.of(dataset).number("corrected") == 0


def test_another_set_forgets_name_folder_and_a_start_of_the_other_kind():
    model = TrainModel(name="mine", out=Path("there"), start=Path("mine.onnx"))
    model.take(Material(path=Path("cells"), kind="classifier", truth=5))
    assert (model.name, model.out, model.start) == ("", None, "shipped")


def test_corrections_are_preferred_once_and_not_forced_later():
    model = TrainModel()
    model.take(Material(path=Path("a"), truth=4, corrected=1))
    assert model.labels == "corrected"
    model.labels = "truth"
    model.take(Material(path=Path("a"), truth=4, corrected=2))
    assert model.labels == "truth"


def test_labels_that_are_gone_are_not_learnt_from():
    model = TrainModel()
    model.take(Material(path=Path("a"), truth=4, corrected=1))
    model.take(Material(path=Path("a"), truth=4))
    assert model.labels == "truth"


def test_without_a_set_there_is_no_request():
    with pytest.raises(TrainingError, match="no data set to train on"):
        TrainModel().request()


def test_without_labels_there_is_no_request():
    model = TrainModel(material=Material(path=Path("a")))
    assert not model.possible
    with pytest.raises(TrainingError, match="nothing to learn from"):
        model.request()


def test_the_request_is_what_was_chosen():
    material = Material(path=Path("a"), row="plain", truth=1, corrected=2)
    model = TrainModel(
        material=material, labels="corrected", channel=1, name=" Mine ", steps=5
    )
    request = model.request("store.sqlite")
    assert (request.dataset, request.row) == (Path("a"), "plain")
    assert (request.corrected, request.channel, request.steps) == (True, 1, 5)
    assert (request.name, request.project) == ("Mine", "store.sqlite")


def test_a_classifier_takes_all_colours():
    material = Material(path=Path("a"), kind="classifier", truth=9)
    model = TrainModel(material=material, channel=1, start="scratch densenet121")
    request = model.request()
    assert (request.channel, request.network) == ("rgb", "densenet121")
    assert request.start == "scratch"


def test_news_are_added_and_examples_replaced():
    seen = Seen().with_more([point(0), example("a"), example("b")])
    assert [one.name for one in seen.examples] == ["a", "b"]
    seen = seen.with_more([point(1), point(2), example("c")])
    assert [one.step for one in seen.points] == [0, 1, 2]
    assert [one.name for one in seen.examples] == ["c"]
    assert seen.last == point(2)


def test_a_run_that_went_on_continues_its_curve_where_it_was():
    seen = Seen((point(0), point(5), point(9))).with_more([point(6)])
    assert [one.step for one in seen.points] == [0, 5, 6]


def test_beginning_forgets_the_run_before(tmp_path):
    model = TrainModel(material=Material(path=Path("a"), title="A", truth=1))
    model.begin()
    model.seen = Seen((point(1),))
    result = TrainingResult(tmp_path / "a.onnx", tmp_path / "a.md", {}, False)
    model.end(result)
    assert (model.phase, model.result) == ("idle", result)
    model.take(Material(path=Path("b"), title="B", truth=1))
    assert model.running.title == "A"
    model.begin()
    assert (model.phase, model.result, model.seen.points) == ("running", None, ())
