"""A target's host and port, with the scheme's own port where none is named."""

import pytest

from bizra_load.io.urls import check_host, host_and_port


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://node.example", ("node.example", 80)),
        ("https://node.example/api", ("node.example", 443)),
        ("https://me:secret@node.example:8443", ("node.example", 8443)),
        ("http://[::1]:9464/metrics", ("::1", 9464)),
        ("", ("", 80)),
    ],
)
def test_host_and_port(url, expected):
    assert host_and_port(url) == expected


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://a:port", "http://[::1"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(ValueError, match=r"[Pp]ort|URL"):
        host_and_port(url)


@pytest.mark.parametrize("host", ["a..b", ".a", "..", "a" * 64, "a." * 127 + "b", "b\u00fccher.example", "", None])
def test_a_host_that_can_be_no_name_is_refused(host):
    with pytest.raises(ValueError, match="not a URL: its host"):
        check_host(host)


@pytest.mark.parametrize("host", ["a", "localhost.", "127.0.0.1", "::1", "xn--a.example", "a_b.c", "a" * 63, "a." * 126 + "b"])
def test_names_and_addresses_are_hosts(host):
    check_host(host)
