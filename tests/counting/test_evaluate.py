from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from skimage.io import imread

from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting import matching
from napari_cellsets.counting.evaluate import chance_f1, evaluate
from napari_cellsets.counting.matching import (
    match_by_distance,
    match_greedily,
    most_matches,
)


def blocks(*places: tuple[int, int], shape=(300, 300), side: int = 12) -> np.ndarray:
    labels = np.zeros(shape, np.int32)
    for k, (y, x) in enumerate(places, 1):
        labels[y : y + side, x : x + side] = k
    return labels


@pytest.fixture(scope="module")
def real_truth(request) -> list[np.ndarray]:
    """Instances of every mask of Fluorescent Neuronal Cells v1 that is at hand."""
    folder = request.getfixturevalue("real_samples") / "fluorescent_neuronal_cells_v1"
    masks = [imread(p) for p in sorted((folder / "all_masks/masks").glob("*.png"))]
    flat = [m if m.ndim == 2 else m[..., 0] for m in masks]
    return [ndimage.label(m > 0, np.ones((3, 3)))[0].astype(np.int32) for m in flat]


def test_equal_labels_match_completely_under_every_rule():
    truth = blocks((20, 20), (100, 200))
    found = evaluate(truth, truth)
    for rule in (found.by_centres, found.by_iou, found.published):
        assert (rule.precision, rule.recall, rule.f1) == (1, 1, 1)
    assert found.matched.tolist() == [[1, 1], [2, 2]]
    assert found.count_error == 0


def test_matched_missed_and_extra_are_named_by_their_labels():
    truth = np.array([0, 5, 8])[blocks((20, 20), (100, 200))]
    predicted = np.array([0, 3, 4])[blocks((22, 22), (250, 20))]
    found = evaluate(predicted, truth)
    assert found.matched.tolist() == [[3, 5]]
    assert found.missed.tolist() == [8]
    assert found.extra.tolist() == [4]
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    counts = (found.true_positives, found.false_positives, found.false_negatives)
    assert counts == (1, 1, 1)


def test_the_rules_are_stated():
    found = evaluate(blocks((20, 20)), blocks((20, 20)), radius_px=25, iou=0.6)
    assert found.by_centres.rule == "centroids within 25 px, one to one"
    assert found.by_iou.rule == "IoU above 0.6, one to one"
    assert "50 px, greedy" in found.published.rule
    assert (found.radius_px, found.iou) == (25, 0.6)


def test_two_empty_images_agree():
    empty = np.zeros((20, 20), int)
    found = evaluate(empty, empty)
    assert (found.precision, found.recall, found.f1) == (1, 1, 1)
    assert found.by_iou.f1 == 1
    assert found.chance_f1 == 1


@pytest.mark.parametrize("swapped", [False, True])
def test_one_empty_image_scores_nothing(swapped):
    images = [np.zeros((300, 300), int), blocks((20, 20))]
    found = evaluate(*(images[::-1] if swapped else images))
    assert (found.precision, found.recall, found.f1) == (0, 0, 0)
    assert found.count_error == (1 if swapped else -1)


def test_cutting_each_cell_in_three_does_not_score_well(real_truth):
    for truth in real_truth:
        cut = np.zeros_like(truth)
        for k, box in enumerate(ndimage.find_objects(truth), 1):
            rows = np.indices(truth[box].shape)[0]
            third = 3 * rows // truth[box].shape[0]
            cut[box] += np.where(truth[box] == k, 3 * k - 2 + third, 0)
        found = evaluate(cut, truth)
        assert found.recall == 1
        assert found.f1 <= 0.51
        assert found.by_iou.f1 <= 0.2
        assert found.count_error >= 2 * found.truth_count - 3


def test_shifted_masks_match_by_centres_and_not_by_overlap(real_truth):
    for truth in real_truth:
        shifted = np.zeros_like(truth)
        shifted[:, 30:] = truth[:, :-30]
        found = evaluate(shifted, truth)
        assert found.f1 > 0.9
        assert found.by_iou.f1 < 0.3


def test_greedy_order_costs_matches_that_one_to_one_finds():
    truth = blocks((100, 100), (100, 140))
    predicted = blocks((100, 125), (100, 171))
    found = evaluate(predicted, truth)
    assert found.true_positives == 2
    assert found.published.true_positives == 1


def test_the_published_order_is_that_of_places_and_not_of_numbers():
    truth = blocks((100, 100), (100, 140))
    predicted = np.array([0, 2, 1])[blocks((100, 125), (100, 171))]
    found = evaluate(predicted, truth).published
    assert found.matched.tolist() == [[2, 2]]


def test_the_published_rule_goes_by_centres_of_boxes():
    truth = np.zeros((200, 300), np.int32)
    truth[100:103, 100:200] = 1
    truth[50:103, 100:103] = 1
    predicted = blocks((118, 145), shape=(200, 300), side=3)
    found = evaluate(predicted, truth)
    assert found.published.true_positives == 1
    assert evaluate(predicted, truth, radius_px=20).true_positives == 0


def test_the_published_rule_takes_nothing_at_its_radius_ours_does():
    truth, predicted = blocks((100, 100)), blocks((100, 150))
    found = evaluate(predicted, truth, radius_px=50)
    assert found.true_positives == 1
    assert found.published.true_positives == 0


