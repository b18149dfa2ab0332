"""Speaking to a node over HTTP: requests, faults, and its own figures."""

import contextlib
import http.client
import json
import socket
from urllib.parse import urlsplit

import requests

from tests.e2e.running import metric_values

GENERATE, VERIFY, FINALITY = "/api/v1/poi/generate", "/api/v1/poi/verify", "/api/v1/finality"
COUNTERS = {
    "generate": "bizra_poi_generate_total",
    "generate failed": "bizra_poi_generate_fail_total",
    "verify": "bizra_poi_verify_total",
    "verify failed": "bizra_poi_verify_fail_total",
    "finality": "bizra_finality_checks_total",
}
HISTOGRAMS = {
    "generate": "bizra_poi_generate_seconds",
    "verify": "bizra_poi_verify_seconds",
    "finality": "bizra_finality_check_seconds",
}


def post(node, path, content, **more):
    return requests.post(node.url + path, json=content, timeout=10, **more)


def set_faults(node, **faults):
    response = requests.post(node.admin_url + "/faults", json={k.replace("__", "."): v for k, v in faults.items()}, timeout=10)
    assert response.status_code == 200, response.text
    return response.json()


def counts(node):
    metrics = metric_values(node)
    return {label: int(metrics[name, None]) for label, name in COUNTERS.items()}


def added(before, after):
    return {label: after[label] - before[label] for label in after if after[label] != before[label]}


@contextlib.contextmanager
def pipelined(node, asked):
    """Sends (path, content) pairs at once on one connection; yields a function that reads the next answer's content."""
    place = urlsplit(node.url)
    with (
        socket.create_connection((place.hostname, place.port), timeout=10) as connection,
        connection.makefile("rb") as responses,
    ):
        bodies = [(path, json.dumps(content)) for path, content in asked]
        connection.sendall(
            "".join(
                f"POST {path} HTTP/1.1\r\nHost: node\r\nContent-Length: {len(body)}\r\n\r\n{body}" for path, body in bodies
            ).encode()
        )

        def next_answer():
            assert responses.readline() == b"HTTP/1.1 200 OK\r\n"
            return json.loads(responses.read(int(http.client.parse_headers(responses)["content-length"])))

        yield next_answer
