from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.cancel import CancelToken
from napari_cellsets.core.errors import CancelledError, ModelError
from napari_cellsets.inference import (
    ClassifierInfo,
    classifier,
    default_classifier,
    prepare_cell,
    read_classifier_info,
    read_model_info,
    score_cells,
    shipped_classifiers,
    shipped_models,
)
from napari_cellsets.inference.scoring import score_batches
from tiny_classifiers import CLASSES, SAYS, gem, gem_classifier
from tiny_models import make_pointwise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["make_pointwise"]

FACTS: dict[str, Any] = {
    "channel_order": "rgb",
    "normalisation": {"kind": "divide", "value": 255},
    "output_kind": "logit",
    "classes": list(CLASSES),
}


@pytest.fixture
def gems(tmp_path: Path) -> ClassifierInfo:
    return read_classifier_info(gem_classifier(tmp_path / "gems.onnx"))


def named(info: ClassifierInfo, *cells: np.ndarray) -> list[str]:
    best = score_cells(cells, info).probabilities.argmax(axis=1)
    return [info.classes[k] for k in best]


def test_metadata_describe_a_classifier_completely(gems: ClassifierInfo) -> None:
    assert gems.missing == ()
    assert (gems.size, gems.classes, gems.output_kind) == (16, CLASSES, "logit")
    assert (gems.title("ruby"), gems.title("emerald")) == ("red gem", "emerald")
    assert (gems.distance_output, gems.distance_limit) == ("distance", 0.7)


def test_a_bare_classifier_is_asked_what_its_graph_does_not_tell(
    tmp_path: Path,
) -> None:
    info = read_classifier_info(gem_classifier(tmp_path / "m.onnx", says=None))
    assert info.missing == tuple(FACTS)
    assert (info.layout, info.size, info.channels) == ("nchw", 16, 3)
    assert named(info.replace(**FACTS), gem("emerald")) == ["emerald"]


def test_a_bare_classifier_of_free_size_is_asked_for_its_size(tmp_path: Path) -> None:
    info = read_classifier_info(gem_classifier(tmp_path / "m", says=None, size="s"))
    assert "size" in info.missing


def test_a_bare_classifier_that_ends_in_a_softmax_gives_its_shares(
    tmp_path: Path,
) -> None:
    bare = read_classifier_info(
        gem_classifier(tmp_path / "m.onnx", says=None, softmax=True, sharpness=1.0)
    ).replace(**{**FACTS, "output_kind": "probability"})
    logit = read_classifier_info(gem_classifier(tmp_path / "l.onnx", sharpness=1.0))
    one = score_cells([gem("ruby")], bare).probabilities
    assert one == pytest.approx(score_cells([gem("ruby")], logit).probabilities)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_any_layout_and_batch_names_the_same(
    tmp_path: Path, layout: str, batch: Any
) -> None:
    says = {**SAYS, "layout": layout}
    path = gem_classifier(tmp_path / "m", says=says, layout=layout, batch=batch)
    order = [*CLASSES, "ruby", "sapphire"]
    assert named(read_classifier_info(path), *map(gem, order)) == order


def test_probabilities_sum_to_one_and_distance_is_told(gems: ClassifierInfo) -> None:
    scores = score_cells([gem("ruby"), gem("ruby", light=10)], gems)
    assert scores.probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert scores.distance == pytest.approx([5 / 255, 245 / 255], abs=1e-6)


def test_a_model_without_distance_tells_none(tmp_path: Path) -> None:
    says = {k: v for k, v in SAYS.items() if not k.startswith("distance")}
    info = read_classifier_info(gem_classifier(tmp_path / "m.onnx", says=says))
    assert score_cells([gem("ruby")], info).distance is None
    assert score_cells([], info).distance is None


def test_no_cells_give_no_rows(gems: ClassifierInfo) -> None:
    scores = score_cells([], gems)
    assert (scores.probabilities.shape, len(scores)) == ((0, 3), 0)
    assert scores.distance is not None


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.float64])
def test_depth_makes_no_difference(gems: ClassifierInfo, kind: type) -> None:
    white = {np.uint8: 255, np.uint16: 65535}.get(kind, 1.0)
    cell = (gem("emerald", light=255) / 255 * white).astype(kind)
    cell[0, 0] = white
    eight = gem("emerald", light=255)
    eight[0, 0] = 255
    got = score_cells([cell], gems).distance
    assert got == pytest.approx(score_cells([eight], gems).distance, abs=1e-3)


def test_pixels_that_are_no_numbers_count_as_dark(gems: ClassifierInfo) -> None:
    cell = gem("ruby").astype(np.float32) / 255
    cell[:4] = np.nan
    assert named(gems, cell) == ["ruby"]


def test_a_bgr_model_gets_its_order(tmp_path: Path) -> None:
    says = {**SAYS, "channel_order": "bgr"}
    info = read_classifier_info(gem_classifier(tmp_path / "m.onnx", says=says))
    assert named(info, gem("ruby")) == ["sapphire"]


