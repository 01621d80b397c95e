"""Two ways to stop a run: with the best so far, or at once."""

from __future__ import annotations

from napari_cellsets.core.cancel import CancelToken


class StopToken(CancelToken):
    """Ends a run with the best so far (`cancel`), or at once (`leave`).

    Attributes
    ----------
    left
        Cancelled when the run is to end at once: nothing is exported, and the same
        request goes on where it was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left = CancelToken()

    def leave(self) -> None:
        """Ask the run to end at once; safe from any thread, idempotent."""
        self.cancel()
        self.left.cancel()


def leaving(token: CancelToken) -> CancelToken:
    """Return what tells a run to end at once; never cancelled where nobody can."""
    return token.left if isinstance(token, StopToken) else CancelToken()
