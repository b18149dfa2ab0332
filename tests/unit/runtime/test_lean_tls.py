"""LeanHttpUser over https: certificates as FastHttpUser takes them."""

import json
import subprocess
import sys

import pytest

HTTPS = """
import json, ssl
from locust import FastHttpUser
from locust.env import Environment
import trustme
from gevent.server import StreamServer
from bizra_load import LeanHttpUser

authority, context, trusting = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
authority.issue_cert("127.0.0.1").configure_cert(context)
authority.configure_trust(trusting)

def serve(sock, _):
    stream = sock.makefile("rb")
    while stream.readline():
        while stream.readline() != b"\\r\\n":
            pass
        sock.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")

server = StreamServer(("127.0.0.1", 0), serve, ssl_context=context)
server.start()

def outcome(base, **options):
    kind = type("Visitor", (base,), {"host": f"https://127.0.0.1:{server.server_port}", "tasks": [print], **options})
    environment, events = Environment(user_classes=[kind]), []
    environment.events.request.add_listener(lambda exception, response, **_: events.append(
        (response.status_code, type(exception).__name__)))
    client = kind(environment).client
    for path in ("/a", "/b"):
        client.get(path)
    return events

kinds = {"default": {}, "verified": {"insecure": False}, "trusted": {"ssl_context_factory": staticmethod(lambda: trusting)}}
print(json.dumps({name: [outcome(base, **kind) for base in (FastHttpUser, LeanHttpUser)] for name, kind in kinds.items()}))
"""


@pytest.mark.processes
def test_certificates_are_verified_where_fast_http_user_verifies_them():
    done = subprocess.run([sys.executable, "-c", HTTPS], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert [lean for _, lean in outcomes.values()] == [fast for fast, _ in outcomes.values()]
    assert outcomes["default"][1] == outcomes["trusted"][1] == [[200, "NoneType"]] * 2
    assert outcomes["verified"][1] == [[0, "SSLCertVerificationError"]] * 2
