"""Speaking to a node over HTTP: requests, faults, and its own figures."""

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
    answer = requests.post(node.admin_url + "/faults", json={k.replace("__", "."): v for k, v in faults.items()}, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(node):
    found = metric_values(node)
    return {label: int(found[name, None]) for label, name in COUNTERS.items()}


def added(before, after):
    return {label: after[label] - before[label] for label in after if after[label] != before[label]}
