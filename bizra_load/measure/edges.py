"""Edges of latency histograms in Prometheus: the node's and the generator's, so that both share one picture."""

from __future__ import annotations

_MICROSECONDS = (1, 2, 5, 10, 13, 20, 26, 50, 100, 150, 200, 300, 400, 500)
_NODE_MILLISECONDS = (1, 2, 5, 10, 50, 100, 500, 1000, 5000, 10_000)
# what a network adds lies above the node's own times
_CLIENT_MILLISECONDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000)
NODE_EDGES_S = tuple(us / 1e6 for us in _MICROSECONDS) + tuple(ms / 1e3 for ms in _NODE_MILLISECONDS)
CLIENT_EDGES_NS = tuple(us * 1000 for us in _MICROSECONDS) + tuple(ms * 1_000_000 for ms in _CLIENT_MILLISECONDS)
