"""Other web pages, and names that lead here without being ours, can neither drive nor read Locust's web UI or the node's
faults: with a real browser, and with the requests that one would send.
"""

import json
import socket
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
import requests

from tests.e2e.browser import chromium
from tests.e2e.plain_http import answering
from tests.e2e.running import until
from tests.e2e.web_ui import WebUI

EVIL = "evil.example"
CHANGING = ("/swarm", "/stop", "/stats/reset", "/user")
READ = (
    "/",
    "/stats/requests",
    "/logs",
    "/exceptions",
    "/bizra-load",
    "/bizra-load/data",
    "/bizra-load/metrics",
    "/assets/x.js",
)


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    out = tmp_path_factory.mktemp("web") / "runs"
    with WebUI("locustfiles/poi.py", out, "--web-names", "load.example.com,locust-master:8443") as started:
        started.out = out
        yield started


def refused(response):
    assert response.status_code == 403, response.text
    assert response.text.startswith("bizra-load: refused: ")
    assert len(response.text.splitlines()) == 1
    assert "<" not in response.text


@pytest.mark.parametrize("path", CHANGING)
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1",
        f"https://{socket.gethostname()}",
        "null",
        "https://evil.example:443",
        "http://127.0.0.1:1",
        "http://localhost:{port}",
        "file://",
    ],
)
def test_what_another_page_sends_is_refused(ui, path, origin):
    refused(ui.post(path, Origin=origin.format(port=ui.port)))
    refused(ui.post(path, Sec_Fetch_Site="cross-site"))
    refused(ui.post(path, Sec_Fetch_Site="same-site"))
    assert not ui.out.exists()


@pytest.mark.parametrize("path", [*CHANGING, *READ])
def test_a_name_that_is_none_of_ours_is_refused(ui, path):
    for name in (EVIL, f"{EVIL}:{ui.port}", f"127.0.0.1.{EVIL}", f"load.example.com.{EVIL}", "a b", "@127.0.0.1", "[::1"):
        refused((ui.post if path in CHANGING else ui.get)(path, Host=name))
        refused((ui.post if path in CHANGING else ui.get)(path, Host=name, Origin=f"http://{name}"))


def test_names_of_ours_scripts_and_own_pages_pass(ui):
    for name in (
        "localhost",
        f"localhost:{ui.port}",
        f"127.0.0.1:{ui.port}",
        "[::1]:8089",
        "10.1.2.3",
        "load.example.com",
        "LOCUST-MASTER",
    ):
        assert ui.get("/", Host=name).status_code == 200
        assert ui.post("/stats/reset", Host=name, Origin=f"http://{name}").text == "ok"
    assert ui.post("/stats/reset").text == "ok"  # a script: neither Origin nor Sec-Fetch-Site
    assert ui.post("/stats/reset", Sec_Fetch_Site="same-origin").text == "ok"
    # behind a proxy that hands on another Host
    assert ui.post("/stats/reset", Host="10.1.2.3:8089", Origin="https://load.example.com").text == "ok"
    assert ui.post("/stats/reset", Host="10.1.2.3:8089", Origin="https://locust-master:8443").text == "ok"
    refused(ui.post("/stats/reset", Host="10.1.2.3:8089", Origin="https://load.example.com:8443"))


@pytest.mark.parametrize("path", READ)
def test_another_page_may_show_none_of_ours_in_a_frame(ui, path):
    headers = ui.get(path).headers
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", READ)
def test_another_page_may_not_read(ui, path):
    for origin in ("http://evil.example", "null"):
        for response in (ui.get(path, Origin=origin), requests.options(ui.url + path, headers={"Origin": origin}, timeout=10)):
            assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_a_wrong_name_ends_locust_with_one_line(tmp_path):
    with pytest.raises(AssertionError, match="--web-names: 'a/b'"), WebUI("locustfiles/poi.py", tmp_path, "--web-names", "a/b"):
        pass


