"""nginx, with http and https on one address and a page for each status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bizra_load.io.ports import free_port
from tests.e2e.web_servers.serving import WebServer, certificate, serving

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 2048; }}
http {{
  log_format rows 'row $status $request_uri';
  access_log {folder}/access.log rows;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type text/plain;
  {outside}
  server {{
    listen 127.0.0.1:{http};
    listen 127.0.0.1:{https} ssl;
    ssl_certificate {pem};
    ssl_certificate_key {pem};
    {settings}
    location /look/ {{ return 200 "look"; }}
    location /read/ {{ return 200 "read"; }}
    # by way of itself: only what is not answered at once can be held back by limit_req
    location /queue/ {{ proxy_pass http://127.0.0.1:{http}/done/; }}
    location /done/ {{ access_log off; return 200 "done"; }}
    location /write/ {{ return 201 "written"; }}
    location /accept/ {{ return 204; }}
    location /part/ {{ return 206 "part"; }}
    location /move/ {{ return 302 /read/elsewhere; }}
    location /same/ {{ return 304; }}
    location /lack/ {{ return 404 "none"; }}
    location /fail/ {{ return 503 "later"; }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, settings: str = "", outside: str = "") -> Iterator[WebServer]:
    """`settings`: directives of its server; `outside`: of what is around it."""
    ports = {"http": free_port(), "https": free_port()}
    text = _CONFIGURATION.format(folder=folder, pem=certificate(folder), settings=settings, outside=outside, **ports)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = ["/usr/sbin/nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with serving(command, folder, ports) as server:
        yield server
