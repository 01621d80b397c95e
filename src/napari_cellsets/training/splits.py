"""Which picture is learnt from, which is looked at meanwhile, which comes last.

Pictures of one patient or one slide, and near duplicates, are dealt together. A
published split is kept; a picture that is near one of its held-out pictures is left
out of what is learnt from.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from napari_cellsets.core.errors import TrainingError
from napari_cellsets.training.duplicates import same_picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cellsets.core.sample import Sample
    from napari_cellsets.training.duplicates import Fingerprint

Part: TypeAlias = Literal["train", "validation", "test"]

#: Facts of a sample that bind it to others: what one body or one glass gave.
BINDING_FACTS = ("patient", "donor", "case", "animal", "slide", "specimen", "well")
#: How published splits are called.
PUBLISHED: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "trainval": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
VALIDATION_SHARE, TEST_SHARE = 0.1, 0.15
#: Below so many groups one held-out part serves as validation and test.
SMALL = 20
SMALL_SHARE = 0.25


@dataclass(frozen=True)
class Split:
    """Names of the samples in each part.

    Parameters
    ----------
    train, validation, test
        Names; no name and no group is in two parts, except that validation is test
        where `shared` says so.
    left_out
        Names that would have been in training, but are near a held-out picture.
    shared
        Whether one held-out part serves for choosing and for measuring.
    duplicates
        Groups of near duplicates that were found.
    told
        How the split came about, in sentences.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    shared: bool = False
    duplicates: tuple[tuple[str, ...], ...] = ()
    told: tuple[str, ...] = field(default=())


def split_samples(
    samples: Sequence[Sample],
    prints: Sequence[Fingerprint],
    *,
    classes: Sequence[str] | None = None,
    seed: int = 0,
) -> Split:
    """Deal samples to training, validation and test.

    Parameters
    ----------
    samples
        Those to deal.
    prints
        The fingerprint of each sample's picture.
    classes
        Class of each sample, so that each part gets its share of every class.
    seed
        Of the order in which groups are dealt. A sample's place depends on the seed
        and the names only, not on the machine.

    Returns
    -------
    Split
        The parts, and how they came about.

    Raises
    ------
    TrainingError
        If nothing would be left to learn from.
    """
    pairs = set(same_picture(prints))
    groups = group_samples(samples, pairs)
    kinds = classes or [""] * len(samples)
    placed = _published(samples)
    parts, shared = _dealt(samples, groups, kinds, placed, seed)
    left_out = _crossing(parts, groups)
    told = _what_binds(samples, pairs) + _what_was_dealt(placed, left_out, shared)
    names = [sample.name for sample in samples]
    gone = set(left_out)

    def named(part: Part) -> tuple[str, ...]:
        return tuple(names[i] for i in parts[part] if i not in gone)

    split = Split(
        named("train"),
        named("validation"),
        named("test"),
        left_out=tuple(names[i] for i in left_out),
        shared=shared,
        duplicates=_duplicate_groups(names, pairs),
        told=tuple(told),
    )
    if not split.train:
        raise TrainingError(
            "no picture is left to learn from: all are held out, or near one that is",
            advice="Add pictures of other patients, slides or fields.",
        )
    return split


def group_samples(
    samples: Sequence[Sample], pairs: Iterable[tuple[int, int]]
) -> list[int]:
    """Number the groups that may not be parted: facts that bind, and near duplicates.

    Parameters
    ----------
    samples
        With their facts.
    pairs
        Indices of near duplicates.
    """
    above = list(range(len(samples)))

    def top(i: int) -> int:
        while above[i] != i:
            above[i] = above[above[i]]
            i = above[i]
        return i

    first: dict[tuple[str, str], int] = {}
    for i, sample in enumerate(samples):
        for fact in BINDING_FACTS:
            value = sample.facts.get(fact)
            if value:
                above[top(i)] = top(first.setdefault((fact, value), i))
    for i, j in pairs:
        above[top(i)] = top(j)
    return [top(i) for i in range(len(samples))]


def _published(samples: Sequence[Sample]) -> dict[Part, list[int]]:
    placed: dict[Part, list[int]] = defaultdict(list)
    for i, sample in enumerate(samples):
        part = PUBLISHED.get(sample.split.lower())
        if part is not None:
            placed[part].append(i)
    return dict(placed)


