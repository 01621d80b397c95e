"""A classifier learns from class folders, knows its limits, and goes on from a file."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training is an optional extra")
pytest.importorskip("onnx", reason="training is an optional extra")

from learnable_sets import write_cells, write_fields  # noqa: E402

from napari_cellsets.catalogue import open_dataset  # noqa: E402
from napari_cellsets.core.cancel import CancelToken  # noqa: E402
from napari_cellsets.core.errors import TrainingError  # noqa: E402
from napari_cellsets.inference import own_models  # noqa: E402
from napari_cellsets.inference.classifier import read_classifier_info  # noqa: E402
from napari_cellsets.inference.scoring import score_cells  # noqa: E402
from napari_cellsets.training import classifier  # noqa: E402
from napari_cellsets.training.api import train  # noqa: E402
from napari_cellsets.training.cell_sets import (  # noqa: E402
    read_cells_of,
    samples_with_class,
)
from napari_cellsets.training.cellnet import CellNet  # noqa: E402
from napari_cellsets.training.classifier import (  # noqa: E402
    classifier_from_onnx,
    with_classes,
)
from napari_cellsets.training.cresunet import parameter_count  # noqa: E402
from napari_cellsets.training.densenet import (  # noqa: E402
    PUBLISHED_PARAMETERS,
    DenseNet121,
)
from napari_cellsets.training.export_cells import mean_features  # noqa: E402
from napari_cellsets.training.request import Example, TrainingRequest  # noqa: E402


def make_quick(patch):
    patch.setattr(classifier, "BATCH", 8)
    patch.setattr(classifier, "COMPACT_SIZE", 32)
    narrow = CellNet
    patch.setattr(classifier, "CellNet", lambda k, c=(8, 16, 32): narrow(k, c))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    make_quick(monkeypatch)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    return write_cells(tmp_path_factory.mktemp("cells") / "shapes", 24)


@pytest.fixture(scope="module")
def trained(cells, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "run"
    seen = []
    request = TrainingRequest("classifier", cells, out=out, start="scratch", steps=30)
    with pytest.MonkeyPatch.context() as patch:
        make_quick(patch)
        return train(request, watch=seen.append), seen, request


def test_it_learns_what_differs(trained):
    result, seen, _ = trained
    scores = [one.score for one in seen if getattr(one, "score", None) is not None]
    assert scores[-1] > 0.9
    assert result.metrics["cells"] == 7
    assert result.report["metrics"].keys() == {"after"}


def test_it_tells_how_far_the_last_look_at_all_cells_is(cells, tmp_path):
    told = []
    request = TrainingRequest(
        "classifier", cells, out=tmp_path / "run", start="scratch", steps=1
    )
    train(request, progress=lambda fraction, text: told.append(text))
    looked = [text for text in told if text.startswith("Looking once more")]
    numbers = [int(text.split()[5]) for text in looked]
    assert numbers[0] == 1
    assert numbers == sorted(numbers)
    assert len(numbers) > 2


def test_it_describes_itself(trained):
    info = read_classifier_info(trained[0].model)
    assert info.missing == ()
    assert info.classes == ("disc", "square")
    assert info.size == 32
    assert info.distance_limit > 0
    assert trained[0].model.name == "cell_classifier_compact_shapes.onnx"


def test_what_is_like_nothing_learnt_lies_beyond_the_limit(trained):
    info = read_classifier_info(trained[0].model)
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[::2] = 255
    scores = score_cells([stripes], info)
    assert scores.distance[0] > info.distance_limit


def test_examples_name_truth_and_prediction(trained):
    first = next(one for one in trained[1] if isinstance(one, Example))
    assert {first.truth, first.prediction} <= {"disc", "square"}
    assert first.picture.shape == (32, 32, 3)


def test_an_exported_file_is_gone_on_with(trained, tmp_path):
    result, _, request = trained
    more = dataclasses.replace(request, start=result.model, out=tmp_path, steps=2)
    assert train(more).report["metrics"].keys() == {"before", "after"}


def test_weights_of_a_file_give_its_answers(trained):
    info = read_classifier_info(trained[0].model)
    network = classifier_from_onnx(trained[0].model, info)
    cell = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    middle = torch.from_numpy(cell[None] / np.float32(255)).permute(0, 3, 1, 2)
    side = classifier.side_for("compact", 32)
    with torch.no_grad():
        features = mean_features(network, classifier.middle_of(middle, side))
        logits = network.head(features) / info.temperature
    expected = score_cells([cell], info).probabilities
    np.testing.assert_allclose(logits.softmax(1).numpy(), expected, atol=1e-4)


def test_classes_of_the_same_name_keep_their_weights():
    network = CellNet(2, (4, 4))
    old = network.head.weight[1].clone()
    renamed = with_classes(network, ("a", "b"), ("b", "c", "d"))
    assert torch.equal(renamed.head.weight[0], old)
    assert renamed.head.out_features == 3


def test_without_a_folder_it_lies_where_the_docks_look(trained):
    _, _, request = trained
    result = train(dataclasses.replace(request, out=None, steps=1))
    assert own_models("classification") == [result.model]
    assert own_models() == []


def test_copies_of_a_cell_are_on_one_side(cells, tmp_path):
    folder = tmp_path / "copies"
    shutil.copytree(cells, folder)
    for index in range(6):
        source = folder / "disc" / f"disc_{index}.png"
        shutil.copy(source, folder / "disc" / f"copy_{index}.png")
    request = TrainingRequest(
        "classifier", folder, out=tmp_path / "run", start="scratch", steps=1
    )
    train(request)
    split = json.loads((tmp_path / "run" / "split.json").read_text(encoding="utf-8"))
    assert len(split["near duplicates"]) == 6
    for first, second in split["near duplicates"]:
        for part in ("train", "validation", "test"):
            assert (first in split[part]) == (second in split[part])


def test_a_class_with_no_cell_left_to_learn_from_is_told(cells, tmp_path):
    folder = tmp_path / "set"
    for part, classes in (("train", ["disc"]), ("test", ["disc", "square"])):
        for name in classes:
            (folder / part / name).mkdir(parents=True)
            for index in range(3):
                start = 3 if part == "test" else 0
                source = cells / name / f"{name}_{start + index}.png"
                shutil.copy(source, folder / part / name)
    request = TrainingRequest(
        "classifier", folder, out=tmp_path / "run", start="scratch"
    )
    with pytest.raises(TrainingError, match="no cell of square is left"):
        train(request)


def test_fields_are_no_cells(tmp_path):
    folder = write_fields(tmp_path / "set", 2)
    request = TrainingRequest("classifier", folder, start="scratch", steps=1)
    with pytest.raises(TrainingError, match="single cells of two classes or more"):
        train(request)


def test_cells_that_cannot_be_read_are_left_out_and_told(cells, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(cells, folder)
    for file in list(folder.rglob("*_1.png")):
        file.write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    dataset = open_dataset(folder)
    samples = samples_with_class(dataset, ())
    info = classifier._plain_info(TrainingRequest("classifier", folder))
    found = read_cells_of(
        dataset, samples, info, CancelToken(), lambda done, told: None
    )
    assert (len(found.cells), len(found.problems)) == (46, 2)
    broken = [sample for sample in samples if sample.image.endswith("_1.png")]
    with pytest.raises(TrainingError, match="no cell of this set can be read"):
        read_cells_of(dataset, broken, info, CancelToken(), lambda done, told: None)


def test_a_model_of_another_form_is_not_gone_on_with(cells, narrow_model, trained):
    info = read_classifier_info(trained[0].model)
    with pytest.raises(TrainingError, match="not of the form that can be trained"):
        classifier_from_onnx(narrow_model, info)


def test_densenet_begins_from_scratch_only(cells, tmp_path):
    file = tmp_path / "a.onnx"
    request = TrainingRequest(
        "classifier", cells, start=file, architecture="densenet121", steps=1
    )
    with pytest.raises(TrainingError, match="only compact networks can go on"):
        train(request)


def test_densenet_has_the_published_number_of_parameters():
    assert parameter_count(DenseNet121(1000)) == PUBLISHED_PARAMETERS == 7_978_856
    assert parameter_count(DenseNet121(13)) == 6_967_181


def test_densenet_names_a_cell():
    network = DenseNet121(3).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 64)).shape == (1, 3)
        assert network.features(torch.rand(1, 3, 64, 64)).shape == (1, 1024)
