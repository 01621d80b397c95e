"""Pictures and labels of a catalogued set, as the segmenter's recipe takes them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from napari_cellsets.batch.whole_set import is_corrected
from napari_cellsets.core.errors import CellsetsError, TrainingError
from napari_cellsets.core.image import Picture
from napari_cellsets.counting.job import chosen_channels
from napari_cellsets.inference.metadata import DivideBy
from napari_cellsets.inference.normalise import Scaling
from napari_cellsets.training.duplicates import Fingerprint, fingerprint
from napari_cellsets.training.nuclei import Nuclei

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.core.sample import Sample
    from napari_cellsets.counting.settings import ChannelChoice
    from napari_cellsets.inference.metadata import ModelInfo
    from napari_cellsets.store import Project

#: Decoded pictures kept in memory; the others are read again when their turn comes.
CACHE_BYTES = 1 << 30
#: Smallest object that says something about the size of cells, px².
SPECK = 9


@dataclass(frozen=True)
class Field:
    """One plane of a picture, with its labels.

    Parameters
    ----------
    picture
        As it is given to the engine: one plane, (y, x) or (y, x, c).
    labels
        int32, shape (y, x).
    """

    picture: Picture
    labels: NDArray[np.int32]


class FieldSource:
    """Reads the fields of a set: its truth, or what a person corrected.

    Parameters
    ----------
    dataset
        An open set.
    project
        Where corrected labels are; None takes the truth of the set.
    channel
        Which channel of the pictures shows the cells.
    """

    def __init__(
        self,
        dataset: Dataset,
        project: Project | None = None,
        channel: ChannelChoice = "rgb",
    ) -> None:
        self.dataset, self.project, self.channel = dataset, project, channel
        self.revisions: dict[str, int] = {}
        self._kept: OrderedDict[str, Field] = OrderedDict()
        self._lock = threading.Lock()

    def candidates(self, names: Sequence[str] = ()) -> list[Sample]:
        """Samples that have labels to learn from.

        Parameters
        ----------
        names
            Only these; all by default.

        Raises
        ------
        TrainingError
            If a name is not of this set, or no sample has labels.
        """
        known = {sample.name for sample in self.dataset.samples}
        strangers = [name for name in names if name not in known]
        if strangers:
            raise TrainingError(
                f"{strangers[0]!r} is no sample of this set", path=self.dataset.path
            )
        chosen = [s for s in self.dataset.samples if not names or s.name in names]
        if self.project is None:
            chosen = [sample for sample in chosen if sample.annotations]
            advice = "Correct some pictures and train on them (--corrected)."
        else:
            chosen = [sample for sample in chosen if self._is_corrected(sample)]
            advice = "Correct the cells of some pictures first."
        if not chosen:
            what = "ground truth" if self.project is None else "corrected cells"
            raise TrainingError(
                f"no picture of this set has {what} to learn from",
                path=self.dataset.path,
                advice=advice,
            )
        return chosen

    def read(self, sample: Sample) -> Field:
        """Read a picture and its labels; of a stack the plane with most cells.

        Raises
        ------
        CellsetsError
            If either cannot be read, or they differ in size.
        """
        with self._lock:
            if sample.name in self._kept:
                self._kept.move_to_end(sample.name)
                return self._kept[sample.name]
        made = self._decode(sample)
        with self._lock:
            self._kept[sample.name] = made
            while len(self._kept) > 1 and self._bytes() > CACHE_BYTES:
                self._kept.popitem(last=False)
        return made

    def _bytes(self) -> int:
        return sum(
            field.picture.pixels.nbytes + field.labels.nbytes
            for field in self._kept.values()
        )

    def _decode(self, sample: Sample) -> Field:
        picture = self.dataset.read_picture(sample)
        labels = self._labels(sample)
        pixels = chosen_channels(picture, self.channel)
        if labels.shape != pixels.shape[:-1]:
            raise TrainingError(
                f"the labels are {labels.shape}, the picture is {pixels.shape[:-1]}",
                path=sample.image,
            )
        if labels.ndim == 3:
            fullest = int((labels > 0).sum(axis=(1, 2)).argmax())
            pixels, labels = pixels[fullest], labels[fullest]
        plane = Picture(pixels, "yxc", pixel_size_um=picture.pixel_size_um)
        return Field(plane, np.ascontiguousarray(labels, np.int32))

    def _labels(self, sample: Sample) -> NDArray[np.int32]:
        if self.project is not None:
            stored = self.project.load_labels(
                self.dataset.identity, sample.name, "cells"
            )
            if stored is not None:
                self.revisions[sample.name] = stored.revision
                return stored.labels
        truth = self.dataset.read_truth(sample)
        if truth is None:
            raise TrainingError("there are no labels to learn from", path=sample.image)
        return truth.labels

    def _is_corrected(self, sample: Sample) -> bool:
        if self.project is None:
            return False
        identity = self.dataset.identity
        return is_corrected(self.project.load_labels(identity, sample.name, "cells"))


@dataclass(frozen=True)
class SetPair:
    """A field as the recipes take it.

    Parameters
    ----------
    sample, source
        What is read, and from where.
    info
        How the model wants its pixels.
    diameter
        Typical diameter of its objects in px, 0 where there are none.
    kind
        Tells `data` to change light and colour gently, as of published pictures.
    """

    sample: Sample
    source: FieldSource
    info: ModelInfo
    diameter: float = 0.0
    kind: str = "fnc"

    @property
    def name(self) -> str:
        """The sample's name."""
        return self.sample.name

    def load(self) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
        """Return RGB as the network sees it times 255, and labels (y, x) int32."""
        found = self.source.read(self.sample)
        return as_bytes(found.picture.pixels, self.info), found.labels

    def stretched(self) -> Nuclei:
        """Return the brightest channel, stretched as the engine does, and labels."""
        found = self.source.read(self.sample)
        grey = found.picture.pixels.max(axis=2, keepdims=True)
        return Nuclei(network_values(grey, self.info)[..., 0], found.labels)


