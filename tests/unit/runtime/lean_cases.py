"""What a client makes of a table of responses: python -m tests.unit.runtime.lean_cases CLIENT, results as JSON to stdout.

In a process of its own: importing Locust patches the standard library. Server and client are in one process.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import gevent
from gevent.server import StreamServer
from locust import FastHttpUser, task
from locust.env import Environment

from bizra_load import LeanHttpUser
from bizra_load.measure.categories import category_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TEXT = b'{"a": 1, "b": "the same again and again and again"}'


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]).encode() + body


RESPONSES = {
    "/ok": OK,
    "/json": response(TEXT, "Content-Type: application/json"),
    "/latin": response("é".encode("latin-1"), "Content-Type: text/plain; charset=iso-8859-1"),
    "/gzip": response(gzip.compress(TEXT), "Content-Type: application/json", "Content-Encoding: gzip"),
    "/deflate": response(zlib.compress(TEXT), "Content-Encoding: deflate"),
    "/br": response(brotli.compress(TEXT), "content-encoding: BR"),
    "/bad-gzip": response(b"no gzip", "Content-Encoding: gzip"),
    "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "/to-end": b"HTTP/1.1 200 OK\r\n\r\nok to the end",
    "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "/305": response(b"", status="305 Use Proxy"),
    "/404": response(b"not here", status="404 Not Found"),
    "/500": response(b"broken", status="500 Oh"),
    "/empty": b"",
    "/garbage": b"hello world\r\n\r\n",
    "/half-head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "/half": b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok",
    "/half-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "/301": response(b"moved", "Location: /ok", status="301 Moved"),
    "/302": response(b"", "Location: /echo?from=302", status="302 Found"),
    "/303": response(b"", "Location: echo", status="303 See Other"),
    "/307": response(b"", "Location: /echo", status="307 Temporary Redirect"),
    "/308": response(b"", "Location: /echo", status="308 Permanent Redirect"),
    "/to-404": response(b"", "Location: /404", status="302 Found"),
    "/loop": response(b"", "Location: /loop", status="302 Found"),
    "/ftp": response(b"", "Location: ftp://nowhere/", status="302 Found"),
    "/elsewhere": b"",  # filled in below: to another port, which is another origin
    "/refused": response(b"", "Location: http://127.0.0.1:1/", status="302 Found"),
    "/login": response(
        b"", "Set-Cookie: id=17; Path=/", "Set-Cookie: only=here; Path=/private", "Set-Cookie: gone=1; Max-Age=0"
    ),
    "/login-on": response(b"", "Set-Cookie: id=18; Path=/", "Location: /echo", status="302 Found"),
}
PORT = re.compile(r":\d+")
ENDING = ("/empty", "/garbage", "/half-head", "/half", "/half-chunk", "/to-end")  # the connection ends behind these


class Server:
    """`asked`: paths in the order in which they came."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.port = self._server.server_port

    def _serve(self, sock: Any, _: Any) -> None:
        stream = sock.makefile("rb")
        while line := stream.readline():
            head = dict(h.decode("latin-1").rstrip().split(": ", 1) for h in iter(stream.readline, b"\r\n"))
            lowered = {name.lower(): value for name, value in head.items()}
            if line.startswith(b"POST /too-large "):  # with a body that no buffer holds: the rest of it finds nobody
                sock.sendall(response(b"too large", status="413 Content Too Large"))
                stream.close()
                return
            body = stream.read(int(lowered.get("content-length", 0)))
            if "transfer-encoding" in lowered:
                while size := int(stream.readline(), 16):
                    body += stream.read(size + 2)[:-2]
                stream.readline()
            method, path = line.decode("latin-1").split()[:2]
            self.asked.append(path)
            if path == "/never":
                gevent.sleep(60)
            known = RESPONSES.get(path)
            if known is None:
                kept = {n: v for n, v in lowered.items() if n not in ("user-agent", "host")}
                known = response(json.dumps([method, path, kept, body.decode("latin-1")], sort_keys=True).encode())
            sock.sendall(known if method != "HEAD" else known.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
            if path in ENDING:
                return


def cases() -> dict[str, Callable[[Any], Any]]:
    """What is asked of a client, by name."""
    table: dict[str, Callable[[Any], Any]] = {f"GET {path}": lambda c, p=path: c.get(p) for path in (*RESPONSES, "/never")}
    for method in ("post", "put", "patch", "delete", "options", "head"):
        table[f"{method} /echo"] = lambda c, m=method: getattr(c, m)("/echo")
    for path in ("/301", "/302", "/303", "/307", "/308"):
        table[f"POST {path}"] = lambda c, p=path: c.post(p, data={"a": "b"})
        table[f"PUT {path} stays"] = lambda c, p=path: c.put(p, data="x", allow_redirects=False)
    table |= {
        "form": lambda c: c.post("/echo", data={"a": "b c", "d": 1}),
        "text": lambda c: c.post("/echo", data="täxt"),
        "bytes": lambda c: c.post("/echo", data=b"\x00\xff"),
        "json": lambda c: c.post("/echo", json={"a": ["ä", None, 1.5]}, headers={"X-Mine": "1"}),
        "json patched": lambda c: c.patch("/echo", json=[]),
        "own type": lambda c: c.put("/echo", data="<a/>", headers={"content-type": "text/xml"}),
        "auth": lambda c: c.get("/echo", auth=("me", "pass")),
        "params": lambda c: c.get("/echo?a=1", params={"q": "a b", "r": 2}),
        "quoted": lambda c: c.get("/ec ho/é%20%41?x=a b#part"),
        "no query": lambda c: c.get("/echo/a?"),
        "numbers in headers": lambda c: [c.get("/echo", headers={"X-A": value}) for value in (1, True, 1.5, None)],
        "pairs as headers": lambda c: c.get("/echo", headers=[("X-A", "1")]),
        "params by kind": lambda c: [c.get("/echo", params={"a": value}) for value in (1, True, 1.0, "1", [1, 2])],
        "a list of params that grows": grown,
        "another method": lambda c: c.request("M-SEARCH", "/echo", data="x"),
        "default headers later": with_later_headers,
        "credentials later": lambda c: (c.get("/echo"), setattr(c, "auth_header", "Bearer later"), c.get("/echo")),
        "base URL later": lambda c: (c.get("/echo"), setattr(c, "base_url", f"{c.base_url}/echo"), c.get("/echo")),
        "status codes later": lambda c: (setattr(c.client, "valid_response_codes", frozenset([200, 404])), c.get("/404")),
        "no redirects later": lambda c: (setattr(c.client, "redirect_response_codes", frozenset()), c.get("/302")),
        "no host": lambda c: c.get("http:///ok"),
        "too large": lambda c: c.post("/too-large", data=b"x" * 8_000_000),
        "the file changes headers": lambda c: (c.get("/404").headers.add("X-Mine", "1"), c.get("/404")),
        "redirect to nobody": lambda c: c.get("/refused"),
        "name": lambda c: c.get("/echo/17", name="/echo/{id}"),
        "context": lambda c: c.get("/ok", context={"tenant": "acme"}),
        "refused": lambda c: c.get("http://127.0.0.1:1/ok"),
        "refused, IPv6": lambda c: c.get("http://[::1]:1/ok"),
        "other host": lambda c: c.get(f"http://localhost:{c.port}/echo"),
        "cookies": lambda c: (c.get("/login"), c.get("/echo"), c.get("/private"), c.get("/echo")),
        "cookies of redirects": lambda c: (c.get("/login-on"), c.get("/echo")),
        "own cookie": lambda c: c.get("/echo", headers={"Cookie": "mine=1"}),
        "redirect with a password": lambda c: c.get("/elsewhere", auth=("me", "pass")),
        "streamed": lambda c: c.get("/ok", stream=True).content,
        "lines": lambda c: list(c.iter_lines("/json")),
        "file": lambda c: c.post("/ok", files={"f": ("a.txt", b"text", "text/plain", {}, "boundary")}),
        "generator": lambda c: c.post("/echo", data=iter([b"ab", b"c"])),
        "gevent's timer": lambda c: with_timer(lambda: c.get("/never")),
        "404 is right": lambda c: within(c, "/404", lambda r: r.success()),
        "200 is wrong": lambda c: within(c, "/ok", lambda r: r.failure("bad")),
        "caught 200": lambda c: within(c, "/ok", lambda r: None),
        "caught 500": lambda c: within(c, "/500", lambda r: None),
        "caught refused": lambda c: within(c, "http://127.0.0.1:1/ok", lambda r: None),
        "renamed in the block": lambda c: within(c, "/ok", lambda r: r.request_meta.update(name="later")),
        "raised in the block": lambda c: within(c, "/ok", lambda r: 1 / 0),
        "grouped": grouped,
        "success without a block": lambda c: c.get("/ok").success(),
    }
    return table


def grown(client: Any) -> None:
    params = [("a", 1)]
    client.get("/echo", params=params)
    params.append(("b", 2))
    client.get("/echo", params=params)


def with_later_headers(client: Any) -> None:
    client.get("/echo")
    client.client.default_headers["X-Later"] = "1"
    client.get("/echo")
    client.client.default_headers.update({"X-Later": "2"})
    client.get("/echo")


def with_timer(call: Callable[[], Any]) -> None:
    with gevent.Timeout(0.05):
        call()


def within(client: Any, path: str, then: Callable[[Any], Any]) -> None:
    with client.get(path, catch_response=True) as caught:
        then(caught)


def grouped(client: Any) -> None:
    with client.rename_request("group"):
        client.get("/ok")


def rested(user: Any) -> Any:
    for path in ("/json", "/ok", "/gzip"):
        with user.rest("GET", path) as caught:
            assert caught.js, "no JSON,"
    return None


def results(base: type[Any]) -> dict[str, Any]:
    server, other = Server(), Server()
    RESPONSES["/elsewhere"] = response(b"", f"Location: http://127.0.0.1:{other.port}/echo", status="302 Found")

    class Visitor(base):
        host = f"http://127.0.0.1:{server.port}"
        network_timeout = connection_timeout = 0.3
        max_redirects = 4

        @task
        def nothing(self) -> None:
            pass

        def context(self) -> dict[str, Any]:
            return {"user": 1}

    environment, events = Environment(user_classes=[Visitor]), list[Any]()
    environment.events.request.add_listener(lambda **event: events.append(comparable(event)))
    table = {**cases(), "rest": None}
    all_results = {}
    for name, case in table.items():
        events.clear()
        user = Visitor(environment)
        user.client.port = server.port
        try:
            raised = ""
            case(user.client) if case else rested(user)
        except Exception as error:
            raised = type(error).__name__
        all_results[name] = {"raised": raised, "events": list(events)}
    return all_results


def comparable(event: dict[str, Any]) -> dict[str, Any]:
    """Of an event, what is to be the same."""
    r, error = event["response"], event["exception"]
    try:
        content = None if r.content is None else r.content.decode("latin-1")
    except zlib.error:
        content = "not decoded"
    headers = None if r.headers is None else sorted(name.lower() for name in r.headers)
    body = r.request.body or None
    error_text = PORT.sub("", str(error)) if getattr(error, "code", 0) else ""
    return {
        **{key: event[key] for key in ("request_type", "response_length", "context")},
        **{key: PORT.sub("", text) for key, text in (("name", event["name"]), ("url", event["url"]), ("final url", r.url))},
        "status": r.status_code,
        "content": content,
        "text": content and r.text if content != "not decoded" else None,
        "headers": headers,
        "exception": type(error).__name__,
        "category": category_of(error, r) if error else "",
        "error": type(getattr(r, "error", None)).__name__,
        "ok": r.ok,
        "redirects": len(r.history) if r.headers is not None else 0,
        "took": 0 <= event["response_time"] < 5_000,
        "timed": event["start_time"] > 1e9,
        "method": r.request.method,
        "body": repr(body)[:200] if isinstance(body, str | bytes) else type(body).__name__,
        "cookie": None if error else r.request.headers.get("cookie"),
        "error's response": getattr(error, "response", None) is not None,
        "error's text": error_text,
    }


if __name__ == "__main__":
    print(json.dumps(results({"Fast": FastHttpUser, "Lean": LeanHttpUser}[sys.argv[1]])))
