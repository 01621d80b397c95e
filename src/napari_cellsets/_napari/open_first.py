"""What a dock says where there is nothing yet for it to work on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari.layers import Image

from napari_cellsets._napari.session import get_session

if TYPE_CHECKING:
    from napari.components import ViewerModel

_NOTHING: Final = "Open an image or a data set in the Samples dock first."
_RECORDING: Final = (
    "A recording is played in the Playback dock; open an image to work on its cells"
    " here."
)


def open_first(viewer: ViewerModel) -> str:
    """Say what to open before cells can be worked on; empty where an image is open.

    Parameters
    ----------
    viewer
        An image that belongs to no data set counts as open.
    """
    session = get_session(viewer)
    if session.picture is not None:
        return ""
    if session.film.recording is not None:
        return _RECORDING
    shown = any(isinstance(layer, Image) for layer in viewer.layers)
    return "" if shown else _NOTHING
