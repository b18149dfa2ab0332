"""Grafana's API as it is spoken here: what is sent, what a response may be, where the key may go."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bizra_load.exit_codes import InvalidRunError, UsageError
from bizra_load.monitoring import grafana_api
from bizra_load.monitoring.grafana import settings_of_environment
from bizra_load.monitoring.grafana_api import Annotation, DataSource, Folder, GrafanaApi, GrafanaSettings, SavedDashboard
from tests.e2e.replayed_grafana import KEY, replayed_grafana


@contextmanager
def server(respond):
    """`respond` maps a handler to (status, headers, body); yields (URL, headers and paths of all requests)."""
    requested = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            requested.append((self.path, dict(self.headers)))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = respond(self)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

    started = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{started.server_address[1]}", requested
    finally:
        started.shutdown()
        started.server_close()
        thread.join()


def api(url, **changes):
    return GrafanaApi(GrafanaSettings(url, KEY, **{"timeout_s": 5.0, **changes}))


def test_each_request_gives_a_typed_value():
    with replayed_grafana() as grafana:
        client = api(grafana.url)
        assert client.version() == "11.6.0"
        assert client.data_sources() == [
            DataSource("Logs", "loki1", "loki", True),
            DataSource("Prometheus", "prom1", "prometheus", False),
        ]
        assert client.folders() == [Folder("Releases", "fold7"), Folder("Of the week", "fold8")]
        dashboard = {"uid": "u", "title": "A title"}
        assert client.save_dashboard(dashboard, "why") == SavedDashboard("/d/u/bizra-node", 1)
        assert client.save_dashboard(dashboard, "why", "fold7") == SavedDashboard("/d/u/bizra-node", 2)
        assert grafana.saved == [
            {"dashboard": dashboard, "overwrite": True, "message": "why"},
            {"dashboard": dashboard, "overwrite": True, "message": "why", "folderUid": "fold7"},
        ]
        assert (client.folder_of("u"), client.folder_of("unknown")) == ("fold7", None)
        client.save_dashboard(dashboard, "why")
        assert client.folder_of("u") == ""
        assert client.create_snapshot(dashboard).endswith("/dashboard/snapshot/k")
        assert grafana.snapshots == [{"dashboard": dashboard, "name": "A title"}]
        client.annotate(1_999_999, 5_000_001, "text", ("a", "b"))
        assert grafana.annotations == [{"panelId": None, "time": 1, "timeEnd": 5, "tags": ["a", "b"], "text": "text"}]
        assert client.annotations(0, 1_000_000, "a") == client.annotations(5_000_000, 9_000_000, "b") == [Annotation(1, "text")]
        assert client.annotations(0, 1_000_000, "c") == client.annotations(6_000_000, 9_000_000, "a") == []
        client.change_annotation(1, "other", ("c",))
        assert grafana.annotations == [{"panelId": None, "time": 1, "timeEnd": 5, "tags": ["c"], "text": "other"}]


def test_a_user_in_the_address_takes_the_place_of_no_key_and_a_path_is_kept():
    def respond(handler):
        return 200, {}, json.dumps({"buildInfo": {"version": "10.1.0"}}).encode()

    with server(respond) as (url, requested):
        assert api(url.replace("://", "://me:planted@") + "/grafana").version() == "10.1.0"
    [(path, headers)] = requested
    assert path == "/grafana/api/frontend/settings"
    assert headers["Authorization"] == f"Bearer {KEY}"


def test_a_redirect_carries_the_key_to_no_other_host():
    def respond(handler):
        return 200, {}, b'{"buildInfo": {"version": "11.0.0"}}'

    with server(respond) as (other, received):

        def redirect(handler):
            return 302, {"Location": f"{other}/elsewhere"}, b""

        with server(redirect) as (url, first):
            assert api(url).version() == "11.0.0"
    assert first[0][1]["Authorization"] == f"Bearer {KEY}"
    assert [path for path, _ in received] == ["/elsewhere"]
    assert "Authorization" not in received[0][1]
    assert KEY not in str(received)


@pytest.mark.parametrize(
    ("status", "body", "error", "line"),
    [
        (401, b'{"message": "Invalid API key"}', UsageError, "401, the key is not accepted"),
        (403, b"{}", UsageError, "403, the key may not do this (role Editor is needed)"),
        (404, b"gone", UsageError, "404, no such address: is this a Grafana?"),
        (400, b'{"message": "bad"}', UsageError, "400, Bad Input: `{'message': 'bad'}`"),
        (412, b'{"message": "changed\\nby another"}', UsageError, "412, Client Error 412: changed by another"),
        (502, b'{"message": "no upstream"}', InvalidRunError, "502, Server Error 502: no upstream"),
        (503, b"<html>\n down", InvalidRunError, "503, Server Error 503: <html> down"),
        (200, b"<html>", UsageError, "does not respond as a Grafana does (JSONDecodeError)"),
        (200, b"[]", UsageError, "does not respond as a Grafana does (TypeError)"),
        (200, b"", UsageError, "does not respond as a Grafana does (TypeError)"),
        (200, b'{"buildInfo": {}}', UsageError, "does not respond as a Grafana does (KeyError)"),
        (200, b"[" * 3_000_000, InvalidRunError, "can't be reached: more than 2,000,000 bytes"),
        (302, b"x" * 3_000_000, InvalidRunError, "can't be reached: more than 2,000,000 bytes"),
    ],
    ids=lambda v: str(v)[:30],
)
def test_every_other_response_is_one_line(monkeypatch, status, body, error, line):
    monkeypatch.setattr(grafana_api, "MAX_RESPONSE_BYTES", 2_000_000)
    with server(lambda handler: (status, {"Location": "/again"} if status == 302 else {}, body)) as (url, _):
        with pytest.raises(error) as refused:
            api(url).version()
        assert str(refused.value).startswith(f"{url}: {line}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "grafana:3000",
        "ftp://x",
        "http://",
        "http://[::1",
        "http://x:99999",
        "http://x:port",
        "http://x?y",
        "http://x/#y",
        "http://*",
    ],
)
def test_what_is_no_address_is_refused(monkeypatch, url):
    monkeypatch.setenv("GRAFANA_URL", url)
    monkeypatch.setenv("GRAFANA_API_KEY", KEY)
    with pytest.raises(UsageError, match="GRAFANA_URL: not a URL"):
        settings_of_environment()


def test_settings_show_neither_key_nor_password():
    assert repr(GrafanaSettings("http://me:password@grafana.example/x", KEY)) == "GrafanaSettings(http://grafana.example/x)"
