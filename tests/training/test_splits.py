"""No picture, patient, slide or near duplicate is on two sides of a split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellsets.core.errors import TrainingError
from napari_cellsets.core.sample import Sample
from napari_cellsets.training.duplicates import Fingerprint, fingerprint
from napari_cellsets.training.splits import group_samples, split_samples


def sample(number, split="", **facts):
    return Sample(f"s{number}", f"s{number}.png", (), split, facts)


def different(number):
    """Fingerprints of pictures that have nothing in common."""
    rng = np.random.default_rng(3)
    return [
        fingerprint(rng.integers(0, 255, (32, 32), np.uint8)) for _ in range(number)
    ]


def sides(split):
    return set(split.train), set(split.validation), set(split.test)


def test_a_large_set_has_three_separate_parts():
    samples = [sample(i) for i in range(60)]
    split = split_samples(samples, different(60))
    train, validation, test = sides(split)
    assert len(train) + len(validation) + len(test) == 60
    assert (len(validation), len(test)) == (6, 9)
    assert not train & validation
    assert not (train | validation) & test
    assert not split.shared


def test_a_small_set_holds_out_one_part_and_says_so():
    split = split_samples([sample(i) for i in range(4)], different(4))
    assert len(split.train) == 3
    assert split.validation == split.test
    assert split.shared
    assert any("too kind" in sentence for sentence in split.told)


def test_a_single_picture_is_learnt_from_and_nothing_held_out():
    split = split_samples([sample(0)], different(1))
    assert split.train == ("s0",)
    assert split.validation == split.test == ()


def test_the_split_depends_on_the_seed_alone():
    samples, prints = [sample(i) for i in range(40)], different(40)
    assert split_samples(samples, prints) == split_samples(samples, prints)
    assert split_samples(samples, prints, seed=1) != split_samples(samples, prints)


def test_the_published_split_is_kept():
    parts = ("train",) * 6 + ("val",) * 2 + ("test",) * 3
    samples = [sample(i, part) for i, part in enumerate(parts)]
    split = split_samples(samples, different(11))
    assert split.train == tuple(f"s{i}" for i in range(6))
    assert split.validation == ("s6", "s7")
    assert split.test == ("s8", "s9", "s10")
    assert "The split is the published one." in split.told


def test_validation_comes_out_of_training_where_only_a_test_part_is_published():
    samples = [sample(i, "test" if i < 10 else "trainval") for i in range(60)]
    split = split_samples(samples, different(60))
    assert split.test == tuple(f"s{i}" for i in range(10))
    assert len(split.validation) == 5
    assert not set(split.validation) & set(split.test)


def test_a_training_picture_near_a_published_test_picture_is_left_out():
    samples = [sample(i, "test" if i < 3 else "train") for i in range(10)]
    prints = different(10)
    prints[7] = prints[1]
    split = split_samples(samples, prints)
    assert split.left_out == ("s7",)
    assert "s7" not in split.train
    assert split.duplicates == (("s1", "s7"),)


def test_nothing_left_to_learn_from_is_told():
    samples = [sample(0, "test"), sample(1, "train")]
    with pytest.raises(TrainingError, match="no picture is left to learn from"):
        split_samples(samples, different(1) * 2)


@pytest.mark.parametrize("fact", ["patient", "slide"])
def test_pictures_of_one_patient_or_slide_stay_together(fact):
    samples = [sample(i, **{fact: f"p{i % 25}"}) for i in range(100)]
    split = split_samples(samples, different(100))
    of = {s.name: s.facts[fact] for s in samples}
    parts = [{of[name] for name in part} for part in sides(split)]
    assert all(parts)
    assert not parts[0] & parts[1]
    assert not (parts[0] | parts[1]) & parts[2]
    assert any(f"one {fact} are on one side (25" in text for text in split.told)


def test_every_class_gets_its_share():
    kinds = ["common"] * 160 + ["rare"] * 20
    split = split_samples(
        [sample(i) for i in range(180)], different(180), classes=kinds
    )
    rare = {f"s{i}" for i in range(160, 180)}
    assert [len(rare & part) for part in sides(split)] == [15, 2, 3]


def test_few_patients_make_a_small_set():
    samples = [sample(i, patient=f"p{i % 5}") for i in range(200)]
    split = split_samples(samples, different(200))
    assert split.shared
    assert len(split.test) == 40


@settings(max_examples=40, deadline=None)
@given(
    patients=st.lists(st.integers(0, 12), min_size=2, max_size=60),
    twins=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=8),
    published=st.lists(st.sampled_from(["", "train", "test", "val"]), min_size=60),
    seed=st.integers(0, 5),
)
def test_no_group_is_ever_on_two_sides(patients, twins, published, seed):
    size = len(patients)
    samples = [
        sample(i, published[i], patient=f"p{patient}" if patient else "")
        for i, patient in enumerate(patients)
    ]
    prints = [
        Fingerprint(np.zeros((32, 32), np.float32), bytes([i])) for i in range(size)
    ]
    for one, other in twins:
        if one < size and other < size:
            prints[other] = prints[one]
    digests = [one.digest for one in prints]
    twin = [(i, digests.index(one)) for i, one in enumerate(digests)]
    group = dict(
        zip((s.name for s in samples), group_samples(samples, twin), strict=True)
    )
    try:
        split = split_samples(samples, prints, seed=seed)
    except TrainingError:
        return
    parts = [{group[name] for name in part} for part in sides(split)]
    assert not parts[0] & (parts[1] | parts[2])
    if not split.shared:
        assert not parts[1] & parts[2]
    assert not set(split.left_out) & set().union(*sides(split))
