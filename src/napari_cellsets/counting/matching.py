"""One-to-one matching of predicted and true objects."""

from __future__ import annotations

import numpy as np

DENSE_GROUP = 400


def match_by_distance(
    predicted_yx: np.ndarray, truth_yx: np.ndarray, radius: float
) -> np.ndarray:
    """Pair points so that as many as possible are matched, then at least distance.

    Every point is in one pair at most, no pair is farther apart than the radius.
    Groups of points that reach each other are solved on their own.

    Parameters
    ----------
    predicted_yx, truth_yx
        Shape (n, 2) and (m, 2), in px.
    radius
        Greatest distance of a pair, px, included.

    Returns
    -------
    ndarray
        int64, shape (k, 2): index of the prediction and of the truth, sorted.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, m = len(predicted_yx), len(truth_yx)
    near = _near_pairs(predicted_yx, truth_yx, radius)
    if not near.size:
        return np.zeros((0, 2), np.int64)
    i, j = near["i"], near["j"]
    links = coo_array((np.ones(i.size), (i, j + n)), shape=(n + m, n + m))
    _, group = connected_components(links, directed=False)
    of_pair = group[i]
    order = np.argsort(of_pair, kind="stable")
    bounds = np.flatnonzero(np.diff(of_pair[order], prepend=-1))
    alone = np.diff(np.append(bounds, order.size)) == 1
    single = order[bounds[alone]]
    pairs = [np.stack([i[single], j[single]], axis=1)]
    for a, b in zip(bounds, np.append(bounds[1:], order.size), strict=True):
        if b - a > 1:
            pairs.append(_assign(near[order[a:b]], radius))
    joined = np.concatenate(pairs).astype(np.int64)
    return np.asarray(joined[np.argsort(joined[:, 0], kind="stable")])


def most_matches(predicted_yx: np.ndarray, truth_yx: np.ndarray, radius: float) -> int:
    """Return how many pairs `match_by_distance` would find, without choosing them."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    near = _near_pairs(predicted_yx, truth_yx, radius)
    shape = (len(predicted_yx), len(truth_yx))
    if not near.size:
        return 0
    links = csr_array(
        (np.ones(near.size, np.int8), (near["i"], near["j"])), shape=shape
    )
    return int((maximum_bipartite_matching(links) >= 0).sum())


def match_greedily(
    predicted_yx: np.ndarray, truth_yx: np.ndarray, radius: float
) -> np.ndarray:
    """Pair as the code published with the data set does.

    Predictions, in the order given, take the nearest truth that is still free and
    closer than the radius. The order costs matches; use it for comparison only.

    Parameters
    ----------
    predicted_yx, truth_yx
        Shape (n, 2) and (m, 2), in px.
    radius
        Distance that a pair must stay below, px.

    Returns
    -------
    ndarray
        int64, shape (k, 2): index of the prediction and of the truth.
    """
    near = _near_pairs(predicted_yx, truth_yx, radius)
    near = near[near["d"] < radius]
    near = near[np.lexsort((near["j"], near["d"], near["i"]))]
    taken = np.zeros(len(truth_yx), np.bool_)
    pairs = []
    served = -1
    for i, j in zip(near["i"].tolist(), near["j"].tolist(), strict=True):
        if i != served and not taken[j]:
            taken[j] = True
            served = i
            pairs.append((i, j))
    return np.array(pairs, np.int64).reshape(-1, 2)


def _near_pairs(
    predicted_yx: np.ndarray, truth_yx: np.ndarray, radius: float
) -> np.ndarray:
    """All pairs within the radius: fields i, j and distance d, sorted by i, j."""
    from scipy.spatial import cKDTree

    if len(predicted_yx) == 0 or len(truth_yx) == 0:
        return np.zeros(0, [("i", np.intp), ("j", np.intp), ("d", np.float64)])
    found = cKDTree(predicted_yx).sparse_distance_matrix(
        cKDTree(truth_yx), radius, output_type="ndarray"
    )
    near = np.zeros(found.size, [("i", np.intp), ("j", np.intp), ("d", np.float64)])
    near["i"], near["j"], near["d"] = found["i"], found["j"], found["v"]
    return near[np.lexsort((near["j"], near["i"]))]


def _assign(near: np.ndarray, radius: float) -> np.ndarray:
    """Solve one group; leaving a point alone costs more than all distances."""
    rows, r = np.unique(near["i"], return_inverse=True)
    cols, c = np.unique(near["j"], return_inverse=True)
    alone = radius * (min(rows.size, cols.size) + 1) + 1.0
    if max(rows.size, cols.size) <= DENSE_GROUP:
        from scipy.optimize import linear_sum_assignment

        cost = np.full((rows.size, cols.size), alone)
        cost[r, c] = near["d"]
        a, b = linear_sum_assignment(cost)
        real = cost[a, b] < alone
    else:
        a, b, real = _assign_sparse(r, c, near["d"], (rows.size, cols.size), alone)
    return np.stack([rows[a[real]], cols[b[real]]], axis=1)


def _assign_sparse(
    r: np.ndarray,
    c: np.ndarray,
    distance: np.ndarray,
    shape: tuple[int, int],
    alone: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """As `_assign`, with a stand-in for each row instead of a full matrix."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    n, m = shape
    every = np.arange(n)
    # A stored zero would read as "no pair", hence the one.
    weight = np.concatenate([distance + 1.0, np.full(n, alone + 1.0)])
    place = (np.concatenate([r, every]), np.concatenate([c, every + m]))
    a, b = min_weight_full_bipartite_matching(
        csr_array((weight, place), shape=(n, m + n))
    )
    return a, b, b < m
