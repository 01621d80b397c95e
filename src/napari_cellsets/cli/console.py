"""What every command shares: words to the person, the bar, Ctrl+C."""

from __future__ import annotations

import io
import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_cellsets.core.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[float, str], None]

EXIT_PROBLEM, EXIT_USAGE, EXIT_STOPPED = 1, 2, 130


@contextmanager
def stopped_by_ctrl_c() -> Iterator[CancelToken]:
    """Yield a token that Ctrl+C cancels at once, also inside one engine call.

    A signal handler written in Python waits until the engine comes back. The
    interpreter's wake-up descriptor does not: it is written by the operating
    system's handler, and a thread that does nothing else reads it. A second
    Ctrl+C ends the program.
    """
    token = CancelToken()
    if threading.current_thread() is not threading.main_thread():
        yield token
        return
    heard, woken = socket.socketpair()
    woken.setblocking(False)

    def listen() -> None:
        while byte := heard.recv(1):
            if byte[0] != signal.SIGINT:
                continue
            if token.cancelled:
                os._exit(EXIT_STOPPED)
            token.cancel()

    listener = threading.Thread(target=listen, daemon=True)
    before = signal.signal(signal.SIGINT, _leave_it_to_the_listener)
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    listener.start()
    try:
        yield token
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, before)
        woken.close()
        listener.join()
        heard.close()


def _leave_it_to_the_listener(_number: int, _frame: object) -> None:
    """Keep Python from raising KeyboardInterrupt between two steps."""


@contextmanager
def bar(total: int, unit: str) -> Iterator[Progress]:
    """Show a progress bar on stderr; yield what moves it."""
    from tqdm import tqdm

    tqdm.monitor_interval = 0
    often = 0.1 if sys.stderr.isatty() else 10.0
    layout = "{l_bar}{bar}| {n:.0f}/{total} [{elapsed}<{remaining}]{postfix}"
    with tqdm(
        total=total, unit=unit, mininterval=often, bar_format=layout, file=sys.stderr
    ) as shown:

        def show(fraction: float, text: str) -> None:
            shown.set_postfix_str(text, refresh=False)
            shown.update(fraction * total - shown.n)

        yield show


def say_any_letters() -> None:
    """Let names be written whose letters the terminal does not have, escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def some(number: int, what: str) -> str:
    """Return a number and what it counts: 1 image, 2 images."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def say(text: str) -> None:
    """Write a line of the answer."""
    print(text, flush=True)


def tell(text: str) -> None:
    """Write a line about the run, aside from the answer."""
    print(f"napari-cellsets: {text}", file=sys.stderr, flush=True)
