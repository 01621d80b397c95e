"""What the Count dock offers at one click: open a stray image, undo a recount."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Slot

from napari_cellsets._napari.session import get_session
from napari_cellsets._napari.strays import file_of, stray_image
from napari_cellsets._qt.layer_links import MAP_NAME
from napari_cellsets._qt.opening import open_beside

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from napari.layers import Image

    from napari_cellsets._napari.loading import LoadedSample
    from napari_cellsets._qt.count_flow import CountFlow
    from napari_cellsets._qt.jobs import JobRunner
    from napari_cellsets._qt.messages import MessageRow


class Offers(QObject):
    """Puts one offer at a time into the message row and does what is accepted.

    Parameters
    ----------
    viewer
        Whose images are looked at.
    message
        The row; also the parent.
    runner, flow
        Of the dock.
    """

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        message: MessageRow,
        runner: JobRunner,
        flow: CountFlow,
    ) -> None:
        super().__init__(message)
        self._viewer = viewer
        self._session = get_session(viewer)
        self._message = message
        self._runner = runner
        self._flow = flow
        self._act: Callable[[], object] | None = None
        message.act_wanted.connect(self._on_act_wanted)

    def offer_stray(self) -> bool:
        """Return whether the person means an image of no data set; offer to open it."""
        stray = stray_image(self._viewer, self._session, (MAP_NAME,))
        if stray is None:
            return False
        said = f"“{stray.name}” belongs to no data set yet."
        if file_of(stray) is None:
            advice = "Save it to a file, then open that as a data set."
            self._message.tell(f"{said} {advice}", True)
        else:
            self._act = partial(self._open_stray, stray)
            self._message.offer(said, "Open it as a data set")
        return True

    @Slot()
    def offer_corrections(self) -> None:
        """Offer the way back from a recount that replaced corrections."""
        self._act = self._flow.bring_corrections_back
        self._message.offer(
            "The corrected cells were replaced. They are kept in the project store.",
            "Bring back corrections",
        )

    @Slot()
    def _on_act_wanted(self) -> None:
        act, self._act = self._act, None
        self._message.tell("", False)
        if act is not None:
            act()

    def _open_stray(self, layer: Image) -> None:
        path = file_of(layer)
        if path is not None:
            # ours shows the same image in its place
            layer.visible = False
            open_beside(
                self._session, self._runner, path, self._on_opened, self._on_failed
            )

    def _on_opened(self, loaded: LoadedSample) -> None:
        self._session.display(loaded)
        # the person goes on with this image, not with the one that was hidden
        image = self._session.image_layer
        if image is not None:
            self._viewer.layers.selection.active = image

    def _on_failed(self, error: Exception) -> None:
        self._message.tell(str(error), True)
