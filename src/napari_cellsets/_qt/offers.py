"""What the Count dock offers at one click, and what it lacks, while that is so."""

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
        self._picked = True
        message.act_wanted.connect(self._on_act_wanted)
        flow.lacking.connect(self._on_lacking)
        viewer.layers.selection.events.active.connect(self.look_again)

    def stop(self) -> None:
        """Hear no more of the viewer."""
        self._viewer.layers.selection.events.active.disconnect(self.look_again)

    def look_again(self, *_: object) -> None:
        """Take away what is not true any more: layers or regions are other ones."""
        self._message.look_again()

    @Slot(object)
    def hear_choice(self, _model: object) -> None:
        """Know that a model was chosen."""
        self._picked = True
        self.look_again()

    @Slot(object)
    def tell_refusal(self, error: Exception) -> None:
        """Say why a model cannot be used, until one is chosen."""
        self._picked = False
        self._message.tell_while(lambda: not self._picked, str(error))

    def offer_stray(self) -> bool:
        """Return whether the person means an image of no data set; offer to open it."""
        stray = self._stray()
        if stray is None:
            return False
        said = f"“{stray.name}” belongs to no data set yet."
        holds = partial(self._is_meant, stray)
        if file_of(stray) is None:
            advice = "Save it to a file, then open that as a data set."
            self._message.tell_while(holds, f"{said} {advice}")
        else:
            self._act = partial(self._open_stray, stray)
            self._message.offer_while(holds, said, "Open it as a data set")
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

    @Slot(str, bool)
    def _on_lacking(self, text: str, only_regions: bool) -> None:
        flow = self._flow
        self._message.tell_while(
            lambda: flow.why_not(only_regions=only_regions) == text, text
        )

    def _stray(self) -> Image | None:
        return stray_image(self._viewer, self._session, (MAP_NAME,))

    def _is_meant(self, stray: Image) -> bool:
        return self._stray() is stray

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
