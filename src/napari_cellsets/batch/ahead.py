"""Work that is done a little ahead of who needs it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_cellsets.core.cancel import CancelToken

Item = TypeVar("Item")
Result = TypeVar("Result")


def done_ahead(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    token: CancelToken,
    *,
    workers: int,
    ahead: int,
) -> Iterator[Result]:
    """Yield the results of `work` in order, computed in threads meanwhile.

    Parameters
    ----------
    work
        Called with one item, in any thread. What it raises, is raised here.
    items
        Taken as they are needed.
    token
        Cancels; work that has begun is finished and dropped.
    workers
        Threads.
    ahead
        Results that may wait; this bounds the memory.

    Raises
    ------
    CancelledError
        If the token was cancelled.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="cellsets-ahead")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            token.raise_if_cancelled()
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            token.raise_if_cancelled()
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
