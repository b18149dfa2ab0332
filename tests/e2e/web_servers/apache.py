"""Apache with its event module, http and https on one address."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bizra_load.io.ports import free_port
from tests.e2e.web_servers.serving import WebServer, certificate, serving

MODULES = ("mpm_event", "authz_core", "rewrite", "socache_shmcb", "ssl")
_CONFIGURATION = """
ServerRoot {folder}
ServerName 127.0.0.1
PidFile {folder}/pid
DefaultRuntimeDir {folder}
ErrorLog {folder}/error.log
LogFormat "row %>s %U" rows
CustomLog {folder}/access.log rows
Listen 127.0.0.1:{http}
Listen 127.0.0.1:{https}
User nobody
Group nogroup
StartServers 2
ServerLimit 8
ThreadLimit 64
ThreadsPerChild 64
MaxRequestWorkers 256
MinSpareThreads 64
MaxSpareThreads 256
{settings}
RewriteEngine On
RewriteRule ^/read/ - [R=200,L]
RewriteRule ^/write/ - [R=204,L]
RewriteRule ^/fail/ - [R=503,L]
<VirtualHost *:{https}>
  SSLEngine on
  SSLCertificateFile {pem}
  SSLCertificateKeyFile {pem}
  RewriteEngine On
  RewriteOptions Inherit
</VirtualHost>
"""


@contextmanager
def apache(folder: Path, settings: str = "") -> Iterator[WebServer]:
    """`settings`: directives of its main server."""
    ports = {"http": free_port(), "https": free_port()}
    modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
    text = _CONFIGURATION.format(folder=folder, pem=certificate(folder), settings=settings, **ports)
    (folder / "apache.conf").write_text(modules + text, encoding="utf-8")
    command = ["/usr/sbin/apache2", "-f", str(folder / "apache.conf"), "-D", "FOREGROUND"]
    with serving(command, folder, ports, signal.SIGUSR1, signal.SIGWINCH) as server:
        yield server
