"""A classifier learns the classes that people gave in place of the published ones."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from learnable_sets import write_cells

from napari_cellsets.catalogue import open_dataset
from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.store import Mark, MarkKey, Project
from napari_cellsets.training.cell_sets import corrected_classes, samples_with_class
from napari_cellsets.training.classifier import make_plan
from napari_cellsets.training.classifier_export import source_of_plan
from napari_cellsets.training.request import TrainingRequest


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    return write_cells(tmp_path_factory.mktemp("cells") / "shapes", 12)


def silent(_share, _words):
    """Nobody looks."""


@pytest.fixture
def planned(cells, tmp_path):
    """Make a plan; some cells have another class."""

    def plan(given, **more):
        dataset = open_dataset(cells)
        store = tmp_path / "store.sqlite"
        marks = {
            MarkKey(dataset.samples[at].name): Mark(class_name=name)
            for at, name in given.items()
        }
        with Project.open(store) as project:
            project.record_marks(dataset.identity, marks, {})
        request = TrainingRequest(
            "classifier",
            cells,
            out=tmp_path / "run",
            start="scratch",
            steps=1,
            project=store,
            **more,
        )
        return make_plan(request, CancelToken(), silent), dataset

    return plan


def classes_by_name(plan):
    names = [sample.name for sample in plan.found.samples]
    return dict(zip(names, plan.found.classes_of(), strict=True))


def test_classes_that_people_gave_are_learnt(planned):
    plan, dataset = planned({0: "smudge", 1: "smudge", 2: "smudge"}, corrected=True)
    found = classes_by_name(plan)
    for at, sample in enumerate(dataset.samples):
        wanted = "smudge" if at < 3 else sample.facts["class"]
        assert found[sample.name] == wanted
    assert plan.found.cells.classes == (*dataset.classes, "smudge")
    told = source_of_plan(plan)
    assert (told["labels"], told["corrected cells"]) == ("corrected by a person", 3)


def test_without_being_asked_for_they_are_not(planned):
    plan, dataset = planned({0: "smudge"})
    assert set(classes_by_name(plan).values()) == set(dataset.classes)
    told = source_of_plan(plan)
    assert told["labels"] == "published truth"
    assert "corrected cells" not in told


def test_other_corrections_are_another_run(planned):
    one, _ = planned({0: "square"}, corrected=True)
    other, _ = planned({1: "square"}, corrected=True)
    assert one.given != other.given


def test_a_class_that_confirms_the_published_one_is_no_correction(planned, cells):
    dataset = open_dataset(cells)
    plan, _ = planned({0: dataset.samples[0].facts["class"]}, corrected=True)
    assert plan.given == {}


def test_only_the_wanted_samples_are_taken(cells):
    dataset = open_dataset(cells)
    names = [sample.name for sample in dataset.samples]
    given = {names[0]: "smudge"}
    found = samples_with_class(dataset, [names[0], names[-1]], given)
    assert [sample.name for sample in found] == [names[0], names[-1]]
    assert found[0].facts["class"] == "smudge"


def test_nothing_is_read_from_the_store_unless_asked(cells, tmp_path):
    place = tmp_path / "none.sqlite"
    request = TrainingRequest("classifier", cells, project=place)
    assert corrected_classes(request, open_dataset(cells)) == {}
    assert not place.exists()
