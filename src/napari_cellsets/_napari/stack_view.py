"""All objects of a stack seen at once, while one plane of it is edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_cellsets._napari.edit_marks import OTHERS_NAME
from napari_cellsets._napari.stack_editor import planes_of
from napari_cellsets.editing.objects import ObjectIndex

if TYPE_CHECKING:
    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.label_editor import LabelEditor


class StackView:
    """Outlines the overlapping objects of all planes of the layer that is edited.

    Parameters
    ----------
    desk
        Whose layer.
    """

    due = Signal()
    """Something changed; somebody with a clock should call `draw` soon.

    A switch of samples changes the layer several times, and each drawing of
    hundreds of lines takes as long as an edit.
    """

    def __init__(self, desk: EditDesk) -> None:
        self._desk = desk
        self._wanted = True
        self._editor: LabelEditor | None = None
        desk.target_changed.connect(self._follow)
        desk.seen_changed.connect(self.due.emit)
        self._follow()

    @property
    def wanted(self) -> bool:
        """Whether the outlines are shown where a stack is edited."""
        return self._wanted

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        self._wanted = wanted
        self.draw()

    def draw(self) -> None:
        """Outline what is there now."""
        editor, seen, marks = self._editor, self._desk.seen, self._desk.marks
        if editor is None or seen is None or not (self._wanted and editor.stacked):
            marks.clear(OTHERS_NAME)
            return
        now = seen is editor.layer
        objects = editor.objects if now else ObjectIndex(planes_of(seen))
        marks.outline(seen, objects, tuple(objects), OTHERS_NAME)

    def stop(self) -> None:
        """Take the outlines away and follow nothing."""
        self._desk.target_changed.disconnect(self._follow)
        self._desk.seen_changed.disconnect(self.due.emit)
        self._let_go()
        self._desk.marks.clear(OTHERS_NAME)

    def _follow(self) -> None:
        editor = self._desk.editor
        if editor is not self._editor:
            self._let_go()
            self._editor = editor
            if editor is not None:
                editor.changed.connect(self._tell)
        self.due.emit()

    def _let_go(self) -> None:
        if self._editor is not None:
            self._editor.changed.disconnect(self._tell)
            self._editor = None

    def _tell(self, box: object) -> None:
        if box is None:
            # of another picture, of another size
            self._desk.marks.clear(OTHERS_NAME)
        self.due.emit()