class StretchedPairs(Sequence[Nuclei]):
    """Pairs, read and stretched when they are asked for."""

    def __init__(self, pairs: Sequence[SetPair]) -> None:
        self._pairs = pairs

    def __len__(self) -> int:
        """Count the pictures."""
        return len(self._pairs)

    @overload
    def __getitem__(self, index: int) -> Nuclei: ...
    @overload
    def __getitem__(self, index: slice) -> StretchedPairs: ...
    def __getitem__(self, index: int | slice) -> Nuclei | StretchedPairs:
        """Read one."""
        if isinstance(index, slice):
            return StretchedPairs(self._pairs[index])
        return self._pairs[index].stretched()


def network_values(pixels: NDArray[Any], info: ModelInfo) -> NDArray[np.float32]:
    """Scale pixels (y, x, 1 or 3) as the engine does; return as many channels."""
    scaling = Scaling.measured(pixels, info)
    values = pixels.astype(np.float32) * scaling.gain + scaling.offset
    return np.asarray(np.nan_to_num(values), np.float32)


def as_bytes(pixels: NDArray[Any], info: ModelInfo) -> NDArray[np.uint8]:
    """Return RGB (y, x, 3): what the network sees, times 255."""
    if pixels.shape[-1] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if pixels.dtype == np.uint8 and info.normalisation == DivideBy():
        return np.ascontiguousarray(pixels)
    values = network_values(pixels, info)
    return np.asarray(np.clip(values * 255 + 0.5, 0, 255), np.uint8)


@dataclass
class Gathered:
    """What was found in a first look at all pictures.

    Parameters
    ----------
    samples, prints, diameters, areas
        Of the pictures that could be read: fingerprints, typical diameters in px (0
        without objects), and areas of their objects in px².
    problems
        What could not be read, in sentences.
    """

    samples: list[Sample] = field(default_factory=list)
    prints: list[Fingerprint] = field(default_factory=list)
    diameters: dict[str, float] = field(default_factory=dict)
    areas: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def only(self, names: Sequence[str]) -> list[Sample]:
        """The samples of these names, in the order of the set."""
        wanted = set(names)
        return [sample for sample in self.samples if sample.name in wanted]

    def typical_diameter(self, names: Sequence[str]) -> float:
        """Median diameter of all objects of some pictures; 0 without objects."""
        sizes = [self.areas[name] for name in names if len(self.areas[name])]
        if not sizes:
            return 0.0
        return float(np.sqrt(np.median(np.concatenate(sizes)) * 4 / np.pi))


def gather(
    source: FieldSource,
    samples: Sequence[Sample],
    token: CancelToken,
    progress: Progress,
) -> Gathered:
    """Look at every picture once; what cannot be read is told and left out.

    Raises
    ------
    CancelledError
        If the person stopped it.
    TrainingError
        If no picture could be read, or none has a cell.
    """
    found = Gathered()
    for number, sample in enumerate(samples):
        token.raise_if_cancelled()
        progress(0.0, f"Looking at picture {number + 1} of {len(samples)}")
        try:
            seen = source.read(sample)
        except CellsetsError as error:
            found.problems.append(str(error))
            continue
        areas = np.bincount(seen.labels.ravel())[1:]
        areas = areas[areas >= SPECK]
        found.samples.append(sample)
        found.prints.append(fingerprint(seen.picture.pixels))
        found.areas[sample.name] = areas
        found.diameters[sample.name] = (
            float(np.sqrt(np.median(areas) * 4 / np.pi)) if len(areas) else 0.0
        )
    if not any(found.diameters.values()):
        told = f" {found.problems[0]}" if found.problems else ""
        raise TrainingError(
            "there is no cell to learn from in these pictures",
            path=source.dataset.path,
            advice=f"Check their labels.{told}",
        )
    return found


def pairs_of(
    source: FieldSource, gathered: Gathered, names: Sequence[str], info: ModelInfo
) -> tuple[SetPair, ...]:
    """Pairs of some pictures, for batches."""
    first = SetPair(gathered.samples[0], source, info)
    return tuple(
        replace(first, sample=sample, diameter=gathered.diameters[sample.name])
        for sample in gathered.only(names)
    )
