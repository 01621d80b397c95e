"""The models that count, with Automatic before them: chosen by what is on screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QLabel, QSizePolicy

from napari_cellsets._qt.model_picker import ModelPicker, title_of
from napari_cellsets.core.errors import CellsetsError
from napari_cellsets.counting.job import chosen_channels
from napari_cellsets.inference.choice import choose_model

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellsets._napari.session import Session
    from napari_cellsets.core.image import Picture
    from napari_cellsets.counting.model import CountModel
    from napari_cellsets.counting.settings import ChannelChoice

#: Takes the first place among the files of the box.
AUTOMATIC: Final = Path("Automatic")


class CountModelPicker(ModelPicker):
    """A box of models that begins with Automatic; says what was chosen and why."""

    automatic_wanted = Signal()
    """The person left the choice to the program: `choose_for` is to be called."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.automatic = False
        super().__init__(parent)
        self._why = QLabel()
        self._why.setWordWrap(True)
        self._why.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding
        )
        self._why.setAccessibleName("Why this model")
        self._why.hide()
        self.layout().insertWidget(1, self._why)
        self._box.setItemData(
            0,
            "Takes the shipped model that suits the image; pick another to decide"
            " yourself",
            Qt.ItemDataRole.ToolTipRole,
        )

    @property
    def why(self) -> str:
        """What is said of the automatic choice, empty where a person chose."""
        return str(self._why.text())

    def choose_first(self) -> None:
        """Choose the model of last time if there is one, else automatically."""
        kept = self._remembered()
        if kept is not None and kept.is_file():
            self.choose(kept)
        if self._info is None:
            self._begin_automatic()

    def choose(self, path: Path) -> None:
        """Choose a model file; from now on it is the person's choice."""
        self.automatic = False
        self._tell_why("")
        super().choose(path)

    def choose_for(
        self, picture: Picture, channel: ChannelChoice, hint: str = ""
    ) -> bool:
        """Choose the shipped model that suits a picture, while that is wanted.

        Returns
        -------
        bool
            Whether the picture was typical, so that the choice may stand for others.
        """
        if not self.automatic or len(super()._shipped()) < 2:
            return True
        try:
            found = choose_model(chosen_channels(picture, channel), hint)
        except CellsetsError as error:
            self.failed.emit(error)
            return False
        self._take(found.path, found.reason)
        return found.sure

    def _begin_automatic(self) -> None:
        """Wait for a picture with the first model at hand."""
        self.automatic = True
        if self._info is None and len(self._paths) > 1:
            self._take(self._paths[1], "")
        self._show_current()
        self.automatic_wanted.emit()

    def _take(self, path: Path, reason: str) -> None:
        if self._info is None or self._info.path != path:
            super().choose(path)
        if self._info is not None and reason:
            self._tell_why(f"{title_of(self._info)}: {reason}")

    def _tell_why(self, text: str) -> None:
        if hasattr(self, "_why"):
            self._why.setText(text)
            self._why.setVisible(bool(text))

    def _shipped(self) -> list[Path]:
        return [AUTOMATIC, *super()._shipped()]

    def _show_current(self) -> None:
        if self.automatic:
            self._box.setCurrentIndex(0)
        else:
            super()._show_current()

    def _pick(self, path: Path) -> None:
        if path == AUTOMATIC:
            self._remember(None)
            self._begin_automatic()
            return
        super()._pick(path)
        if self._info is not None and self._info.path == path:
            # a shipped model too: automatic would be another choice
            self._remember(path)


class AutoChoice:
    """Asks the picker once a data set, and again while its pictures are not typical.

    Parameters
    ----------
    session, model, picker
        What is on screen, the channel, and who chooses.
    """

    def __init__(
        self, session: Session, model: CountModel, picker: CountModelPicker
    ) -> None:
        self._session = session
        self._model = model
        self._picker = picker
        self._settled_for = ""
        picker.automatic_wanted.connect(self.anew)

    def anew(self) -> None:
        """Forget what was chosen for this set, and choose."""
        self._settled_for = ""
        self.look()

    def look(self) -> None:
        """Choose for what is on screen, unless its set is settled."""
        picture, dataset = self._session.picture, self._session.dataset
        if picture is None or dataset is None or not self._picker.automatic:
            return
        if self._settled_for == dataset.identity:
            return
        self._model.fit_channel(picture)
        hint = dataset.recipe.model
        if self._picker.choose_for(picture, self._model.channel, hint):
            self._settled_for = dataset.identity
