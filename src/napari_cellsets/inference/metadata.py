"""What a model wants and gives: its own metadata, completed from its graph."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from napari_cellsets.core.errors import ModelError
from napari_cellsets.inference.engines import CPU_PROVIDER
from napari_cellsets.inference.sessions import open_session
from napari_cellsets.inference.trust import TrustRule

METADATA_KEY = "napari_cellsets"
FORMAT = 1
MODELS = Path(__file__).parent / "models"
DEFAULT_MODEL = MODELS / "cresunet_fluorescence.onnx"
CLASSIFIER_PREFIX = "cell_classifier_"
MAX_CHANNELS = 16

BYTES_PER_PIXEL = 1000
"""What a c-ResUnet takes a pixel: 840 measured at 1600x1200, and some room."""

UNKNOWN_BYTES_PER_PIXEL = 3000
"""What a wide network may take: too much only costs tiles, too little the program."""

_M = TypeVar("_M", bound=BaseModel)
_MUST_BE_KNOWN = ("layout", "channels", "channel_order", "normalisation", "output_kind")


class DivideBy(BaseModel):
    """Normalisation: pixel / value, with the picture brought to 0..255 first.

    An 8-bit picture is taken as it is, a 16-bit one from its bit depth, a
    floating one whose values stay within 0..1 as a share of white.
    """

    model_config = ConfigDict(frozen=True)
    kind: Literal["divide"] = "divide"
    value: float = Field(default=255.0, gt=0)


class PercentileStretch(BaseModel):
    """Normalisation: (pixel - low percentile) / (high - low), channel by channel.

    Pixels are brought to 0..1 of full scale first. `floor` is the least span
    that is stretched, in the same 0..1, so that a dark, empty field stays dark.
    """

    model_config = ConfigDict(frozen=True)
    kind: Literal["percentile"] = "percentile"
    low: float = Field(default=1.0, ge=0, le=100)
    high: float = Field(default=99.8, ge=0, le=100)
    floor: float = Field(default=0.0, ge=0)


Normalisation = Annotated[DivideBy | PercentileStretch, Field(discriminator="kind")]


class ModelInfo(BaseModel):
    """What a segmentation model expects and how its answer is to be read.

    None stands for "not known"; `missing` lists what must be known before the
    model can run.

    Parameters
    ----------
    path
        The ONNX file. Not part of the metadata.
    input, output
        Names in the graph.
    layout
        ``nchw`` or ``nhwc``.
    channels, channel_order
        Number of input channels, and ``rgb`` or ``bgr`` where there are three.
    normalisation
        How pixels become numbers for the network.
    output_kind, output_channel
        ``probability``, ``logit`` (a sigmoid is still to be applied) or ``softmax``
        (class scores, a softmax over channels is still to be applied), and the
        channel of cells.
    multiple_of, halo
        Sides must be multiples of this; pixels farther than the halo have no
        influence.
    bytes_per_pixel
        Memory that a run takes for each pixel of the picture.
    threshold, min_area, fill_holes, split_distance
        Recommended settings of counting; areas in px², distance in px.
    least_peak
        What the surest pixel of a cell must reach; 0 asks for nothing.
    split_by, split_depth, split_level
        How touching cells are parted: by ``shape``, or by the valleys of the map.
    trust
        Weights of the confidence in objects and limits of counts, where measured.
    size
        Height and width that the graph insists on; None where it is free.
    element
        The engine's name of the input's number type.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    path: Path = Field(exclude=True)
    size: tuple[int | None, int | None] = Field(default=(None, None), exclude=True)
    element: str = Field(default="tensor(float)", exclude=True)
    format: Literal[1] = 1
    name: str = ""
    version: str = ""
    task: str = "segmentation"
    input: str
    output: str
    layout: Literal["nchw", "nhwc"] | None = None
    channels: int | None = Field(default=None, ge=1, le=MAX_CHANNELS)
    channel_order: Literal["rgb", "bgr"] | None = None
    normalisation: Normalisation | None = None
    output_kind: Literal["probability", "logit", "softmax"] | None = None
    output_channel: int = Field(default=0, ge=0)
    multiple_of: int = Field(default=32, ge=1)
    halo: int = Field(default=96, ge=0)
    bytes_per_pixel: int = Field(default=BYTES_PER_PIXEL, ge=1)
    threshold: float = Field(default=0.5, ge=0, le=1)
    least_peak: float = Field(default=0.0, ge=0, le=1)
    min_area: int = Field(default=50, ge=0)
    fill_holes: int = Field(default=200, ge=0)
    split_distance: float = Field(default=15.0, ge=0)
    split_by: Literal["shape", "map"] = "shape"
    split_depth: float = Field(default=0.1, ge=0, le=1)
    split_level: float = Field(default=0.0, ge=0, le=1)
    trust: TrustRule | None = None
    pixel_size_um: float | None = None
    classes: tuple[str, ...] = ()
    licence: str = ""
    training_data: JsonValue = ""
    metrics: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of what the file does not tell and a person must."""
        unknown = [name for name in _MUST_BE_KNOWN if getattr(self, name) is None]
        if self.channels is not None and self.channels != 3:
            unknown = [name for name in unknown if name != "channel_order"]
        return tuple(unknown)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some answers filled in, checked as at reading.

        Parameters
        ----------
        **changes
            Any field by name, as in the metadata:
            ``normalisation={"kind": "divide", "value": 255}``.

        Raises
        ------
        ModelError
            If a value is not one that the field allows.
        """
        known = {name: getattr(self, name) for name in type(self).model_fields}
        return checked(type(self), {**known, **changes}, self.path)


