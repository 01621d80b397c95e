from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting import runs
from napari_cellsets.counting.confidence import (
    ACROSS_PX,
    Trust,
    confidence,
    count_interval,
    expected_count,
    object_features,
    trust_in,
)
from napari_cellsets.counting.fit_confidence import Judged, fit_trust, judge
from napari_cellsets.counting.measure import measure
from napari_cellsets.inference.trust import IntervalRule, TrustRule

RULE = TrustRule(log_area=5.0, bias=-2.0, weights={"mean": 4.0, "edge": 2.0})


def features_of(labels: np.ndarray, field: np.ndarray) -> dict[str, np.ndarray]:
    return object_features(labels, field, measure(labels).columns)


def slow_drop(labels: np.ndarray, field: np.ndarray, label: int) -> float:
    """Every pixel of the object, every way, one by one."""
    drops = []
    height, width = labels.shape
    for y, x in zip(*np.nonzero(labels == label), strict=True):
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            v, u = y + dy * ACROSS_PX, x + dx * ACROSS_PX
            if 0 <= v < height and 0 <= u < width and labels[v, u] != label:
                drops.append(float(field[y, x]) - float(field[v, u]))
    return float(np.mean(drops)) if drops else 0.0


@settings(deadline=None, max_examples=50)
@given(
    hnp.arrays(np.int32, (9, 11), elements=st.sampled_from([0, 0, 2, 5, 6])),
    st.integers(0, 1000),
    st.sampled_from([1, 22, 1000]),
)
def test_features_are_those_of_the_slow_way(labels, seed, strip):
    field = np.random.default_rng(seed).random(labels.shape).astype(np.float32)
    before = runs.STRIP_PIXELS
    runs.STRIP_PIXELS = strip
    try:
        found = features_of(labels, field)
    finally:
        runs.STRIP_PIXELS = before
    numbers = np.unique(labels[labels > 0])
    for k, number in enumerate(numbers):
        inside = labels == number
        assert found["mean"][k] == pytest.approx(field[inside].mean(), abs=1e-5)
        assert found["edge"][k] == pytest.approx(
            slow_drop(labels, field, int(number)), abs=1e-5
        )
        y, x = np.nonzero(inside)
        cut = y.min() == 0 or x.min() == 0 or y.max() == 8 or x.max() == 10
        assert found["border"][k] == cut


def test_a_disc_is_round_and_a_rod_is_not():
    labels = np.zeros((80, 80), np.int32)
    y, x = np.indices(labels.shape)
    labels[(y - 25) ** 2 + (x - 25) ** 2 <= 15**2] = 1
    labels[60:64, 5:75] = 2
    disc, rod = features_of(labels, np.ones(labels.shape))["round"]
    assert disc > 0.9
    assert rod < 0.35


def test_objects_of_a_stack_are_seen_in_their_own_plane():
    labels = np.zeros((2, 20, 20), np.int32)
    labels[0, 5:10, 5:10], labels[1, 5:10, 5:10] = 1, 2
    field = np.stack([np.full((20, 20), 0.9), np.full((20, 20), 0.4)])
    assert features_of(labels, field)["mean"] == pytest.approx([0.9, 0.4])


def test_a_blurred_object_is_less_sure_than_a_sharp_one():
    import cv2

    labels = np.zeros((60, 120), np.int32)
    labels[20:40, 20:40], labels[20:40, 80:100] = 1, 2
    sharp = (labels > 0).astype(np.float32)
    field = np.where(np.arange(120) < 60, sharp, cv2.GaussianBlur(sharp, (0, 0), 5))
    sure = confidence(features_of(labels, field), RULE)
    assert sure[0] > sure[1]


def trusted(labels: np.ndarray, field: np.ndarray, rule=RULE, **more) -> Trust | None:
    return trust_in(labels, field, measure(labels).columns, rule, **more)


def squares() -> tuple[np.ndarray, np.ndarray]:
    labels = np.zeros((40, 40), np.int32)
    labels[5:15, 5:15], labels[20:35, 20:35] = 4, 9
    return labels, (labels > 0).astype(np.float32)


def test_the_last_column_of_the_table_is_confidence():
    labels, field = squares()
    table = trusted(labels, field).into(measure(labels))
    assert list(table.columns)[-1] == "confidence"
    assert ((table.columns["confidence"] > 0) & (table.columns["confidence"] < 1)).all()


def test_cells_drawn_later_have_no_confidence():
    labels, field = squares()
    trust = trusted(labels, field)
    labels[36:39, 0:3] = 12
    labels[labels == 4] = 0
    column = trust.into(measure(labels)).columns["confidence"]
    assert column[0] == trust.confidence[1]
    assert np.isnan(column[1])


def test_an_empty_picture_has_no_confidence_to_tell():
    labels = np.zeros((20, 20), np.int32)
    trust = trusted(labels, np.zeros((20, 20)))
    assert trust.into(measure(labels)).columns["confidence"].shape == (0,)
    drawn_by_hand, _ = squares()
    column = trust.into(measure(drawn_by_hand)).columns["confidence"]
    assert np.isnan(column).all()


