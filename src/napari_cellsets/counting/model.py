"""What a person has chosen about counting, and the maps that need no second run."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from napari_cellsets.core.evented import EventedModel
from napari_cellsets.counting.settings import ChannelChoice, CountSettings
from napari_cellsets.inference.metadata import ModelInfo

if TYPE_CHECKING:
    import numpy as np

    from napari_cellsets.core.image import Picture

_MAPS_KEPT = 12
_BYTES_KEPT = 256 * 2**20


class CountModel(EventedModel):
    """The choices of one Count dock; `events.<field>` tells of each change.

    Parameters
    ----------
    model
        What is known of the model, complete; None while there is none.
    channel
        ``"rgb"``, or the index of the one channel that shows the cells.
    planes
        For stacks: count the plane on screen, or all.
    settings
        How probabilities become objects.
    """

    model: ModelInfo | None = None
    channel: ChannelChoice = "rgb"
    planes: Literal["current", "all"] = "current"
    settings: CountSettings = Field(default_factory=CountSettings)

    def choose_model(self, info: ModelInfo | None) -> None:
        """Take another model, and the settings that it recommends.

        Parameters
        ----------
        info
            Complete; None while questions about it are open.
        """
        self.model = info
        self.reset_settings()

    def change(self, name: str, value: Any) -> None:
        """Change one setting.

        Parameters
        ----------
        name
            A field of `CountSettings`.
        value
            Checked by the field.

        Raises
        ------
        pydantic.ValidationError
            If the field does not allow the value.
        """
        self.settings = CountSettings.model_validate(
            {**self.settings.model_dump(), name: value}
        )

    def reset_settings(self) -> None:
        """Go back to the settings that the model recommends."""
        if self.model is not None:
            self.settings = CountSettings.for_model(self.model)

    def fit_channel(self, picture: Picture) -> None:
        """Choose a channel that `picture` has: its colours, else its first."""
        if self.channel in [choice for choice, _ in channel_choices(picture)]:
            return
        self.channel = channel_choices(picture)[0][0]


def channel_choices(picture: Picture) -> list[tuple[ChannelChoice, str]]:
    """Return what may be fed to a model, with names for a person.

    Parameters
    ----------
    picture
        Any picture.

    Returns
    -------
    list of (choice, name)
        Colour first where the picture has it.
    """
    if picture.channel_count == 1:
        return [("rgb", "Grey")]
    names = picture.channel_names
    if not names and picture.rgb:
        names = ("Red", "Green", "Blue")
    single: list[tuple[ChannelChoice, str]] = [
        (
            index,
            f"{names[index]} only" if index < len(names) else f"Channel {index + 1}",
        )
        for index in range(picture.channel_count)
    ]
    return [("rgb", "Colour (RGB)"), *single] if picture.rgb else single


@dataclass(frozen=True, slots=True)
class MapKey:
    """What a map of probabilities depends on.

    Parameters
    ----------
    dataset, sample
        `Dataset.identity` and `Sample.name`.
    model
        `model_hash`, with the answers a person gave about it.
    channel
        As in `CountModel`.
    plane
        Index of the plane, None for the whole picture.
    """

    dataset: str
    sample: str
    model: str
    channel: ChannelChoice
    plane: int | None = None


class MapShelf:
    """The maps used last, within a fixed amount of memory."""

    def __init__(self, count: int = _MAPS_KEPT, size: int = _BYTES_KEPT) -> None:
        self._count = count
        self._size = size
        self._maps: OrderedDict[MapKey, np.ndarray] = OrderedDict()

    def get(self, key: MapKey) -> np.ndarray | None:
        """Return a map, None where it is not kept (any more)."""
        if key in self._maps:
            self._maps.move_to_end(key)
        return self._maps.get(key)

    def put(self, key: MapKey, probability: np.ndarray) -> None:
        """Keep a map; the ones used longest ago make room. The newest always stays."""
        self._maps[key] = probability
        self._maps.move_to_end(key)
        while len(self._maps) > 1 and self._too_many():
            self._maps.popitem(last=False)

    def __contains__(self, key: MapKey) -> bool:
        """Whether a map is kept."""
        return key in self._maps

    def _too_many(self) -> bool:
        total = sum(kept.nbytes for kept in self._maps.values())
        return len(self._maps) > self._count or total > self._size