def read_model_info(path: Path | str) -> ModelInfo:
    """Read what a model says of itself, and from its graph what it does not.

    Parameters
    ----------
    path
        An ONNX file: one image in, one map out, both of rank four (the map may
        have rank three), of free or fixed size.

    Returns
    -------
    ModelInfo
        Complete for models with our metadata; for others `missing` names what
        has to be asked.

    Raises
    ------
    ModelError
        If the file is no model, or one of another shape.
    """
    place = Path(path)
    session = open_session(place, CPU_PROVIDER).engine
    inputs, outputs = session.get_inputs(), session.get_outputs()
    told = told_by(session, place)
    entry = _the_input(inputs, told.get("input"), place)
    answer = _the_output(outputs, told.get("output"), place)
    guessed = _guess(entry, answer)
    if not told:
        guessed["bytes_per_pixel"] = UNKNOWN_BYTES_PER_PIXEL
    if "layout" in told:
        guessed["size"] = _sizes(entry.shape, told["layout"])
    return checked(ModelInfo, {**guessed, **told, "path": place}, place)


def shipped_models() -> list[Path]:
    """Segmentation models that come with the package, the default one first."""
    found = (p for p in MODELS.glob("*.onnx") if not is_classifier_name(p))
    return sorted(found, key=lambda p: (p != DEFAULT_MODEL, p.name))


def is_classifier_name(path: Path) -> bool:
    """Whether a shipped model names classes of cells, by the name of its file."""
    return path.name.startswith(CLASSIFIER_PREFIX)


def default_model() -> Path:
    """Path of the model that is used when none is named.

    Raises
    ------
    ModelError
        If this installation came without it.
    """
    if not DEFAULT_MODEL.is_file():
        raise ModelError(
            "the shipped model is not in this installation",
            path=DEFAULT_MODEL,
            advice="Install the package again, or name a model file of your own.",
        )
    return DEFAULT_MODEL


def model_hash(path: Path | str) -> str:
    """Return the SHA-256 of a model file, in hexadecimal.

    Raises
    ------
    ModelError
        If the file cannot be read.
    """
    place = Path(path)
    try:
        seen = place.stat()
        return _hash_of(place, seen.st_mtime_ns, seen.st_size)
    except OSError as error:
        raise ModelError(
            f"the model cannot be read: {error.strerror or error}",
            path=place,
            advice="Pick another model file.",
        ) from error