def test_limits_are_told_for_whole_pictures_with_the_settings_they_hold_for():
    labels, field = squares()
    limits = IntervalRule(level=0.8, missed=0.1, low=1, high=1)
    rule = RULE.model_copy(update={"interval": limits})
    assert trusted(labels, field, rule).interval.level == 0.8
    assert trusted(labels, field, rule, whole=False).interval is None
    stack = trusted(labels[None], field[None], rule)
    assert stack.interval is None


def test_a_model_that_was_not_measured_tells_nothing():
    labels, field = squares()
    assert trusted(labels, field, None) is None
    assert trusted(labels, field[:20]) is None


def test_trust_is_kept_as_json_and_read_again():
    labels, field = squares()
    limits = IntervalRule(level=0.8, missed=0.1, low=1, high=1)
    trust = trusted(labels, field, RULE.model_copy(update={"interval": limits}))
    again = Trust.from_json(json.loads(json.dumps(trust.as_json())))
    assert again.interval == trust.interval
    assert again.labels.tolist() == trust.labels.tolist()
    assert again.confidence == pytest.approx(trust.confidence, abs=1e-4)


@pytest.mark.parametrize(
    "told",
    [
        None,
        7,
        {},
        {"labels": [1], "confidence": [0.5, 0.6], "interval": None},
        {"labels": ["a"], "confidence": [0.5], "interval": None},
        {"labels": [1], "confidence": [0.5], "interval": [1]},
    ],
)
def test_what_is_no_trust_is_passed_over(told):
    assert Trust.from_json(told) is None


def test_weights_of_what_nobody_measures_are_refused():
    with pytest.raises(ValueError, match="unknown features: luck"):
        TrustRule(log_area=1, bias=0, weights={"luck": 1})


@given(
    hnp.arrays(np.float64, st.integers(0, 60), elements=st.floats(0, 1)),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
def test_the_interval_holds_the_count_and_grows_with_its_reach(sure, missed, spread):
    rule = IntervalRule(level=0.8, missed=missed, spread=spread, low=1, high=1)
    narrow = count_interval(sure, rule)
    wide = count_interval(sure, rule.model_copy(update={"low": 2.0, "high": 2.0}))
    assert 0 <= wide.low <= narrow.low <= sure.size <= narrow.high <= wide.high


def test_what_is_expected_leaves_out_the_doubtful_and_adds_the_missed():
    rule = IntervalRule(level=0.8, missed=0.1, low=1, high=1)
    middle, spread = expected_count(np.array([1.0, 1.0, 0.5, 0.5]), rule)
    assert middle == pytest.approx(3.3)
    assert spread == pytest.approx(np.sqrt(0.5 + 0.3 + 0.25))


def drawn(seed: int, cells: int = 40) -> Judged:
    """Right objects have a high mean, wrong ones a low one; a tenth is missed."""
    rng = np.random.default_rng(seed)
    right = rng.random(cells) < 0.8
    mean = np.where(right, rng.normal(0.9, 0.05, cells), rng.normal(0.7, 0.05, cells))
    features = {
        "mean": mean,
        "edge": rng.random(cells),
        "log_area": rng.normal(6, 0.3, cells),
        "round": rng.random(cells),
        "border": np.zeros(cells),
    }
    return Judged(features, right, int(right.sum()) + rng.binomial(40, 0.1))


def test_fitted_confidence_ranks_what_tells_right_from_wrong():
    rule = fit_trust([drawn(k) for k in range(30)], right="drawn")
    fresh = drawn(1000, 400)
    sure = confidence(fresh.features, rule)
    wrong = sure[~fresh.right]
    assert np.mean(sure[fresh.right][:, None] > wrong) > 0.97
    assert abs(sure.mean() - fresh.right.mean()) < 0.05


def test_fitted_limits_hold_fresh_counts_about_as_often_as_said():
    rule = fit_trust([drawn(k) for k in range(100)], right="drawn", level=0.8)
    held = 0
    for k in range(200):
        fresh = drawn(5000 + k)
        limits = count_interval(confidence(fresh.features, rule), rule.interval)
        held += limits.low <= fresh.truth <= limits.high
    assert 0.72 <= held / 200 <= 0.97


def test_a_picture_is_judged_by_overlap_or_by_centres():
    truth = np.zeros((120, 120), np.int32)
    truth[10:40, 10:40], truth[80:110, 80:110] = 1, 2
    labels = np.zeros_like(truth)
    labels[10:40, 10:40], labels[85:95, 85:95] = 1, 2
    field = (labels > 0).astype(np.float32)
    by_iou = judge(labels, field, truth, by_iou=True)
    assert by_iou.right.tolist() == [True, False]
    assert judge(labels, field, truth).right.tolist() == [True, True]
    assert by_iou.truth == 2


def test_nothing_can_be_fitted_without_wrong_objects():
    one = drawn(1)
    sure = Judged(one.features, np.ones_like(one.right), one.truth)
    with pytest.raises(CellsetsError, match="right and wrong objects"):
        fit_trust([sure, sure], right="drawn")
    with pytest.raises(CellsetsError, match="right and wrong objects"):
        fit_trust([], right="drawn")
