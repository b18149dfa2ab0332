"""Objectives in words, on loads of a service that is no product: bizra-load run, validate, and Locust by itself."""

import os
import subprocess
import sys

import pytest
import requests
import yaml

from bizra_load.archive.latest import run_folders
from tests.e2e.running import ROOT, Running, load

SHOP = '''\
"""Two operations of a shop, by names that routes have."""

from locust import task

from bizra_load import OpenModelUser, StagesShape, register

register()


class Shape(StagesShape):
    pass


class Customer(OpenModelUser):
    def __init__(self, environment):
        super().__init__(environment)
        self.request = self.connection.prepare("POST", "/api/v1/poi/generate", {"Content-Type": "application/json"})
        self.items, self.pay = self.operation("GET /items/{id}"), self.operation("pay")

    @task
    def look(self):
        self.perform(self.items, self.request, b'{"evidence": "x"}', lambda content: None)

    @task
    def buy(self):
        self.perform(self.pay, self.request, b'{"evidence": "x"}', lambda content: None)
'''
SHORT = ("--target-ops", "400", "--ramp", "0s", "--duration", "8s", "--workers", "1")
KEPT = ("GET /items/{id} p50 < 1 s", "all p50 < 1 s", "error rate < 50 %", "pay throughput >= 20 ops/s")


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.py"
    path.write_text(SHOP)
    return str(path)


def words(*objectives):
    return [word for objective in objectives for word in ("--objective", objective)]


def test_a_service_that_keeps_them_is_a_go_and_its_folder_judges_again_by_the_same_words(calm_node, shop, tmp_path):
    ended = load(tmp_path / "runs", None, "-H", calm_node.url, "-f", shop, *SHORT, *words(*KEPT))
    assert (ended.code, {o["status"] for o in ended.assessment["objectives"]}) == (0, {"PASS"}), ended.out
    kept = yaml.safe_load((ended.folder / "agreement.yaml").read_text())
    assert (kept["objectives"], kept["product"], ended.folder.name[-5:]) == (list(KEPT), "service", "-shop")
    assert "server-side objectives" not in ended.err
    again = subprocess.run(
        [sys.executable, "-m", "bizra_load.cli.main", "assess", str(ended.folder)],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert again.returncode == 0


def test_a_service_that_fails_too_often_is_a_no_go_and_an_operation_that_never_ran_names_those_that_did(
    calm_node, shop, tmp_path
):
    requests.post(calm_node.admin_url + "/faults", json={"generate.error_rate": "30%"}, timeout=10).raise_for_status()
    missed = ("error rate < 5 %", "chekout error rate < 50 %, warning", "chekout p50 < 1 s, warning")
    ended = load(tmp_path / "runs", None, "-H", calm_node.url, "-f", shop, *SHORT, *words(*missed))
    assert ended.code == 3, ended.out
    rate, *never = ended.assessment["objectives"]
    assert (rate["status"], rate["comparison"], rate["target"]) == ("FAIL", "<", 0.05)
    assert 0.2 < rate["estimate"]["point"] < 0.4
    assert {o["reason"] for o in never} == {"no data: the run has no operation 'chekout'; it has 'GET /items/{id}', 'pay'"}


def test_locust_by_itself_takes_them_too(calm_node, shop, tmp_path):
    command = [sys.executable, "-m", "locust", "-f", shop, "-H", calm_node.url, "--headless", "--out", str(tmp_path / "runs")]
    command += ["--target-ops", "200", "--ramp", "0s", "--duration", "7s", "--allow", "schedule-lag"]
    command += words("pay p50 < 1 s", "error rate < 50 %")
    environment = {name: value for name, value in os.environ.items() if name != "AGREEMENT"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    [folder] = run_folders(tmp_path / "runs")
    assert yaml.safe_load((folder / "agreement.yaml").read_text())["objectives"] == ["pay p50 < 1 s", "error rate < 50 %"]


def test_a_run_under_way_ends_early_by_an_error_rate_of_the_whole_load(calm_node, shop, tmp_path):
    requests.post(calm_node.admin_url + "/faults", json={"generate.error_rate": "40%"}, timeout=10).raise_for_status()
    arguments = ["-H", calm_node.url, "-f", shop, "--target-ops", "300", "--ramp", "0s", "--duration", "10m", "--workers", "1"]
    ended = Running(tmp_path / "runs", *arguments, "--abort-on-fail", *words("error rate < 5 %")).end(within_s=150)
    assert ended.code == 3, ended.out
    assert "stopped early: error rate missed the target" in " ".join(ended.assessment["notes"])


def test_a_validation_by_them_needs_neither_prometheus_nor_grafana(calm_node, shop, tmp_path):
    command = [sys.executable, "-m", "bizra_load.cli.main", "validate", "-H", calm_node.url, "-f", shop, *SHORT, *words(*KEPT)]
    command += ["--out", str(tmp_path / "runs"), "--artifacts", str(tmp_path / "artifacts")]
    environment = {name: value for name, value in os.environ.items() if name not in ("PROMETHEUS_URL", "GRAFANA_URL")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the agreement names no metrics of the service" in done.stdout
    for document in (tmp_path / "artifacts").glob("*.md"):
        assert not [word for word in ("PoI", "bizra-node", "Finality") if word in document.read_text()], document