def test_overlap_must_exceed_the_iou():
    truth = np.zeros((30, 30), int)
    truth[0, :20] = 1
    predicted = np.zeros((30, 30), int)
    predicted[0, :10] = 1
    assert evaluate(predicted, truth).by_iou.true_positives == 0
    predicted[0, 10] = 1
    assert evaluate(predicted, truth).by_iou.true_positives == 1


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_overlaps_are_those_of_every_pair(seed):
    rng = np.random.default_rng(seed)
    one, other = (
        cv2.resize(
            rng.integers(0, 4, (5, 5)).astype(np.float32),
            (20, 20),
            interpolation=cv2.INTER_NEAREST,
        ).astype(np.int32)
        for _ in range(2)
    )
    other = np.roll(np.where(rng.random((20, 20)) < 0.8, one, other), 1, axis=1)
    expected = []
    for p, t in itertools.product(np.unique(one), np.unique(other)):
        both, either = (one == p) & (other == t), (one == p) | (other == t)
        if p and t and both.sum() > 0.5 * either.sum():
            expected.append([p, t])
    assert evaluate(one, other).by_iou.matched.tolist() == expected


def test_objects_of_different_planes_do_not_match():
    stack = np.zeros((2, 300, 300), np.int32)
    stack[0] = blocks((20, 20))
    other = stack[::-1].copy()
    assert evaluate(stack, stack).f1 == 1
    found = evaluate(stack, other)
    assert (found.f1, found.by_iou.f1, found.published.f1) == (0, 0, 0)


def test_labels_of_another_size_are_refused():
    with pytest.raises(CellsetsError, match=r"one size, found \(3, 3\) and \(4, 4\)"):
        evaluate(np.zeros((3, 3), int), np.zeros((4, 4), int))


@pytest.mark.parametrize("rule", [{"radius_px": 0}, {"iou": 0.4}, {"iou": 1.0}])
def test_rules_without_meaning_are_refused(rule):
    with pytest.raises(CellsetsError, match="a radius above 0 and an IoU"):
        evaluate(np.zeros((3, 3), int), np.zeros((3, 3), int), **rule)


def best_by_trying(a: np.ndarray, b: np.ndarray, radius: float) -> tuple[int, float]:
    """Most pairs, then least distance, by trying every assignment."""
    if len(a) > len(b):
        a, b = b, a
    best = (0, 0.0)
    for order in itertools.permutations(range(len(b)), len(a)):
        away = [float(np.hypot(*(a[i] - b[j]))) for i, j in enumerate(order)]
        near = [d for d in away if d <= radius]
        best = max(best, (len(near), -sum(near)))
    return best


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(0, 5),
    m=st.integers(0, 5),
    dense=st.booleans(),
)
def test_assignment_is_the_best_of_all(seed, n, m, dense):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 100, (n, 2)), rng.uniform(0, 100, (m, 2))
    with pytest.MonkeyPatch.context() as patch:
        if not dense:
            patch.setattr(matching, "DENSE_GROUP", 0)
        pairs = match_by_distance(a, b, 40)
    away = np.hypot(*(a[pairs[:, 0]] - b[pairs[:, 1]]).T)
    most, least = best_by_trying(a, b, 40) if n and m else (0, 0.0)
    assert len(pairs) == most == most_matches(a, b, 40)
    assert -away.sum() == pytest.approx(least)
    assert all(len(set(side)) == len(pairs) for side in pairs.T.tolist())


def test_a_large_crowd_is_matched_without_a_matrix():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 800, (900, 2))
    predicted = truth + rng.normal(0, 5, truth.shape)
    pairs = match_by_distance(predicted, truth, 40)
    cost = cdist(predicted, truth)
    best = cost[linear_sum_assignment(cost)].sum()
    assert len(pairs) == 900
    assert cost[tuple(pairs.T)].sum() == pytest.approx(best)


def test_greedy_pairs_are_one_to_one():
    rng = np.random.default_rng(0)
    pairs = match_greedily(rng.random((50, 2)) * 99, rng.random((50, 2)) * 99, 50)
    assert len(set(pairs[:, 0].tolist())) == len(set(pairs[:, 1].tolist()))


@pytest.mark.parametrize(
    ("points", "radius", "published"),
    [
        (8, 40, 0.016),
        (35, 40, 0.081),
        (69, 40, 0.146),
        (150, 40, 0.279),
        (69, 15, 0.024),
    ],
)
def test_the_chance_level_is_that_of_random_points(points, radius, published):
    found = chance_f1(points, points, (1200, 1600), radius)
    assert found == pytest.approx(published, abs=0.03)


def test_the_chance_level_depends_on_the_density_only():
    small = chance_f1(250, 250, (1000, 1000), 40)
    large = chance_f1(25_000, 25_000, (10_000, 10_000), 40)
    assert small == pytest.approx(large, abs=0.03)


def test_a_prediction_by_chance_reaches_the_chance_level():
    rng = np.random.default_rng(3)
    found = []
    for _ in range(12):
        places = [rng.integers(0, 285, (10, 2)).tolist() for _ in range(2)]
        found.append(evaluate(blocks(*places[0]), blocks(*places[1])))
    scores = np.mean([e.f1 for e in found])
    level = np.mean([e.chance_f1 for e in found])
    assert scores == pytest.approx(level, abs=0.12)
