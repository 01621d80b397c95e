"""What a classifier of single cells wants and gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    field_validator,
    model_validator,
)

from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.engines import CPU_PROVIDER
from napari_cellsets.inference.metadata import (
    CLASSIFIER_PREFIX,
    MAX_CHANNELS,
    MODELS,
    Normalisation,
    checked,
    said_shape,
    told_by,
)
from napari_cellsets.inference.sessions import open_session

DEFAULT_CLASSIFIER = MODELS / f"{CLASSIFIER_PREFIX}pbc.onnx"
UNKNOWN = "not a cell I know"

_MUST_BE_KNOWN = (
    "layout",
    "channels",
    "channel_order",
    "size",
    "normalisation",
    "output_kind",
    "classes",
)


class ClassifierInfo(BaseModel):
    """What a classifier expects and how its answer is to be read.

    None (of `classes`: empty) stands for "not known"; `missing` lists what must be
    known before the model can run.

    Parameters
    ----------
    path
        The ONNX file. Not part of the metadata.
    input, output, distance_output
        Names in the graph; the last is None where the model tells no distance.
    distance_limit
        A cell that lies farther from everything learnt is not one that the model
        knows; None where every cell is named.
    size
        Side of the square that a picture of a cell is brought to, in px.
    cell_share
        Diameter of a cell divided by the side of its picture, as in the pictures
        that the model learnt from: crops of objects are cut to look alike.
    layout, channels, channel_order, normalisation
        As of `ModelInfo`.
    mean, std
        One number a channel that is subtracted, and one that divides, after the
        normalisation; empty for none.
    output_kind
        ``logit`` (a softmax over the classes is still to be applied) or
        ``probability``.
    classes, class_titles
        Names in the order of the output, as in the data set; names for people
        where they differ.
    unknown
        What is said of a cell beyond the limit.
    temperature
        What the logits were divided by inside the graph; told, not applied.
    batch
        Number of cells that the graph insists on; None where it is free.
    element
        The engine's name of the input's number type.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: Path = Field(exclude=True)
    batch: int | None = Field(default=None, exclude=True)
    element: str = Field(default="tensor(float)", exclude=True)
    format: Literal[1] = 1
    name: str = ""
    version: str = ""
    task: Literal["classification"] = "classification"
    input: str
    output: str
    distance_output: str | None = None
    distance_limit: float | None = None
    size: int | None = Field(default=None, ge=8, le=4096)
    cell_share: float = Field(default=0.5, gt=0, le=1)
    layout: Literal["nchw", "nhwc"] | None = None
    channels: Literal[1, 3] | None = None
    channel_order: Literal["rgb", "bgr"] | None = None
    normalisation: Normalisation | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    output_kind: Literal["logit", "probability"] | None = None
    classes: tuple[str, ...] = ()
    class_titles: dict[str, str] = Field(default_factory=dict)
    unknown: str = UNKNOWN
    temperature: float | None = None
    licence: str = ""
    training_data: JsonValue = ""
    metrics: dict[str, JsonValue] = Field(default_factory=dict)

    @field_validator("classes")
    @classmethod
    def _classes_are_different(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("two classes have one name")
        return names

    @model_validator(mode="after")
    def _mean_and_std_are_of_the_channels(self) -> Self:
        lengths = {len(self.mean), len(self.std)}
        if lengths != {0} and (lengths != {self.channels or 3} or 0 in self.std):
            raise ValueError("mean and std need one number a channel, std not 0")
        return self

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of what the file does not tell and a person must."""
        unknown = [name for name in _MUST_BE_KNOWN if not getattr(self, name)]
        if self.channels == 1:
            unknown = [name for name in unknown if name != "channel_order"]
        return tuple(unknown)

    def title(self, name: str) -> str:
        """Return a class as people call it."""
        return self.class_titles.get(name, name)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some answers filled in, checked as at reading.

        Raises
        ------
        ModelError
            If a value is not one that the field allows.
        """
        known = {name: getattr(self, name) for name in type(self).model_fields}
        return checked(type(self), {**known, **changes}, self.path)


def read_classifier_info(path: Path | str) -> ClassifierInfo:
    """Read what a classifier says of itself, and from its graph what it does not.

    Parameters
    ----------
    path
        An ONNX file: one image of rank four in, one row of classes a cell out.

    Returns
    -------
    ClassifierInfo
        Complete for models with our metadata; for others `missing` names what
        has to be asked.

    Raises
    ------
    ModelError
        If the file is no model, or one of another shape.
    """
    place = Path(path)
    session = open_session(place, CPU_PROVIDER).engine
    told = told_by(session, place)
    if told and told.get("task", "classification") != "classification":
        raise _no_classifier(f"its task is {told['task']!r}", place)
    entry = _the_input(session.get_inputs(), place)
    outputs = {answer.name: answer for answer in session.get_outputs()}
    answer = _the_answer(outputs, told.get("output"), place)
    known = {**_guess(entry, answer), **told}
    if told:
        known.setdefault("output_kind", "logit")
    info = checked(ClassifierInfo, {**known, "path": place}, place)
    _agree(info, outputs, entry, place)
    return info


def shipped_classifiers() -> list[Path]:
    """Classifiers that come with the package, the default one first."""
    found = MODELS.glob(f"{CLASSIFIER_PREFIX}*.onnx")
    return sorted(found, key=lambda p: (p != DEFAULT_CLASSIFIER, p.name))


def default_classifier() -> Path:
    """Path of the classifier that is used when none is named.

    Raises
    ------
    ModelError
        If this installation came without it.
    """
    if not DEFAULT_CLASSIFIER.is_file():
        raise ModelError(
            "the shipped classifier is not in this installation",
            path=DEFAULT_CLASSIFIER,
            advice="Install the package again, or name a model file of your own.",
        )
    return DEFAULT_CLASSIFIER


def _the_input(inputs: list[Any], path: Path) -> Any:
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        shapes = ", ".join(said_shape(entry.shape) for entry in inputs)
        raise _no_classifier(f"it wants {shapes}, expected one image of rank 4", path)
    return inputs[0]


def _the_answer(outputs: dict[str, Any], name: str | None, path: Path) -> Any:
    if name is not None and name not in outputs:
        raise ModelError(
            f"the metadata names the output {name!r}, which the graph does not have",
            path=path,
            advice="Export the model again.",
        )
    flat = [answer for answer in outputs.values() if len(answer.shape) == 2]
    chosen = outputs[name] if name is not None else next(iter(flat), None)
    if chosen is None or (chosen.shape and len(chosen.shape) != 2):
        shapes = ", ".join(said_shape(answer.shape) for answer in outputs.values())
        raise _no_classifier(
            f"it gives {shapes}, expected one row of classes a cell", path
        )
    return chosen


def _guess(entry: Any, answer: Any) -> dict[str, Any]:
    """Read from the graph what a bare model tells."""
    shape = entry.shape
    small = [isinstance(n, int) and 1 <= n <= MAX_CHANNELS for n in shape]
    layout = "nchw" if small[1] else "nhwc" if small[3] else None
    sides = shape[1:3] if layout == "nhwc" else shape[2:4]
    square = isinstance(sides[0], int) and sides[0] == sides[1]
    channels = None if layout is None else shape[1 if layout == "nchw" else 3]
    return {
        "input": entry.name,
        "output": answer.name,
        "layout": layout,
        "channels": channels,
        "size": sides[0] if square else None,
        "batch": shape[0] if isinstance(shape[0], int) and shape[0] > 0 else None,
        "element": entry.type,
    }


def _agree(
    info: ClassifierInfo, outputs: dict[str, Any], entry: Any, path: Path
) -> None:
    """Raise where metadata and graph say different things."""
    found = outputs[info.output].shape[1:2]
    wrong = ""
    if info.input != entry.name:
        wrong = f"names the input {info.input!r}, which the graph does not have"
    elif info.distance_output is not None and info.distance_output not in outputs:
        wrong = f"names the output {info.distance_output!r}, which the graph lacks"
    elif info.classes and found and isinstance(found[0], int):
        if found[0] != len(info.classes):
            wrong = f"names {len(info.classes)} classes, the graph gives {found[0]}"
    if wrong:
        raise ModelError(
            f"the metadata {wrong}", path=path, advice="Export the model again."
        )


def _no_classifier(why: str, path: Path) -> ModelError:
    return ModelError(
        f"the model is no classifier of cells: {why}",
        path=path,
        advice="Pick a classifier; models that segment are for counting.",
    )