@lru_cache(maxsize=32)
def _hash_of(path: Path, changed: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def told_by(session: Any, path: Path) -> dict[str, Any]:
    """Read our entry of a file's metadata; empty where it has none.

    Parameters
    ----------
    session
        The engine's session of the model.
    path
        Of the model, for messages.

    Raises
    ------
    ModelError
        If the entry is not JSON, or of another format.
    """
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        return {}
    try:
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(
            f"the model's metadata {METADATA_KEY!r} is not JSON",
            path=path,
            advice="Export the model again.",
        ) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        found = told.get("format") if isinstance(told, dict) else type(told).__name__
        raise ModelError(
            f"the model's metadata should be of format {FORMAT}, found {found!r}",
            path=path,
            advice="Update napari-cellsets, or export the model again.",
        )
    return told


def _the_input(inputs: list[Any], name: str | None, path: Path) -> Any:
    chosen = [entry for entry in inputs if name is None or entry.name == name]
    if name is not None and not chosen:
        raise ModelError(
            f"the metadata names the input {name!r}, which the graph does not have",
            path=path,
            advice="Export the model again.",
        )
    if len(inputs) != 1:
        raise ModelError(
            f"the model wants {len(inputs)} inputs, one image was expected",
            path=path,
            advice="Pick a segmentation model that takes one image.",
        )
    shape = inputs[0].shape
    one = len(shape) == 4 and (shape[0] in (1, None) or isinstance(shape[0], str))
    if not one:
        raise ModelError(
            f"the model wants an input of shape {said_shape(shape)}, expected one image"
            " of rank four (1, channels, y, x) or (1, y, x, channels)",
            path=path,
            advice="Pick a 2-D segmentation model.",
        )
    return inputs[0]


def _the_output(outputs: list[Any], name: str | None, path: Path) -> Any:
    chosen = [answer for answer in outputs if name is None or answer.name == name]
    if not chosen:
        raise ModelError(
            f"the metadata names the output {name!r}, which the graph does not have",
            path=path,
            advice="Export the model again.",
        )
    if chosen[0].shape and len(chosen[0].shape) not in (3, 4):
        raise ModelError(
            f"the model gives an output of shape {said_shape(chosen[0].shape)},"
            " expected a map of rank three or four",
            path=path,
            advice="Pick a segmentation model; classifiers cannot be used here.",
        )
    return chosen[0]


def _guess(entry: Any, answer: Any) -> dict[str, Any]:
    """Read from the graph what a bare model tells."""
    shape = entry.shape
    small = [isinstance(n, int) and 1 <= n <= MAX_CHANNELS for n in shape]
    layout = "nchw" if small[1] else "nhwc" if small[3] else None
    return {
        "input": entry.name,
        "output": answer.name,
        "layout": layout,
        "channels": None if layout is None else shape[1 if layout == "nchw" else 3],
        "size": _sizes(shape, layout or "nchw"),
        "element": entry.type,
    }


def _sizes(shape: list[Any], layout: str) -> tuple[int | None, int | None]:
    first = 1 if layout == "nhwc" else 2
    y, x = (
        n if isinstance(n, int) and n > 0 else None for n in shape[first : first + 2]
    )
    return y, x


def said_shape(shape: list[Any]) -> str:
    """Return a shape for people, as ``(1, 3, ?, ?)``."""
    return "(" + ", ".join("?" if n is None else str(n) for n in shape) + ")"


def checked(kind: type[_M], values: dict[str, Any], path: Path) -> _M:
    """Return a description of a model made of values from outside.

    Raises
    ------
    ModelError
        If a value is not one that its field allows; the message names it.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "metadata"
        raise ModelError(
            f"the model's {place} is not usable: {first['msg']},"
            f" found {first.get('input')!r}",
            path=path,
            advice="Correct the value, or export the model again.",
        ) from error