def test_mean_and_spread_of_the_training_are_applied(tmp_path: Path) -> None:
    says = {**SAYS, "mean": [0.9, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}
    info = read_classifier_info(gem_classifier(tmp_path / "m.onnx", says=says))
    pale = gem("ruby") + gem("emerald", light=100)
    assert named(info, pale) == ["emerald"]


def test_a_grey_cell_feeds_every_channel(gems: ClassifierInfo) -> None:
    scores = score_cells([np.full((9, 9), 200, np.uint8)], gems)
    assert scores.probabilities == pytest.approx(np.full((1, 3), 1 / 3))


@given(
    st.integers(1, 60), st.integers(1, 60), st.sampled_from([1, 3]), st.integers(8, 40)
)
@settings(max_examples=40, deadline=None)
def test_any_size_becomes_the_size_of_the_model_and_keeps_its_level(
    height: int, width: int, channels: int, size: int
) -> None:
    says = {**SAYS, "path": "x", "size": size, "output_kind": "logit"}
    info = ClassifierInfo.model_validate(says)
    ready = prepare_cell(np.full((height, width, channels), 77, np.uint8), info)
    assert ready.pixels.shape == (size, size, channels)
    assert (ready.pixels == 77).all()


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (2, 4, 4, 3), (0, 4, 3)])
def test_what_is_no_picture_of_a_cell_is_refused(
    gems: ClassifierInfo, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ModelError, match="a picture of one cell was expected"):
        prepare_cell(np.zeros(shape, np.uint8), gems)


def test_cells_are_taken_as_they_are_needed(gems: ClassifierInfo) -> None:
    taken = []

    def endless() -> Any:
        while True:
            taken.append(1)
            yield gem("ruby")

    batches = score_batches(endless(), gems, batch=4)
    assert (len(next(batches)), len(taken)) == (4, 4)
    assert (len(next(batches)), len(taken)) == (4, 8)


def test_progress_counts_cells(gems: ClassifierInfo) -> None:
    told: list[tuple[float, str]] = []
    cells = [gem("ruby")] * 5
    score_cells(
        cells, gems, total=5, batch=2, progress=lambda f, t: told.append((f, t))
    )
    assert told == [(0.4, "2 of 5 cells"), (0.8, "4 of 5 cells"), (1.0, "5 of 5 cells")]


def test_cancel_stops_between_batches(gems: ClassifierInfo) -> None:
    token = CancelToken()
    batches = score_batches([gem("ruby")] * 8, gems, token=token, batch=2)
    next(batches)
    token.cancel()
    with pytest.raises(CancelledError, match="Cancelled"):
        next(batches)


def test_a_model_that_is_not_complete_says_what_it_lacks(tmp_path: Path) -> None:
    info = read_classifier_info(gem_classifier(tmp_path / "m.onnx", says=None))
    with pytest.raises(ModelError, match="does not say its channel_order, normali"):
        score_cells([gem("ruby")], info)


def test_more_classes_than_the_graph_gives_are_noticed(tmp_path: Path) -> None:
    info = read_classifier_info(gem_classifier(tmp_path / "m.onnx"))
    many = info.replace(classes=("a", "b", "c", "d"))
    with pytest.raises(ModelError, match=r"answer of shape \(1, 3\) for 1 cells and 4"):
        score_cells([gem("ruby")], many)


def test_answers_that_are_no_numbers_are_noticed(tmp_path: Path) -> None:
    path = gem_classifier(tmp_path / "m.onnx", sharpness=float("nan"))
    with pytest.raises(ModelError, match="answers that are no numbers"):
        score_cells([gem("ruby")], read_classifier_info(path))


def test_a_model_of_whole_numbers_is_refused(gems: ClassifierInfo) -> None:
    with pytest.raises(ModelError, match=r"numbers of type tensor\(int8\)"):
        prepare_cell(gem("ruby"), gems.replace(element="tensor(int8)"))


def test_a_lack_of_memory_is_said(
    gems: ClassifierInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> list[np.ndarray]:
        raise MemoryError

    monkeypatch.setattr("napari_cellsets.inference.scoring.run_engine", fail)
    with pytest.raises(ModelError, match="does not fit into the memory"):
        score_cells([gem("ruby")], gems)


def test_a_segmenter_is_no_classifier(make_pointwise: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, match="no classifier of cells: its task is 'seg"):
        read_classifier_info(make_pointwise())
    with pytest.raises(ModelError, match=r"gives .*expected one row of classes a cell"):
        read_classifier_info(make_pointwise(metadata=None))


def test_a_classifier_is_no_segmenter(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="classifiers cannot be used here"):
        read_model_info(gem_classifier(tmp_path / "m.onnx", says=None, batch=1))


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ({"output": "scores"}, "names the output 'scores'"),
        ({"input": "image"}, "names the input 'image'"),
        ({"distance_output": "far"}, "names the output 'far', which the graph lacks"),
        ({"classes": ["a", "b"]}, "names 2 classes, the graph gives 3"),
        ({"classes": ["a", "a", "b"]}, "two classes have one name"),
        ({"mean": [0.5]}, "mean and std need one number a channel"),
        ({"size": 2}, "the model's size is not usable"),
    ],
)
def test_metadata_that_contradict_the_graph_are_refused(
    tmp_path: Path, says: dict[str, Any], message: str
) -> None:
    path = gem_classifier(tmp_path / "m.onnx", says={**SAYS, **says})
    with pytest.raises(ModelError, match=message):
        read_classifier_info(path)


def test_shipped_models_are_told_apart_by_what_they_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cell_classifier_b", "cell_classifier_pbc", "other"):
        (tmp_path / f"{name}.onnx").touch()
    default = tmp_path / "cell_classifier_pbc.onnx"
    monkeypatch.setattr(classifier, "MODELS", tmp_path)
    monkeypatch.setattr(classifier, "DEFAULT_CLASSIFIER", default)
    monkeypatch.setattr("napari_cellsets.inference.metadata.MODELS", tmp_path)
    assert [p.stem for p in shipped_classifiers()] == [
        default.stem,
        "cell_classifier_b",
    ]
    assert [p.stem for p in shipped_models()] == ["other"]
    assert default_classifier() == default


def test_an_installation_without_classifier_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "DEFAULT_CLASSIFIER", tmp_path / "absent.onnx")
    with pytest.raises(ModelError, match="classifier is not in this installation"):
        default_classifier()
