"""Which requests come from pages of a server's own, by what a browser says of them."""

import pytest

from bizra_load.io.cross_origin import authorities, is_same_origin, refusal

LISTED = ("load.example.com", "locust-master:8443")


@pytest.mark.parametrize(
    ("host", "origin", "site"),
    [
        ("127.0.0.1:8089", "", ""),  # a script
        ("", "", ""),  # HTTP/1.0
        ("127.0.0.1:8089", "http://127.0.0.1:8089", "same-origin"),
        ("LOCALHOST:8089", "http://localhost:8089", ""),
        ("localhost.:8089", "http://localhost.:8089", ""),
        ("a.localhost", "http://a.localhost", ""),
        ("[::1]:8089", "http://[::1]:8089", ""),
        ("10.0.0.7", "http://10.0.0.7:80", ""),
        ("10.0.0.7:443", "https://10.0.0.7", ""),
        ("localhost", "", "none"),
        ("load.example.com", "https://load.example.com", ""),
        ("load.example.com:8089", "http://load.example.com:8089", ""),
        ("10.0.0.7:8089", "https://load.example.com", ""),  # a proxy hands on its own Host
        ("10.0.0.7:8089", "https://locust-master:8443", ""),
    ],
)
def test_own_pages_and_scripts_may_change_something(host, origin, site):
    assert refusal("POST", host, origin, site, LISTED) == ""


@pytest.mark.parametrize(
    ("host", "origin", "site"),
    [
        ("localhost", "null", ""),
        ("localhost", "http://evil.example", ""),
        ("localhost", "http://localhost:3000", "same-site"),  # another server of this machine
        ("localhost:8089", "http://127.0.0.1:8089", ""),
        ("localhost", "localhost", ""),
        ("localhost", "file://", ""),
        ("localhost", "chrome-extension://localhost", ""),
        ("localhost", "", "cross-site"),
        ("localhost", "", "same-site"),
        ("localhost", "http://localhost,http://evil.example", ""),
        ("", "http://evil.example", ""),
        ("10.0.0.7:8089", "https://load.example.com:8443", ""),
        ("10.0.0.7:8089", "https://load.example.com.evil.example", ""),
    ],
)
def test_what_another_page_sends_changes_nothing(host, origin, site):
    for method in ("POST", "DELETE", "PUT", "PATCH", "X"):
        assert "another web page" in refusal(method, host, origin, site, LISTED)
    for method in ("GET", "HEAD", "OPTIONS"):
        assert refusal(method, host, origin, site, LISTED) == ""


def test_what_else_is_served_under_a_name_of_this_server_sends_nothing():
    """Port 80 of this machine, when we listen on another."""
    names = ("127.0.0.1", "build-host")
    for host in ("127.0.0.1:8089", "build-host:8089"):
        assert refusal("GET", host, "", "", LISTED, names) == ""
        assert refusal("POST", host, f"http://{host}", "same-origin", LISTED, names) == ""
        for origin in ("http://127.0.0.1", "https://127.0.0.1", "http://build-host", "https://build-host"):
            assert "another web page" in refusal("POST", host, origin, "same-site", LISTED, names)


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8089", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", "1.2.3"),
        *(
            "load.example.com.evil.example",
            "locust",
            "[::1",
            "[1:2]:80",
            "::1",
            "a b",
            "user@localhost",
            "localhost/",
            "localhost:x",
            ":8089",
        ),
        *("localhost\x00", "l\u00f6calhost", "127.0.0.1:123456"),
    ],
)
def test_a_name_that_is_none_of_the_servers_is_refused_whatever_is_asked(host):
    for method in ("GET", "POST", "OPTIONS"):
        line = refusal(method, host, f"http://{host}", "same-origin", LISTED)
        assert "none of this server's" in line
        assert line.isprintable()


def test_pages_of_listed_names_may_read():
    assert is_same_origin("10.0.0.7", "https://load.example.com", LISTED)
    assert not is_same_origin("10.0.0.7", "http://evil.example", LISTED)
    assert not is_same_origin("", "http://", LISTED)


def test_names_are_read_and_wrong_ones_are_named():
    assert authorities(" Load.Example.com , locust-master:8443,, [::1]:80") == (*LISTED, "[::1]:80")
    assert authorities("") == ()
    for wrong in ("https://load.example.com", "a/b", "a b", "a:b", "a:123456", "user@a", "*", "a\x00", "x, ?"):
        with pytest.raises(ValueError, match="allowed: NAME or NAME:PORT"):
            authorities(wrong)