def _dealt(
    samples: Sequence[Sample],
    groups: Sequence[int],
    kinds: Sequence[str],
    placed: Mapping[Part, list[int]],
    seed: int,
) -> tuple[dict[Part, list[int]], bool]:
    """Keep what is published, deal the rest; tell whether one part serves twice."""
    test, validation = placed.get("test", []), placed.get("validation", [])
    known = "train" in placed and bool(test or validation)
    if known and len(test) + len(validation) < len(samples):
        held = {*test, *validation}
        rest = [i for i in range(len(samples)) if i not in held]
    else:
        test, validation, rest = [], [], list(range(len(samples)))
    # where one held-out part is published, the other comes out of training
    shares = {"validation": VALIDATION_SHARE, "test": TEST_SHARE}
    wanted = {
        name: share
        for name, share in shares.items()
        if not (test if name == "test" else validation)
    }
    small = len({groups[i] for i in rest}) < SMALL
    if small and (test or validation):
        wanted = {}
    elif small:
        wanted = {"test": SMALL_SHARE}
    dealt = _deal(rest, samples, groups, kinds, wanted, seed)
    test, validation = dealt["test"] or test, dealt["validation"] or validation
    shared = not (test and validation)
    either = test or validation
    return {
        "train": dealt["train"],
        "validation": validation or either,
        "test": test or either,
    }, shared and bool(either)


def _deal(
    rest: Sequence[int],
    samples: Sequence[Sample],
    groups: Sequence[int],
    kinds: Sequence[str],
    wanted: Mapping[str, float],
    seed: int,
) -> dict[Part, list[int]]:
    """Give whole groups to the part that lacks their classes most, large ones first."""
    names = sorted(set(kinds))
    place = {name: k for k, name in enumerate(names)}
    members: dict[int, list[int]] = defaultdict(list)
    for i in rest:
        members[groups[i]].append(i)
    counts = np.zeros((len(members), len(names)))
    for row, group in enumerate(members.values()):
        for i in group:
            counts[row, place[kinds[i]]] += 1
    parts: tuple[Part, ...] = ("train", "validation", "test")
    shares = np.array([0.0, wanted.get("validation", 0.0), wanted.get("test", 0.0)])
    shares[0] = 1 - shares.sum()
    lacking = shares[:, None] * counts.sum(axis=0)
    if len(members) > 1:
        # a part that is wanted gets one group at least
        lacking[1:] = np.maximum(lacking[1:], (shares[1:] > 0)[:, None] * 0.51)
    rare = 1 / np.maximum(counts.sum(axis=0), 1)
    chance = [_chance(samples[group[0]].name, seed) for group in members.values()]
    order = sorted(range(len(members)), key=lambda r: (-counts[r].sum(), chance[r]))
    dealt: dict[Part, list[int]] = {part: [] for part in parts}
    rows = list(members.values())
    for row in order:
        gain = np.minimum(lacking, counts[row]) - np.maximum(counts[row] - lacking, 0)
        need = (gain * rare).sum(axis=1)
        need[shares == 0] = -np.inf
        # the order of parts decides between equals: held-out ones first
        part = max((2, 1, 0), key=lambda p: (round(float(need[p]), 9), p))
        lacking[part] -= counts[row]
        dealt[parts[part]] += rows[row]
    return {part: sorted(chosen) for part, chosen in dealt.items()}


def _chance(name: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}/{name}".encode()).hexdigest()


def _crossing(
    parts: Mapping[Part, Sequence[int]], groups: Sequence[int]
) -> tuple[int, ...]:
    """Indices to leave out so that no group is on two sides."""
    test = {groups[i] for i in parts["test"]}
    held = test | {groups[i] for i in parts["validation"]}
    gone = {i for i in parts["train"] if groups[i] in held}
    if parts["validation"] != parts["test"]:
        gone |= {i for i in parts["validation"] if groups[i] in test}
    return tuple(sorted(gone))


def _what_was_dealt(
    placed: Mapping[Part, list[int]], left_out: Sequence[int], shared: bool
) -> list[str]:
    told = []
    if "train" in placed and ("test" in placed or "validation" in placed):
        told.append("The split is the published one.")
    if shared:
        told.append(
            "The set is small: what is held out both chooses the best weights and"
            " settings and measures them, which is a little too kind."
        )
    if left_out:
        told.append(f"{len(left_out)} near held-out pictures were left out.")
    return told


def _what_binds(
    samples: Sequence[Sample], pairs: Iterable[tuple[int, int]]
) -> list[str]:
    told = []
    for fact in BINDING_FACTS:
        values = {sample.facts[fact] for sample in samples if sample.facts.get(fact)}
        if values:
            told.append(
                f"Pictures of one {fact} are on one side ({len(values)} known)."
            )
    found = len({j for _, j in pairs})
    told.append(
        f"{found} near duplicates were found and are on one side."
        if found
        else "No near duplicates were found."
    )
    return told


def _duplicate_groups(
    names: Sequence[str], pairs: Iterable[tuple[int, int]]
) -> tuple[tuple[str, ...], ...]:
    above = {i: i for pair in pairs for i in pair}

    def top(i: int) -> int:
        while above[i] != i:
            i = above[i]
        return i

    for i, j in pairs:
        above[top(j)] = top(i)
    found: dict[int, list[str]] = defaultdict(list)
    for i in sorted(above):
        found[top(i)].append(names[i])
    return tuple(tuple(group) for group in found.values())
