"""A target's host and port, with the scheme's own port where none is named."""

import pytest

from bizra_load.io.urls import check_authority, check_host, host_and_port


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://node.example", ("node.example", 80)),
        ("https://node.example/api", ("node.example", 443)),
        ("https://me:secret@node.example:8443", ("node.example", 8443)),
        ("http://[::1]:9464/metrics", ("::1", 9464)),
        ("http://[fe80::1%25eth0]:8080", ("fe80::1%eth0", 8080)),
        ("", ("", 80)),
    ],
)
def test_host_and_port(url, expected):
    assert host_and_port(url) == expected


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999", "http://a:port", "http://[::1"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(ValueError, match=r"[Pp]ort|URL"):
        host_and_port(url)


@pytest.mark.parametrize(
    "host",
    [
        "a..b",
        ".a",
        "..",
        "a" * 64,
        "a." * 127 + "b",
        "b\u00fccher.example",
        "*",
        "a\\b",
        "a%20b",
        "${H}",
        'a"b',
        "::x",
        ":",
        "256.1.1.1",
        "127.0.0",
        "1.2.3.4.5",
        "a.5",
        "",
        None,
    ],
)
def test_a_host_that_can_be_no_name_is_refused(host):
    with pytest.raises(ValueError, match="not a URL: its host"):
        check_host(host)


@pytest.mark.parametrize("host", ["a", "localhost.", "127.0.0.1", "::1", "xn--a.example", "a_b.c", "a" * 63, "a." * 126 + "b"])
def test_names_and_addresses_are_hosts(host):
    check_host(host)


@pytest.mark.parametrize(
    "netloc", ["a", "a:80", "a:", "a_b.c-d:80", "me:s*cret@a:80", "[::1]", "[::1]:80", "[fe80::1%eth0]:80", "[fe80::1%25eth0]"]
)
def test_a_host_with_or_without_a_port_is_one(netloc):
    check_authority(netloc)


@pytest.mark.parametrize(
    "netloc",
    [
        "",
        ":80",
        "[::1]x:80",
        "[::1]80",
        "x[::1]",
        "::1",
        "[]",
        "[a]",
        "[1.2.3.4]",
        "[::1%]",
        "[::1%a b]",
        "[g::]",
        "a:b",
        "a:\u0663",
    ],
)
def test_what_stands_beside_a_host_is_refused(netloc):
    with pytest.raises(ValueError, match="not a URL: its host"):
        check_authority(f"planted:planted@{netloc}")


def test_a_backslash_before_the_path_is_refused():
    with pytest.raises(ValueError, match="a backslash before its path"):
        check_authority("good.example\\@evil.example")


def test_a_second_at_sign_is_refused_and_nothing_of_it_repeated():
    """Where such a URL leads to is read differently by different libraries."""
    with pytest.raises(ValueError, match="more than one '@'") as caught:
        check_authority("planted@good.example@evil.example")
    assert "planted" not in str(caught.value)
    check_authority("a%40b:secret@good.example")
