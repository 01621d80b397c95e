"""What the Count dock hands to a thread: values in, values out, no widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from napari_cellsets.batch.aside import stored_work
from napari_cellsets.batch.whole_set import TRUST, prediction_provenance, trust_kept
from napari_cellsets.counting.live import Counted, LiveRequest, count_live, describe
from napari_cellsets.counting.settings import CountSettings
from napari_cellsets.inference.metadata import model_hash

if TYPE_CHECKING:
    import numpy as np

    from napari_cellsets.core.cancel import CancelToken, Progress
    from napari_cellsets.counting.confidence import Trust
    from napari_cellsets.counting.job import CountResult
    from napari_cellsets.counting.model import MapKey
    from napari_cellsets.store import Project, StoredLabels


@dataclass(frozen=True, slots=True)
class Work:
    """A count to be done: what, and which map it makes or needs."""

    key: MapKey
    request: LiveRequest
    keep_map: bool
    probability: np.ndarray | None

    def __call__(self, token: CancelToken, progress: Progress) -> Counted:
        return count_live(self.request, self.probability, token, progress)

    def provenance(self, found: CountResult) -> dict[str, Any]:
        """Say how the labels were made and how sure they are, as JSON can."""
        count = self.request.count
        info = count.info()
        said = prediction_provenance(
            info, model_hash(info.path), count.chosen_settings(), count.channel
        )
        if count.only_regions:
            said["regions"] = [region.name for region in count.regions]
        if found.trust is not None:
            said[TRUST] = found.trust.as_json()
        return said


@dataclass(frozen=True, slots=True)
class Look:
    """Labels on screen to be measured, and what the store says of them."""

    labels: np.ndarray
    request: LiveRequest
    sample: str
    dataset: str
    project: Project | None

    def __call__(
        self, token: CancelToken, progress: Progress
    ) -> tuple[CountResult, StoredLabels | None, int]:
        stored, acts = None, 0
        if self.project is not None:
            stored, acts = stored_work(self.project, self.dataset, self.sample)
        return describe(self.labels, self.request, token), stored, acts


def known_trust(
    before: Trust | None, stored: StoredLabels | None, *, corrected: bool
) -> Trust | None:
    """Return what was told of cells when they were counted, as far as it holds.

    Cells drawn since have no confidence; a corrected number has no limits.
    """
    trust = before
    if trust is None and stored is not None:
        trust = trust_kept(stored)
    return replace(trust, interval=None) if trust and corrected else trust


def settings_of(stored: StoredLabels) -> CountSettings | None:
    """Return the settings that labels from the store were counted with."""
    try:
        return CountSettings.model_validate(stored.provenance.get("settings"))
    except ValidationError:
        return None  # drawn by hand, or counted by another version
