"""nginx (Debian's nginx-light) as a target that costs next to nothing: a fixed attestation for every request."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import trustme

from bizra_load.io.ports import free_port
from bizra_load.node.attestations import Attestor

SIZES = {1_000: "1 KB", 10_000: "10 KB", 1_000_000: "1 MB"}  # of files that can be read: bytes, and in words
_CONFIG = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port}; listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location /status {{ stub_status; }}
    location /api/ {{ default_type application/json; return 200 '{response}'; }}
    location /chunked/api/ {{ error_page 405 =200 /fixed.json; return 405; }}
    location /files/ {{ root {folder}; }}
    location = /fixed.json {{ root {folder}; default_type application/json; ssi on; ssi_types application/json; }}
  }}
}}
"""


@dataclass(frozen=True)
class Target:
    url: str
    tls_url: str
    ca_file: Path
    body: bytes

    def requests(self) -> int:
        """Requests served so far, this one included."""
        text = requests.get(f"{self.url}/status", timeout=10).text
        result = re.search(r"\n\s*\d+\s+\d+\s+(\d+)", text)
        assert result, text
        return int(result[1])


@contextmanager
def target(core: int | None = None) -> Iterator[Target]:
    """nginx on free ports of 127.0.0.1, pinned to one core."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if binary is None:
        raise SystemExit("nginx is missing: apt-get install -y --no-install-recommends nginx-light")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chmod(folder, 0o755)  # noqa: S103  # nginx started by root reads it as another user
        port, tls_port = free_port(), free_port()
        response = json.dumps(Attestor(bytes(32)).generate("the same for everybody"))
        (folder / "fixed.json").write_text(response)
        (folder / "files").mkdir()
        for size in SIZES:
            (folder / "files" / str(size)).write_bytes(b"x" * size)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
        (folder / "cert.pem").write_bytes(b"".join(p.bytes() for p in certificate.cert_chain_pems))
        (folder / "nginx.conf").write_text(_CONFIG.format(folder=folder, port=port, tls_port=tls_port, response=response))
        pin = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
        process = subprocess.Popen([binary, "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")], preexec_fn=pin)
        try:
            wait_for(port, lambda: (folder / "error.log").read_text())
            body = json.dumps({"evidence": "e" * 40}).encode()
            yield Target(f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls_port}", folder / "ca.pem", body)
        finally:
            process.terminate()
            process.wait(timeout=20)


def wait_for(port: int, message: Callable[[], str] = str) -> None:
    """Until something listens there; `said` gives its own words when it never does."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"the target did not start: {message()}")