@contextmanager
def page_of_an_attacker(script):
    """URL of a page that runs this script."""
    content = f"<!doctype html><title>waiting</title><script>{script}</script>".encode()
    with answering("text/html", lambda: content) as address:
        yield f"http://{address}"


ATTACK = """
(async () => {
  const responses = [];
  const seen = async (name, work) => responses.push(name + ": " + await work().catch(() => "none"));
  const blind = (url, options) => fetch(url, {mode: "no-cors", credentials: "include", ...options});
  const fields = new URLSearchParams({user_count: 1, spawn_rate: 1});
  await seen("swarm", () => blind("UI/swarm", {method: "POST", body: fields}).then(a => a.type));
  await seen("user", () => blind("UI/user", {method: "POST", body: "{}"}).then(a => a.type));
  await seen("faults", () => blind("NODE/faults", {method: "POST", body: '{"error_rate": "100%"}'}).then(a => a.type));
  await seen("read", () => fetch("UI/stats/requests").then(a => a.text()));
  await seen("logs", () => fetch("UI/logs").then(a => a.text()));
  await seen("delete", () => fetch("NODE/faults", {method: "DELETE"}).then(a => a.text()));
  const form = document.createElement("form");
  form.method = "post"; form.action = "UI/swarm"; form.target = "frame";
  const frame = document.createElement("iframe"); frame.name = "frame";
  document.documentElement.append(frame, form);
  frame.onload = () => { if (form.done) document.title = JSON.stringify(responses) };
  form.done = true; form.submit();
})()
"""


@pytest.fixture(scope="module")
def browser():
    with chromium(f"--host-resolver-rules=MAP {EVIL} 127.0.0.1") as started:
        yield started


@pytest.mark.browser
def test_a_page_of_an_attacker_in_a_real_browser_changes_and_reads_nothing(ui, browser, calm_node):
    with page_of_an_attacker(ATTACK.replace("UI", ui.url).replace("NODE", calm_node.admin_url)) as url:
        page = browser.new_page()
        page.goto(url)
        responses = json.loads(until(lambda: page.title() != "waiting" and page.title(), "the attack"))
        page.close()
    # what is sent without asking is sent, and the page sees of it no more than that
    assert responses == ["swarm: opaque", "user: opaque", "faults: opaque", "read: none", "logs: none", "delete: none"]
    assert not ui.out.exists()
    assert requests.get(calm_node.admin_url + "/faults", timeout=10).json() == {}


@pytest.mark.browser
def test_a_name_of_an_attacker_that_leads_here_reads_nothing_in_a_real_browser(ui, browser, calm_node):
    """DNS rebinding: for the browser it is the page's own server."""
    for url in (ui.url, calm_node.admin_url + "/faults"):
        parts = urlsplit(url)
        page = browser.new_page()
        response = page.goto(f"http://{EVIL}:{parts.port}{parts.path}")
        assert response.status == 403
        assert "refused" in page.locator("body").inner_text()
        page.close()


@pytest.mark.browser
def test_locusts_own_form_shows_a_refusal_and_starts_a_test(browser, tmp_path, calm_node):
    with WebUI("locustfiles/poi.py", tmp_path / "runs", "--agreement", "local", target=calm_node.url) as ui:
        page = browser.new_page()
        page.goto(ui.url)
        rate = page.locator("[name=targetOps]")
        rate.fill("a lot")
        for path in ("out", "headersFile", "blockHashes", "caFile", "insecure", "evidence"):
            assert page.locator(f"[name={path}]").count() == 0
        page.get_by_role("button", name="Start").click()
        page.get_by_text("--target-ops: not a rate in ops/s: 'a lot'").wait_for()
        assert not (tmp_path / "runs").exists()
        rate.fill("50")
        page.get_by_role("button", name="Start").click()
        until(lambda: list((tmp_path / "runs").glob("*/run.json")), "a run")
        page.close()
        ui.post("/stop")
