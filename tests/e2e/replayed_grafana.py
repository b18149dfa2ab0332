"""Not a Grafana: an HTTP server that answers as Grafana's documented HTTP API does (none can be installed here).

Its data source proxy forwards to a real Prometheus.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import requests

PROXY = "/api/datasources/proxy/uid/prom1/api/v1/"
KEY = "glsa_replayed_key_0123456789"


class ReplayedGrafana:
    """What was posted to it, and how it behaves."""

    def __init__(self, prometheus: str) -> None:
        self.prometheus = prometheus
        self.version = "11.6.0"
        self.dashboards: dict[str, dict] = {}  # by uid: their version and the folder they lie in
        self.saved: list[dict] = []
        self.snapshots: list[dict] = []
        self.annotations: list[dict] = []
        self.changed: list[dict] = []  # annotations as they were before they were changed
        self.hang = threading.Event()
        self.hang.set()
        self.url = ""


@contextmanager
def replayed_grafana(prometheus: str = "", context=None) -> Iterator[ReplayedGrafana]:
    """On a free port; with an SSL `context` over https."""
    grafana = ReplayedGrafana(prometheus)

    class Handler(_Handler):
        state = grafana

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    grafana.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield grafana
    finally:
        grafana.hang.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: ReplayedGrafana

    def log_message(self, *_):
        pass

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        grafana = self.state
        grafana.hang.wait(30)
        length = int(self.headers.get("Content-Length") or 0)
        content = json.loads(self.rfile.read(length) or b"null")
        path, _, query = self.path.partition("?")
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return self._answer(401, {"message": "Invalid API key", "messageId": "api-key.invalid", "statusCode": 401})
        if path == "/api/frontend/settings":
            return self._answer(200, {"buildInfo": {"version": grafana.version, "commit": "0000000", "env": "production"}})
        if path == "/api/datasources":
            sources = [
                {"id": 2, "uid": "loki1", "name": "Logs", "type": "loki", "isDefault": True},
                {"id": 1, "uid": "prom1", "name": "Prometheus", "type": "prometheus", "isDefault": False},
            ]
            return self._answer(200, sources)
        if path == "/api/folders":
            return self._answer(200, [{"id": 7, "uid": "fold7", "title": "Releases"}])
        if (path, query) == ("/api/search", "type=dash-folder&limit=5000"):
            inside = {"id": 8, "uid": "fold8", "title": "Of the week", "type": "dash-folder", "folderUid": "fold7"}
            return self._answer(200, [{"id": 7, "uid": "fold7", "title": "Releases", "type": "dash-folder"}, inside])
        if path.startswith("/api/dashboards/uid/"):
            dashboard = grafana.dashboards.get(path.rpartition("/")[2])
            if not dashboard:
                return self._answer(404, {"message": "Dashboard not found", "traceID": ""})
            return self._answer(200, {"meta": {"slug": "bizra-node", "folderUid": dashboard["folderUid"]}, "dashboard": {}})
        if path == "/api/dashboards/db" and self.command == "POST":
            uid = content["dashboard"]["uid"]
            revision = grafana.dashboards.get(uid, {}).get("version", 0) + 1
            # "if you do not define the folderId or the folderUid, the dashboard is moved to the root level"
            grafana.dashboards[uid] = {"version": revision, "folderUid": content.get("folderUid", "")}
            grafana.saved.append(content)
            return self._answer(
                200, {"id": 1, "uid": uid, "url": f"/d/{uid}/bizra-node", "status": "success", "version": revision}
            )
        if path == "/api/snapshots" and self.command == "POST":
            grafana.snapshots.append(content)
            return self._answer(200, {"key": "k", "deleteKey": "d", "url": f"{grafana.url}/dashboard/snapshot/k", "id": 1})
        if path == "/api/annotations" and self.command == "POST":
            grafana.annotations.append(content)
            return self._answer(200, {"message": "Annotation added", "id": len(grafana.annotations)})
        if path == "/api/annotations":
            asked = parse_qs(query)
            span = int(asked["from"][0]), int(asked["to"][0])
            matching = [
                {"id": number, **a}
                for number, a in enumerate(grafana.annotations, start=1)
                if a["time"] <= span[1] and a["timeEnd"] >= span[0] and set(asked["tags"]) <= set(a["tags"])
            ]
            return self._answer(200, matching[: int(asked["limit"][0])])
        if path.startswith("/api/annotations/") and self.command == "PATCH":
            annotation = grafana.annotations[int(path.rpartition("/")[2]) - 1]
            grafana.changed.append(dict(annotation))
            annotation |= content
            return self._answer(200, {"message": "Annotation patched"})
        if path.startswith(PROXY):
            try:
                asked = requests.get(f"{grafana.prometheus}/api/v1/{path.removeprefix(PROXY)}?{query}", timeout=10)
            except requests.ConnectionError:
                return self._answer(502, {"message": "bad gateway"})
            return self._answer(asked.status_code, asked.json())
        return self._answer(404, {"message": "Not found"})

    do_GET = do_POST = do_PATCH = _handle  # the names that http.server calls
