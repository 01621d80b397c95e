"""Tools of the Edit dock: what clicks and strokes on a Labels layer do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from psygnal import Signal

from napari_cellsets._napari import plane_acts, stack_acts
from napari_cellsets._napari.edit_marks import outlines_of
from napari_cellsets._napari.label_editor import TOOL
from napari_cellsets.core.errors import EditError
from napari_cellsets.editing import growing
from napari_cellsets.editing.edit import Edit, writes
from napari_cellsets.editing.stacks import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_cellsets._napari.edit_desk import EditDesk
    from napari_cellsets._napari.label_editor import LabelEditor
    from napari_cellsets.editing.objects import ObjectIndex

    Point = tuple[float, float]

_CLICK_PX = 3
"""A press that moves less than this on the screen is a click."""
_PER_PX = 0.002
"""How much dragging by a pixel of the screen adds to the tolerance."""
HINTS: Final = {
    "select": "Click an object; Shift-click adds more.",
    "join": "Draw from one object into others.",
    "cut": "Draw a line right across an object.",
    "seeds": "Click once in each part, then Enter.",
    "add": "Click where an object is missing; drag right for more.",
    "copy": "Click an object of the other layer.",
}


class Tools:
    """The tool in hand; it hears the mouse on the edited layer.

    Attributes
    ----------
    tool
        Its name, empty for none.
    """

    changed = Signal(str)

    def __init__(self, desk: EditDesk) -> None:
        self._desk = desk
        self.tool = ""
        self._layer: Labels | None = None
        self._resting = False
        self._brought: Labels | None = None
        self._seeds: list[Point] = []
        self._click: Point | None = None
        self._found: tuple[tuple[slice, slice], NDArray[np.bool_]] | None = None
        desk.options.events.tolerance.connect(self._on_tolerance_changed)

    @property
    def pending(self) -> bool:
        """Whether something waits to be accepted."""
        return self._found is not None or len(self._seeds) > 1

    def toggle(self, name: str) -> None:
        """Take a tool, or put it away where it is in hand.

        Raises
        ------
        EditError
            If the layer cannot be edited.
        """
        self.use(None if name == self.tool else name)

    def use(self, name: str | None) -> None:
        """Take a tool; None puts it away.

        Raises
        ------
        EditError
            If the layer cannot be edited.
        """
        if not name:
            self._leave()
            return
        editor, viewer = self._desk.editor, self._desk.viewer
        if editor is None or viewer is None:
            raise EditError("no layer of labels is chosen", advice="Choose one.")
        if name != "select":
            editor.check()
        self._leave(quiet=True)
        layer = self._layer = editor.layer
        if viewer.layers.selection.active is not layer:
            viewer.layers.selection.active = layer
        layer.mode = "pan_zoom"
        layer.mouse_pan = name in ("select", "copy", "seeds")
        layer.mouse_drag_callbacks.append(self._on_drag)
        layer.events.mode.connect(self._on_mode_changed)
        layer.bind_key("Escape", self._on_escape, overwrite=True)
        layer.bind_key("Enter", self._on_enter, overwrite=True)
        layer.bind_key("Space", self._on_space, overwrite=True)
        self.tool = name
        source = self._desk.source
        if name == "copy" and source is not None and not source.visible:
            # what is to be copied must be seen
            source.visible, self._brought = True, source
        self.changed.emit(name)
        self._desk.told.emit(HINTS[name], False)

    def forget(self) -> None:
        """The layer is gone."""
        self._layer = None
        self._seeds, self._click, self._found = [], None, None
        self.tool = ""
        self.changed.emit("")

    def accept(self) -> None:
        """Take what is shown: the seeds, the object to add."""
        if self._found is not None:
            self._desk.attempt(self._add_found)
        elif self._seeds:
            self._desk.attempt(self._split_seeds)

    def drop(self) -> None:
        """Forget what is shown and not accepted."""
        waited = self._found is not None or bool(self._seeds)
        self._seeds, self._click, self._found = [], None, None
        self.redraw()
        if waited:
            self._desk.told.emit(HINTS.get(self.tool, ""), False)

    def redraw(self) -> None:
        """Show what waits to be accepted, and nothing else."""
        layer, marks = self._layer, self._desk.marks
        if layer is None:
            marks.clear_drawn()
        elif self._found is not None:
            box, mask = self._found
            start = np.array([side.start for side in box])
            marks.draw(layer, [path + start for path in outlines_of(mask)])
        else:
            marks.draw(layer, marks.crosses(self._seeds, float(layer.scale[-1])))

    # Inside

    def _leave(self, *, quiet: bool = False) -> None:
        layer = self._layer
        if layer is None:
            return
        self.drop()
        self._layer = None
        layer.events.mode.disconnect(self._on_mode_changed)
        if self._on_drag in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.remove(self._on_drag)
        layer.bind_key("Escape", None)
        layer.bind_key("Enter", None)
        layer.bind_key("Space", None)
        layer.mouse_pan = str(layer.mode) == "pan_zoom"
        brought, self._brought = self._brought, None
        if brought is not None:
            brought.visible = False
        self.tool = ""
        if not quiet:
            self.changed.emit("")
            self._desk.told.emit("", False)

    def _on_mode_changed(self, event: Any = None) -> None:
        # a brush was taken: the mouse is its own now
        if self._layer is not None and str(self._layer.mode) != "pan_zoom":
            self._leave()

    def _on_escape(self, _layer: Any) -> None:
        """Drop what is shown, or leave the tool."""
        if self._found is not None or self._seeds:
            self.drop()
        else:
            self._leave()

    def _on_enter(self, _layer: Any) -> None:
        """Accept what is shown."""
        self.accept()

    def _on_space(self, _layer: Any) -> Iterator[None]:
        """Move the image while the key is held, whatever tool is in hand."""
        layer = self._layer
        if layer is None:
            return
        pans = layer.mouse_pan
        layer.mouse_pan = self._resting = True
        yield
        self._resting = False
        if self._layer is not None:
            self._layer.mouse_pan = pans

    def _on_drag(self, layer: Labels, event: Any) -> Iterator[None]:
        editor = self._desk.editor
        if event.button != 1 or editor is None or self._resting:
            return
        begin, points = np.asarray(event.pos), [editor.point(event.position)]
        moved = False
        again = self._found is not None and _holds(self._found, points[0])
        if self.tool == "add" and not again:
            self._desk.attempt(lambda: self._press(points[0]))
        start = self._desk.options.tolerance
        yield
        while event.type == "mouse_move":
            away = np.asarray(event.pos) - begin
            moved = moved or bool(np.abs(away).max() > _CLICK_PX)
            points.append(editor.point(event.position))
            if moved and self.tool in ("join", "cut"):
                self._desk.marks.draw(layer, [np.array(points)])
            elif moved and self.tool == "add" and self._click is not None:
                wanted = start + float(away[0]) * _PER_PX
                self._desk.options.tolerance = min(max(wanted, 0.0), 1.0)
            yield
        if self.tool in ("join", "cut"):
            self._desk.marks.clear_drawn()
            self._desk.attempt(lambda: self._stroke(np.array(points), moved))
        elif again and not moved:
            self.accept()
        elif not moved:
            more = "Shift" in event.modifiers
            where = event.position
            self._desk.attempt(lambda: self._clicked(editor, where, more))

    def _stroke(self, line: NDArray[np.float64], moved: bool) -> None:
        if not moved:
            raise EditError("that was a click", advice=HINTS[self.tool])
        editor = self._desk.editor
        if editor is not None:
            acts = stack_acts if editor.stacked else plane_acts
            act = acts.join if self.tool == "join" else acts.cut
            self._do(act(editor, line))

    def _clicked(self, editor: LabelEditor, where: Any, more: bool) -> None:
        label, (y, x) = editor.label_at(where), editor.point(where)
        if self.tool == "select":
            if more and label:
                editor.toggle(label)
            elif not more:
                editor.select([label])
        elif self.tool == "seeds":
            if not label:
                raise EditError("there is no object", advice=HINTS["seeds"])
            self._seeds.append((y, x))
            self.redraw()
            self._desk.told.emit(f"{len(self._seeds)} seeds; Enter splits.", False)
        elif self.tool == "copy":
            self._copy(where)

    def _press(self, point: Point) -> None:
        """Begin a new object."""
        self._click = self._found = None
        editor, options = self._desk.editor, self._desk.options
        if editor is None:
            return
        labels, picture = _in_the_way(editor), self._desk.picture()
        options.tolerance = growing.likely_tolerance(
            picture, labels, point, options.reach_px
        )
        self._click = point
        self._grow()

    def _grow(self) -> None:
        editor = self._desk.editor
        if editor is None or self._click is None:
            return
        options = self._desk.options
        labels, picture = _in_the_way(editor), self._desk.picture()
        try:
            self._found = growing.grown_from(
                picture, labels, self._click, options.tolerance, options.reach_px
            )
        except EditError:
            self.drop()
            raise
        self.redraw()
        self._desk.told.emit(_said(self._found, labels.shape), False)

    def _on_tolerance_changed(self, _value: float) -> None:
        if self._click is not None:
            self._desk.attempt(self._grow)

    def _add_found(self) -> None:
        if self._found is None:
            return
        box, mask = self._found
        self.drop()
        editor = self._desk.editor
        if editor is not None and editor.stacked:
            shape = Shape(box, mask)
            self._do(stack_acts.add(editor, shape, "add object"))
            return

        def add(objects: ObjectIndex) -> Edit:
            image = objects.labels
            part = writes(image.shape, box, mask, objects.next_label())
            return Edit.of("add object", image, [part])

        self._do(add, whole=False)

    def _split_seeds(self) -> None:
        seeds = list(self._seeds)
        self.drop()
        editor = self._desk.editor
        if editor is not None and editor.stacked:
            y, x = (round(part) for part in seeds[0])
            label = stack_acts.meant(editor, y, x)
            self._do(stack_acts.split(label, seeds))
        elif editor is not None:
            self._do(plane_acts.split(editor, seeds))

    def _copy(self, where: Any) -> None:
        source = self._desk.source
        if source is None:
            raise EditError("no layer to copy from is chosen", advice="Choose one.")
        other = self._desk.editor_of(source)
        label = other.label_at(where)
        if not label:
            raise EditError(f"there is no object of “{source.name}” here")
        editor = self._desk.editor
        origin = {"source": "copied", "layer": source.name, "object": label}
        said = {"source": "corrected by hand", "tool": TOOL, "origin": origin}
        if editor is not None and editor.stacked:
            shape = stack_acts.shape_in(other, label)
            self._do(stack_acts.add(editor, shape, "copy object"), said)
            return
        if editor is not None:
            over = self._desk.options.over
            make, whole = plane_acts.copy(editor, other, label, over=over)
            self._do(make, said, whole=whole)

    def _do(
        self,
        make: Callable[[ObjectIndex], Edit],
        said: Mapping[str, Any] | None = None,
        *,
        whole: bool | None = None,
    ) -> None:
        editor = self._desk.editor
        if editor is not None:
            editor.do(make, select=True, said=said, whole=whole)
            self._desk.tell_last()


def _in_the_way(editor: LabelEditor) -> NDArray[np.integer]:
    """Return labels of the plane on screen that a new object must not cover."""
    labels = editor.objects_of(whole=False).labels
    return np.zeros(labels.shape[-2:], labels.dtype) if editor.stacked else labels


def _said(
    found: tuple[tuple[slice, slice], NDArray[np.bool_]], shape: tuple[int, ...]
) -> str:
    """Return what to say of an object that may be added."""
    box, mask = found
    area = f"{int(np.count_nonzero(mask)):,} px"
    if growing.runs_out(box, mask, shape):
        return f"{area}, which is background too; drag left for less."
    return f"{area}; drag sideways for more or less, Enter takes it."


def _holds(found: tuple[tuple[slice, slice], NDArray[np.bool_]], point: Point) -> bool:
    """Whether a point lies in a mask inside a box."""
    box, mask = found
    row, column = round(point[0]) - box[0].start, round(point[1]) - box[1].start
    inside = 0 <= row < mask.shape[0] and 0 <= column < mask.shape[1]
    return inside and bool(mask[row, column])
