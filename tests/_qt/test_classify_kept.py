"""Answers of the Classify dock are kept, come back, and give way to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("napari")
pytest.importorskip("onnx")

from classify_docks import bench, field, gems, make_bench

from napari_cellsets._napari.object_classes import object_classes
from napari_cellsets._qt.classify import ClassifyWidget
from napari_cellsets.inference.metadata import model_hash
from napari_cellsets.store import Mark, MarkKey, PredictionKey, Project
from tiny_classifiers import gem_classifier, write_gems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from classify_docks import Bench

__all__ = ["bench", "field", "gems", "make_bench"]

pytestmark = pytest.mark.gui


def titles(one: Bench) -> dict[int, str]:
    return dict(object_classes(one.dock.session).titles)


def open_again(one: Bench) -> None:
    """Close the dock and open another, as on the next day."""
    one.dock.stop()
    one.viewer.window.remove_dock_widget(one.dock)
    one.dock = ClassifyWidget(one.viewer)
    one.viewer.window.add_dock_widget(one.dock, name="Classify again", area="right")


def give(one: Bench, label: int, name: str) -> None:
    """Give an object on screen a class, as the Objects dock does."""
    session = one.dock.session
    place = session.place_of(one.dock.flow.labels_layer, stored=True)
    number = session.dataset.class_table.id_for(name)
    session.project.set_object_facts(*place, [label], {"class_id": number})
    object_classes(session).said.emit()


def relabel(one: Bench, index: int, name: str) -> str:
    session = one.dock.session
    sample = session.dataset.samples[index].name
    mark = {MarkKey(sample): Mark(class_name=name)}
    session.project.record_marks(session.dataset.identity, mark, {})
    session.classes_changed.emit()
    return sample


def test_answers_about_objects_are_on_disk_with_model_and_time(field: Bench) -> None:
    field.classify()
    session, model = field.dock.session, field.dock.model.model
    digest = model_hash(model.path)
    key = PredictionKey(session.dataset.identity, digest, session.sample.name, "cells")
    with Project.open() as project:
        (kept,) = project.predictions(key)
    assert kept.provenance["source"] == "predicted"
    assert kept.provenance["model"] == model.path.name
    assert kept.provenance["model_hash"] == digest
    assert kept.author
    assert kept.time


def test_objects_have_their_classes_again_when_one_comes_back(field: Bench) -> None:
    field.classify()
    before, shares = titles(field), field.dock.model.table.probabilities
    field.dock.session.step(1)
    assert titles(field) == {}
    field.dock.session.step(-1)
    field.wait(lambda: field.dock.model.table is not None)
    assert titles(field) == before
    assert np.array_equal(field.dock.model.table.probabilities, shares)
    assert field.message.startswith("Classified by gems.onnx (")


def test_another_dock_on_another_day_shows_them(field: Bench) -> None:
    field.classify()
    before = titles(field)
    open_again(field)
    field.wait(lambda: field.dock.model.table is not None)
    assert titles(field) == before


def test_an_object_that_was_changed_meanwhile_has_no_answer(field: Bench) -> None:
    field.classify()
    session = field.dock.session
    open_again_after = session.cells_layer
    field.dock.stop()
    open_again_after.paint((45, 30), 3)
    field.dock.session.save()
    open_again(field)
    field.wait(lambda: field.dock.model.table is not None)
    assert set(titles(field)) == {1, 2}


def test_a_class_that_a_person_gave_wins_and_is_compared_with(field: Bench) -> None:
    field.classify()
    dock = field.dock
    layer = dock.flow.labels_layer
    before = layer.colormap.map(1)
    assert dock.model.report is None
    give(field, 1, "emerald")
    field.wait(lambda: dock.model.report is not None)
    assert dock.model.truth == ("emerald", None, None)
    assert dock.model.corrected == {0}
    assert "1 label corrected by people" in dock.summary.text().replace("\xa0", " ")
    assert not np.array_equal(layer.colormap.map(1), before)
    assert np.array_equal(layer.colormap.map(1), layer.colormap.map(2))


def test_what_a_person_said_is_there_with_answers_that_come_back(field: Bench) -> None:
    field.classify()
    give(field, 1, "emerald")
    open_again(field)
    field.wait(lambda: field.dock.model.report is not None)
    assert field.dock.model.corrected == {0}


def test_the_set_is_compared_with_corrected_classes(bench: Bench) -> None:
    bench.classify_set()
    model = bench.dock.model
    wrong = next(n for n, name in enumerate(model.table.names) if "ruby_77" in name)
    assert model.truth[wrong] == "ruby"
    accuracy = model.report.accuracy
    relabel(bench, int(bench.dock.flow.places[wrong]), "emerald")
    assert bench.dock.model.truth[wrong] == "emerald"
    assert model.corrected == {wrong}
    assert model.report.accuracy > accuracy
    assert "1 label corrected by people" in bench.dock.summary.text().replace(
        "\xa0", " "
    )


def test_answers_about_a_set_come_back(bench: Bench) -> None:
    bench.classify_set()
    names = bench.dock.model.table.names
    bench.wait(lambda: not bench.dock.flow.keeping)
    open_again(bench)
    bench.wait(lambda: bench.dock.model.table is not None)
    assert bench.dock.model.table.names == names
    assert bench.dock.model.report is not None
    assert bench.message.startswith("Classified by gems.onnx (")


def test_a_run_that_was_broken_off_goes_on_where_it_stopped(
    make_bench: Callable[..., Bench], tmp_path: Path
) -> None:
    root = write_gems(tmp_path / "many", {"ruby": 40, "emerald": 40})
    bench = make_bench(root, gem_classifier(tmp_path / "slow.onnx", slow=15))
    bench.dock.buttons.whole_set.click()
    bench.wait(lambda: bench.dock.flow._run.gathered.done.size > 0)
    bench.dock.stop()  # the window is closed
    bench.dock.runner.cancel()
    bench.wait(lambda: not bench.dock.runner.busy)
    open_again(bench)
    bench.wait(lambda: bench.dock.model.table is not None)
    done = set(bench.dock.model.table.names)
    assert 0 < len(done) < 80
    assert "Classify set goes on with the others" in bench.message
    read: list[str] = []
    dataset = bench.dock.session.dataset
    original = dataset.read_picture
    dataset.read_picture = lambda sample: read.append(sample.name) or original(sample)
    bench.classify_set()
    assert sorted(read) == sorted({s.name for s in dataset.samples} - done)
    assert len(bench.dock.model.table) == 80
    bench.wait(lambda: not bench.dock.flow.keeping)
    digest = model_hash(bench.dock.model.model.path)
    with Project.open() as project:
        assert len(project.predictions(PredictionKey(dataset.identity, digest))) == 1


def test_a_second_run_that_is_cancelled_takes_no_kept_answer_away(
    bench: Bench,
) -> None:
    bench.classify_set()
    bench.wait(lambda: not bench.dock.flow.keeping)
    names = set(bench.dock.model.table.names)
    bench.dock.buttons.whole_set.click()
    bench.dock.progress.cancel.click()
    bench.wait(lambda: not bench.dock.runner.busy)
    open_again(bench)
    bench.wait(lambda: bench.dock.model.table is not None)
    assert set(bench.dock.model.table.names) == names


def test_answers_about_single_cells_come_back_too(bench: Bench) -> None:
    bench.classify()
    (name,) = bench.dock.model.table.names
    open_again(bench)
    bench.wait(lambda: bench.dock.model.table is not None)
    assert bench.dock.model.table.names == (name,)


def test_another_classifier_has_answers_of_its_own(field: Bench) -> None:
    field.classify()
    info = field.dock.model.model
    field.dock.model.model = None
    assert titles(field) == {}
    field.dock.model.model = info
    field.wait(lambda: bool(titles(field)))
