"""A segmenter learns from a set or from corrections, stops, goes on, is exported."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")
pytest.importorskip("onnx", reason="training is an optional extra")

from learnable_sets import write_fields  # noqa: E402

from napari_cellsets.catalogue import open_dataset  # noqa: E402
from napari_cellsets.core.cancel import CancelToken  # noqa: E402
from napari_cellsets.core.errors import CancelledError, TrainingError  # noqa: E402
from napari_cellsets.inference import own_models, read_model_info  # noqa: E402
from napari_cellsets.store import LabelDelta, Project  # noqa: E402
from napari_cellsets.training import segmenter  # noqa: E402
from napari_cellsets.training.api import train  # noqa: E402
from napari_cellsets.training.pictures import FieldSource  # noqa: E402
from napari_cellsets.training.request import (  # noqa: E402
    Example,
    TrainingPoint,
    TrainingRequest,
)


@pytest.fixture(autouse=True)
def tiny_batches(monkeypatch):
    monkeypatch.setattr(segmenter, "BATCH", 2)
    monkeypatch.setattr(segmenter, "CROP", 32)


@pytest.fixture(scope="module")
def fields(tmp_path_factory):
    return write_fields(tmp_path_factory.mktemp("discs") / "fields", 4)


@pytest.fixture
def request_for(fields, narrow_model, tmp_path):
    return TrainingRequest(
        "segmenter", fields, out=tmp_path / "run", start=narrow_model, steps=4
    )


def weights(folder):
    state = torch.load(folder / "last.pt", weights_only=True)["model"]
    return torch.cat([value.flatten().float() for value in state.values()])


@pytest.fixture(scope="module")
def trained(fields, narrow_model, tmp_path_factory):
    """One whole run, and all that was seen of it."""
    out = tmp_path_factory.mktemp("trained") / "run"
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmenter, "BATCH", 2)
        patch.setattr(segmenter, "CROP", 32)
        request = TrainingRequest(
            "segmenter", fields, out=out, start=narrow_model, steps=4, name="My discs"
        )
        return train(request, watch=seen.append), seen, out


def test_the_model_describes_itself(trained):
    result, _, _ = trained
    info = read_model_info(result.model)
    assert info.missing == ()
    assert info.name == "My discs"
    assert info.licence == "CC0"
    assert info.metrics["f1"] == result.metrics["f1"]
    assert info.training_data[0]["learnt from"] == 3
    assert info.training_data[1] == "nothing"
    assert result.model.name == "my_discs.onnx"


def test_the_card_says_what_was_held_out_and_what_it_began_with(trained):
    result, _, _ = trained
    card = result.card.read_text(encoding="utf-8")
    for words in ("before | after", "narrow", "too kind", result.report["hash"]):
        assert words in card


def test_every_tenth_of_a_run_is_a_point_with_a_score(trained):
    _, seen, _ = trained
    points = [one for one in seen if isinstance(one, TrainingPoint)]
    assert [point.step for point in points] == [0, 1, 2, 3, 4]
    assert all(0 <= point.score <= 1 for point in points)
    assert points[-1].best == max(point.score for point in points)


def test_examples_show_held_out_pictures(trained):
    _, seen, out = trained
    shown = {one.name for one in seen if isinstance(one, Example)}
    split = json.loads((out / "split.json").read_text(encoding="utf-8"))
    assert shown == set(split["test"])
    assert not shown & set(split["train"])
    first = next(one for one in seen if isinstance(one, Example))
    assert first.picture.shape[:2] == first.truth.shape == first.prediction.shape


def test_the_same_seed_gives_the_same_weights_also_after_a_stop(request_for, tmp_path):
    train(request_for)
    token = CancelToken()

    def stop(seen):
        if isinstance(seen, TrainingPoint) and seen.step == 2:
            token.cancel()

    halves = dataclasses.replace(request_for, out=tmp_path / "halves")
    first = train(halves, token=token, watch=stop)
    assert first.stopped
    assert first.model.exists()
    assert not train(halves).stopped
    assert torch.equal(weights(tmp_path / "halves"), weights(tmp_path / "run"))


def test_a_stop_before_anything_was_learnt_leaves_no_model(request_for, tmp_path):
    token = CancelToken()
    with pytest.raises(CancelledError):
        train(request_for, token=token, watch=lambda seen: token.cancel())
    assert not list((tmp_path / "run").glob("*.onnx"))


def test_another_run_in_the_same_folder_is_refused(request_for):
    train(dataclasses.replace(request_for, steps=1))
    with pytest.raises(
        TrainingError, match=r"another run is in this folder: other .*seed"
    ):
        train(dataclasses.replace(request_for, seed=3))


def test_without_a_folder_the_model_lies_where_the_docks_look(request_for):
    usual = dataclasses.replace(request_for, out=None, steps=1)
    first, second = train(usual), train(dataclasses.replace(usual, seed=1))
    assert own_models() == [first.model, second.model]
    assert first.model.parent.name == "cresunet_fields"
    assert second.model.parent.name == "cresunet_fields_2"


def test_corrected_cells_are_learnt_from(request_for, tmp_path):
    dataset = open_dataset(request_for.dataset)
    before = np.zeros((64, 80), np.int32)
    after = before.copy()
    after[20:30, 20:30] = 1
    with Project.open(tmp_path / "store.sqlite") as project:
        for sample in dataset.samples[:2]:
            project.save_labels(dataset.identity, sample.name, "cells", before, {})
            delta = LabelDelta.between(before, after)
            project.record(dataset.identity, sample.name, "cells", delta, {})
    result = train(
        dataclasses.replace(
            request_for,
            corrected=True,
            project=tmp_path / "store.sqlite",
            steps=1,
        )
    )
    told = result.report["learnt_from"]
    assert told["labels"] == "corrected by a person"
    assert (told["learnt from"], told["held out"]) == (1, 1)


def test_corrections_of_another_size_are_refused(request_for, tmp_path):
    dataset = open_dataset(request_for.dataset)
    name, small = dataset.samples[0].name, np.zeros((8, 8), np.int32)
    with Project.open(tmp_path / "store.sqlite") as project:
        by_hand = {"source": "corrected by hand"}
        project.save_labels(dataset.identity, name, "cells", small, by_hand)
        source = FieldSource(dataset, project)
        (sample,) = source.candidates()
        with pytest.raises(TrainingError, match="the labels are"):
            source.read(sample)


def test_nothing_corrected_is_told(request_for, tmp_path):
    request = dataclasses.replace(
        request_for, corrected=True, project=tmp_path / "store.sqlite"
    )
    with pytest.raises(TrainingError, match="no picture of this set has corrected"):
        train(request)


def test_a_picture_that_cannot_be_read_is_left_out(narrow_model, tmp_path):
    folder = write_fields(tmp_path / "set", 3)
    (folder / "images" / "field1.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    request = TrainingRequest(
        "segmenter", folder, out=tmp_path / "run", start=narrow_model, steps=1
    )
    result = train(request)
    assert result.report["learnt_from"]["learnt from"] == 1
    assert any("field1" in note for note in result.report["notes"])


def test_a_single_picture_gives_a_model_without_figures(request_for):
    one = dataclasses.replace(request_for, samples=("field0",), steps=1)
    result = train(one)
    assert result.metrics == {}
    assert "Nothing was held out" in result.card.read_text(encoding="utf-8")


def test_a_name_that_is_no_sample_is_refused(request_for):
    with pytest.raises(TrainingError, match="'nobody' is no sample"):
        train(dataclasses.replace(request_for, samples=("nobody",)))


def test_pictures_without_cells_are_refused(narrow_model, tmp_path):
    folder = write_fields(tmp_path / "set", 2)
    for mask in (folder / "masks").iterdir():
        from PIL import Image

        Image.fromarray(np.zeros((64, 80), np.uint16)).save(mask)
    request = TrainingRequest(
        "segmenter", folder, out=tmp_path / "run", start=narrow_model, steps=1
    )
    with pytest.raises(TrainingError, match="no cell to learn from"):
        train(request)


def test_a_damaged_run_is_told(request_for, tmp_path):
    train(dataclasses.replace(request_for, steps=1))
    (tmp_path / "run" / "last.pt").write_bytes(b"PK")
    with pytest.raises(
        TrainingError, match=r"the saved run cannot be read \(it is cut short"
    ):
        train(request_for)


def test_grey_pictures_from_scratch_are_stretched(fields, tmp_path, monkeypatch):
    narrow = segmenter.CResUnet(2)
    monkeypatch.setattr(segmenter, "CResUnet", lambda: narrow)
    request = TrainingRequest(
        "segmenter", fields, out=tmp_path / "run", start="scratch", steps=1
    )
    info = read_model_info(train(request).model)
    assert info.normalisation.kind == "percentile"
    assert info.licence == "not stated"
