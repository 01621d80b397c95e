"""The clock of a recording: where it is, how fast and which way it runs.

Pure: it knows neither files nor windows. Somebody tells it now and then how much
time has passed (`advance`), and shows what lies at `position_us`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from napari_cellsets.core.evented import EventedModel

NextEventTime: TypeAlias = Callable[[int, int], int | None]
"""``(time_us, direction)`` to the time of an event, None where there is no more:
for 1 the first event *after* the time, for -1 the last one *at or before* it."""

SLOWEST, FASTEST = 1e-4, 10.0
_MOST_FRAMES = 2**30  # what a slider counts with
_MEASURED_S = 1.0


class Playback(EventedModel):
    """Where a recording stands and how it runs; `events.<field>` tells of changes.

    A frame at time t shows the past, (t - window, t]. Frames lie at the whole
    multiples of `stride_us`, the last at the end of the recording. Running, the clock
    stays between A and B (it enters the range where it starts outside); a person may
    step and jump anywhere.

    Parameters
    ----------
    duration_us
        Time of the last event, as far as it is known: it may grow.
    position_us
        The moment that is shown, 0..duration.
    playing
        Whether `advance` moves.
    direction
        1 forwards, -1 backwards.
    loop
        Whether to start again at the other end, or to stop.
    a_us, b_us
        Ends of the range to play, in any order; None for the recording's own.
    speed
        Seconds of the recording in a second, 1e-4..10.
    every_frame
        Show each frame once, and take longer where they cannot be shown in time.
        Otherwise time is kept and frames are left out.
    fps
        Frames a second that the screen is to show.
    window_us
        Time that one frame shows, None where it shows a number of events.
    skip_empty
        Leap over frames without events, if `next_event_time` is there.
    next_event_time
        Where the next event is; asked only to leap.
    """

    duration_us: int = Field(default=0, ge=0)
    position_us: int = Field(default=0, ge=0)
    playing: bool = False
    direction: Literal[1, -1] = 1
    loop: bool = False
    a_us: int | None = Field(default=None, ge=0)
    b_us: int | None = Field(default=None, ge=0)
    speed: float = Field(default=1.0, ge=SLOWEST, le=FASTEST)
    every_frame: bool = False
    fps: float = Field(default=30.0, ge=1, le=240)
    window_us: int | None = Field(default=10_000, ge=1)
    skip_empty: bool = False
    next_event_time: NextEventTime | None = None

    _owed_us: float = PrivateAttr(default=0.0)
    _measured: deque[tuple[float, float]] = PrivateAttr(default_factory=deque)
    _dropped: int = PrivateAttr(default=0)

    @field_validator("position_us")
    @classmethod
    def _inside(cls, position_us: int, info: ValidationInfo) -> int:
        return min(position_us, int(info.data.get("duration_us", position_us)))

    @property
    def low_us(self) -> int:
        """First moment of the range that is played."""
        return self._range()[0]

    @property
    def high_us(self) -> int:
        """Last moment of the range that is played."""
        return self._range()[1]

    @property
    def stride_us(self) -> int:
        """Time from a frame to the next: 1, 2 or 5 times a power of ten.

        The most that neither leaves out events at the chosen window nor shows
        fewer than `fps` frames a second at the chosen speed.
        """
        longest = max(1.0, self.speed * 1e6 / self.fps)
        if self.window_us is not None:
            longest = min(longest, self.window_us)
        stride = _round_down(longest)
        while self.duration_us // stride >= _MOST_FRAMES:
            stride = _round_down(stride * 2.5)
        return stride

    @property
    def achieved_speed(self) -> float:
        """Seconds of the recording in a second, over the last second of running.

        Stretches that were leapt over do not count. 0 before the first move.
        """
        elapsed = sum(seconds for seconds, _ in self._measured)
        moved = sum(us for _, us in self._measured)
        return moved / elapsed / 1e6 if elapsed else 0.0

    @property
    def dropped(self) -> int:
        """Frames left out to keep the time, since `play`."""
        return self._dropped

    def play(self, direction: Literal[1, -1] | None = None) -> None:
        """Start to run; from the other end if this one is reached and nothing loops.

        Parameters
        ----------
        direction
            1 forwards, -1 backwards; by default as before.
        """
        if direction is not None:
            self.direction = direction
        first, last = self._ends()
        if self.direction == 1 and self.position_us >= last:
            self.position_us = self.low_us
        elif self.direction == -1 and self.position_us <= first:
            self.position_us = self.high_us
        self._owed_us = 0.0
        self._dropped = 0
        self._measured.clear()
        self.playing = True

    def pause(self) -> None:
        """Stop where it is."""
        self.playing = False

    def jump_to(self, time_us: int) -> None:
        """Show another moment, also outside A-B; beyond the recording its end."""
        self._owed_us = 0.0
        self.position_us = max(0, time_us)

    def step(self, frames: int = 1) -> int:
        """Pause, and go some frames further.

        Parameters
        ----------
        frames
            How many; negative to go back. Stays inside the recording. A last frame
            without events is leapt over where `skip_empty` says so.

        Returns
        -------
        int
            The new position, microseconds.
        """
        self.playing = False
        stride = self.stride_us
        way = 1 if frames >= 0 else -1
        to = max(0, (_frame(self.position_us, stride, way) + frames) * stride)
        to = min(to, self.duration_us)
        self.position_us = self._leap(to, way, 0, self.duration_us)
        return self.position_us

    def advance(self, elapsed_s: float) -> int:
        """Let time pass.

        Parameters
        ----------
        elapsed_s
            Seconds since the last call, however many: time is never stretched
            (with `every_frame`: at most one frame further).

        Returns
        -------
        int
            The new position, microseconds, between A and B; the old one where
            nothing is playing.
        """
        if not self.playing or elapsed_s <= 0:
            return self.position_us
        owed = self._owed_us + elapsed_s * self.speed * 1e6
        at = self._enter()
        to, moved = (
            self._one_frame(at, owed) if self.every_frame else self._keep_time(at, owed)
        )
        self._measure(elapsed_s, moved)
        if moved:
            to = self._leap(to, self.direction, *self._range())
        self.position_us = to
        return to

    def _range(self) -> tuple[int, int]:
        a = 0 if self.a_us is None else min(self.a_us, self.duration_us)
        b = self.duration_us
        if self.b_us is not None:
            b = min(self.b_us, self.duration_us)
        return (a, b) if a <= b else (b, a)

    def _ends(self) -> tuple[int, int]:
        """First and last position that running comes to."""
        low, high = self._range()
        if not self.every_frame:
            return low, high
        stride = self.stride_us
        first, last = -(-low // stride) * stride, high // stride * stride
        if high == self.duration_us:
            last = high
        return (first, last) if first <= last else (low, low)

    def _enter(self) -> int:
        low, high = self._range()
        if low <= self.position_us <= high:
            return self.position_us
        return low if self.direction == 1 else high

    def _keep_time(self, at: int, owed: float) -> tuple[int, int]:
        """Go as far as time has passed, leaving out frames."""
        moved = int(owed)
        self._owed_us = owed - moved
        self._dropped += max(0, moved // self.stride_us - 1)
        low, high = self._range()
        to = at + self.direction * moved
        if self.loop and high > low:
            return (to if low <= to <= high else low + (to - low) % (high - low)), moved
        to = min(max(to, low), high)
        if moved and not self.loop and to == (high if self.direction == 1 else low):
            self.playing = False
        return to, abs(to - at)

    def _one_frame(self, at: int, owed: float) -> tuple[int, int]:
        """Go to the next frame if it is due, and never further."""
        stride = self.stride_us
        if owed < stride:
            self._owed_us = owed
            return at, 0
        # being late by more than a frame is forgiven, not made up for
        self._owed_us = min(owed - stride, stride)
        first, last = self._ends()
        to = (_frame(at, stride, self.direction) + self.direction) * stride
        if at < last < to:
            to = last
        if first <= to <= last:
            return to, abs(to - at)
        if self.loop:
            return (first if self.direction == 1 else last), stride
        self.playing = False
        return at, 0

    def _leap(self, to: int, way: int, low: int, high: int) -> int:
        """Go on to the first frame that shows an event, if this one shows none."""
        if not self.skip_empty or self.next_event_time is None or not self.window_us:
            return to
        stride = self.stride_us
        if way == 1:
            event = self.next_event_time(to - self.window_us, 1)
            if event is None or event <= to:
                return to
            return min(-(-event // stride) * stride, high)
        event = self.next_event_time(to, -1)
        if event is None or event > to - self.window_us:
            return to
        return max((event + self.window_us - 1) // stride * stride, low)

    def _measure(self, elapsed_s: float, moved: int) -> None:
        self._measured.append((elapsed_s, moved))
        while (
            len(self._measured) > 1
            and sum(seconds for seconds, _ in self._measured) > _MEASURED_S
        ):
            self._measured.popleft()


def _frame(position_us: int, stride: int, way: int) -> int:
    """Return the number of the frame that is shown, seen from where one came from."""
    return position_us // stride if way == 1 else -(-position_us // stride)


def _round_down(us: float) -> int:
    """Return the largest 1, 2 or 5 times a power of ten that is not above `us`."""
    whole = max(1, int(us))
    power: int = 10 ** (len(str(whole)) - 1)
    return power * next(digit for digit in (5, 2, 1) if digit * power <= whole)
