"""What a classifier said of a set or of the objects of an image, kept in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from napari_cellsets.batch.known_classes import class_names
from napari_cellsets.batch.picture_classes import said_of_pictures
from napari_cellsets.classify.crops import stamps_of
from napari_cellsets.classify.kept import KeptTable, pack, still_there, unpack
from napari_cellsets.inference.metadata import model_hash
from napari_cellsets.store import PredictionKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from napari_cellsets.catalogue import Dataset
    from napari_cellsets.classify.table import ClassTable
    from napari_cellsets.inference.classifier import ClassifierInfo
    from napari_cellsets.store import Prediction, Project

_HASH_SHOWN = 8


class Labelled(NamedTuple):
    """Labels to compare answers with.

    Parameters
    ----------
    truth
        Class of each cell, None where there is none: as a person said, else as
        published.
    corrected
        Rows of those that a person said.
    """

    truth: tuple[str | None, ...]
    corrected: frozenset[int]


class Predicted(NamedTuple):
    """What a classifier said of one cell.

    Parameters
    ----------
    name
        Its class, or that it is not known.
    probability
        Of the likeliest class.
    model
        Name of the model, with the beginning of its hash.
    """

    name: str
    probability: float
    model: str


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of one classifier about a set, or about the objects of one image.

    Parameters
    ----------
    project, dataset
        The store, and the set.
    info
        The classifier.
    sample, layer
        As of `PredictionKey`.
    """

    project: Project
    dataset: Dataset
    info: ClassifierInfo
    sample: str = ""
    layer: str = ""

    def keep(
        self, table: ClassTable, labels: np.ndarray | None = None, *, anew: bool = True
    ) -> None:
        """Put answers on disk, with the model's name and hash.

        Parameters
        ----------
        table
            What was said; of objects the names are those of `labels`, ascending.
        labels
            Integer, shape (y, x); None for pictures of single cells.
        anew
            As of `Project.save_prediction`.

        Raises
        ------
        CellsetsError
            If model or store cannot be read or written.
        """
        key = self._key()
        kept = KeptTable(table, None if labels is None else stamps_of(labels)[1])
        said = {
            "source": "predicted",
            "model": self.info.path.name,
            "model_hash": key.model_hash,
            "tool": "Classify",
        }
        self.project.save_prediction(key, pack(kept), said, anew=anew)

    def kept(self) -> list[tuple[KeptTable, Prediction]]:
        """Return what is on disk, oldest first, without what has other classes.

        Raises
        ------
        CellsetsError
            If model or store cannot be read, or what was kept is damaged.
        """
        found = [(unpack(p.answers), p) for p in self.project.predictions(self._key())]
        return [one for one in found if one[0].table.classes == self.info.classes]

    def _key(self) -> PredictionKey:
        where = (model_hash(self.info.path), self.sample, self.layer)
        return PredictionKey(self.dataset.identity, *where)


def predicted_objects(
    dataset: Dataset, project: Project, place: tuple[str, str], labels: np.ndarray
) -> dict[int, Predicted]:
    """Return what was said last of each object that looks as it did then.

    Parameters
    ----------
    dataset, project
        The set and the store.
    place
        Name of the sample, and of the layer in the store.
    labels
        Integer, shape (y, x), as they are now.

    Raises
    ------
    CellsetsError
        If the store cannot be read, or what was kept is damaged.
    """
    found: dict[int, Predicted] = {}
    for said in project.predictions(PredictionKey(dataset.identity, "", *place)):
        kept, model = unpack(said.answers), _model_words(said)
        for row in still_there(kept, labels).tolist():
            found[int(kept.table.names[row])] = _predicted(kept.table, row, model)
    return found


def predicted_pictures(dataset: Dataset, project: Project) -> dict[str, Predicted]:
    """Return what was said last of pictures of single cells, by sample.

    Raises
    ------
    CellsetsError
        If the store cannot be read, or what was kept is damaged.
    """
    found: dict[str, Predicted] = {}
    for said in project.predictions(PredictionKey(dataset.identity, "")):
        table, model = unpack(said.answers).table, _model_words(said)
        for row, name in enumerate(table.names):
            found[name] = _predicted(table, row, model)
    return found


def _predicted(table: ClassTable, row: int, model: str) -> Predicted:
    return Predicted(table.answer(row), float(table.confidence[row]), model)


def _model_words(said: Prediction) -> str:
    short = str(said.provenance.get("model_hash", ""))[:_HASH_SHOWN]
    return f"{said.provenance.get('model', 'a model')} ({short})"


def who_predicted(said: Prediction) -> str:
    """Return which model said it, and when, for people."""
    return f"Classified by {_model_words(said)} on {said.when:%d %b %Y}, {said.author}."


def labelled_pictures(
    dataset: Dataset, project: Project, indices: Sequence[int]
) -> Labelled:
    """Return the classes of pictures of single cells, people's before published ones.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    said = said_of_pictures(dataset, project)
    truth: list[str | None] = []
    corrected = []
    for row, index in enumerate(indices):
        sample = dataset.samples[index]
        known, mine = dataset.class_of(sample), said.get(sample.name)
        name = None if known is None else known.name
        if mine is not None and mine.mark.class_name != name:
            name = mine.mark.class_name
            corrected.append(row)
        truth.append(name)
    return Labelled(tuple(truth), frozenset(corrected))


def labelled_objects(
    dataset: Dataset,
    project: Project,
    place: tuple[str, str, str],
    published: Mapping[int, str],
    labels: Sequence[int],
) -> Labelled:
    """Return the classes of objects, people's before published ones.

    Parameters
    ----------
    dataset, project
        The set and the store.
    place
        Of the labels, as `Project.object_facts` asks for it.
    published
        Class of each object as the data set tells it.
    labels
        Which objects, row by row.

    Raises
    ------
    StoreError
        If the store cannot be read.
    """
    facts = project.object_facts(*place)
    names, now = class_names(dataset), dict(published)
    for label, one in facts.differing.items():
        if one.class_id == facts.class_of.get(label):
            continue  # what it was saved with may be a prediction
        now.pop(label, None)
        if one.class_id is not None:
            now[label] = names.get(one.class_id, str(one.class_id))
    truth = tuple(now.get(int(label)) for label in labels)
    corrected = frozenset(
        row
        for row, label in enumerate(labels)
        if truth[row] is not None and truth[row] != published.get(int(label))
    )
    return Labelled(truth, corrected)
