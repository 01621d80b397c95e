"""Open our docks as the Plugins menu would, from code that knows no Qt."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_cellsets._napari.preferences import PLUGIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari.components import ViewerModel


def open_dock(viewer: ViewerModel, name: str) -> Any:
    """Return the dock widget `name` of a viewer; add it where it is not open yet.

    napari's ``add_plugin_dock_widget`` names docks otherwise than its menus do,
    so that the menu would open a second one; here both find the same.

    Parameters
    ----------
    viewer
        A viewer with a window; a model without one is left alone.
    name
        Display name of the widget in the manifest.

    Returns
    -------
    QWidget or None
        None without a window, while napari knows no plugin of our name, and while
        it is being opened already.
    """
    from npe2 import PluginManager

    window = getattr(viewer, "window", None)
    if window is None:
        return None
    manager = PluginManager.instance()
    if PLUGIN not in manager:
        return None
    title = f"{name} ({manager.get_manifest(PLUGIN).display_name})"
    if title in window.dock_widgets:
        return window.dock_widgets[title]
    if (window, title) in _OPENING:
        return None
    for widget in manager.iter_widgets():
        if widget.plugin_name == PLUGIN and widget.display_name == name:
            with _opening(window, title):
                made = widget.get_callable()(viewer)
                area, tabify = widget.default_dock_area, widget.tabify
                window.add_dock_widget(made, name=title, area=area, tabify=tabify)
            return made
    return None


#: What is being opened: a dock that starts work lets other events in meanwhile.
_OPENING: list[tuple[Any, str]] = []


@contextmanager
def _opening(window: Any, title: str) -> Iterator[None]:
    """Let nobody else open the same dock meanwhile."""
    _OPENING.append((window, title))
    try:
        yield
    finally:
        _OPENING.remove((window, title))


def open_docks_soon(viewer: ViewerModel, names: Sequence[str]) -> None:
    """Open docks as soon as what is being opened has been drawn.

    Parameters
    ----------
    viewer
        A viewer with a window; a model without one is left alone.
    names
        Display names of widgets in the manifest, the one to be in front last.
    """
    from npe2 import PluginManager

    manager = PluginManager.instance()
    if getattr(viewer, "window", None) is not None and PLUGIN in manager:
        manager.commands.execute(f"{PLUGIN}.open_docks_soon", args=(viewer, names))


def shown_dock(viewer: ViewerModel, name: str) -> Any:
    """Return the dock widget `name` of a viewer, None where it is not open.

    Parameters
    ----------
    viewer, name
        As for `open_dock`.
    """
    from npe2 import PluginManager

    window = getattr(viewer, "window", None)
    manager = PluginManager.instance()
    if window is None or PLUGIN not in manager:
        return None
    title = f"{name} ({manager.get_manifest(PLUGIN).display_name})"
    return window.dock_widgets.get(title)
