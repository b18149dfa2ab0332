"""Checks of single values and files that come from outside. Every function raises ValueError or OSError with one line that says
what is allowed; who calls it adds the option's name. Nothing that may be a secret is repeated in a message.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from bizra_load.engine.load_curve import LoadCurve
from bizra_load.engine.request_head import request_head
from bizra_load.engine.stages import NAMED, curve_from_stages
from bizra_load.exit_codes import UsageError
from bizra_load.io import yaml_text
from bizra_load.io.files import out_file as out_file
from bizra_load.io.files import out_folder as out_folder
from bizra_load.io.files import read_text
from bizra_load.io.redaction import text_without_secrets
from bizra_load.io.urls import check_authority, check_host
from bizra_load.settings.name_folding import AUTO, OFF, Folding
from sla.judgement.checks.allowable import ALLOWABLE
from sla.values.number import share_in, whole_in
from sla.values.promql import job_name
from sla.values.section import unknown

T = TypeVar("T")

# Far beyond what one master can drive; what is larger is a slip, and would fill the memory before the first request.
MAX_RATE_PER_S = 10_000_000.0
MAX_USERS = 100_000
MAX_DURATION_S = 31 * 86_400.0
MAX_TIMEOUT_S = 3_600.0
MAX_HEADERS = 100
MAX_GROUP_KEYS = 5  # each multiplies the operations, of which 200 are kept
MAX_NAME = 200  # characters; a folder's name takes 60 of them
LAST_PORT = 65_535  # of TCP (RFC 9293)

TOKEN, METRICS_TOKEN = "BIZRA_LOAD_TOKEN", "METRICS_TOKEN"  # the variables' names
_MATCHER = r'[a-zA-Z_][a-zA-Z0-9_]*\s*(?:=|!=|=~|!~)\s*"(?:[^"\\\n]|\\.)*"'
_SELECTOR = re.compile(rf"\s*{_MATCHER}\s*(?:,\s*{_MATCHER}\s*)*,?\s*")


def option(flag: str, check: Callable[[str], T], value: str) -> T:
    """What `check` makes of an option's value. Raises UsageError with the option's name."""
    try:
        return check(value)
    except (ValueError, OSError) as error:
        raise UsageError(f"{flag}: {error}") from None


def within(convert: Callable[[object], float], most: float, unit: str, zero: bool = False) -> Callable[[str], float]:
    """A check for more than 0 (or from 0 on with `zero`) and at most `most`."""

    def check(value: str) -> float:
        number = convert(value)
        if number > most or number < 0 or (number == 0 and not zero):
            raise ValueError(f"must be {'from' if zero else 'more than'} 0 to {most:,.0f} {unit}, not {value[:100]!r}")
        return number

    return check


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(unknown(value[:100], allowed))
        return value

    return check


def share(value: str) -> float:
    """Ratio of "1%", "0.01" or "100 %". Raises ValueError outside 0 to 100 %."""
    ratio = share_in(value)
    if ratio is None or ratio > 1:
        raise ValueError(f"a share must be between 0 % and 100 %, not {value!r}")
    return ratio


def allowed_checks(value: str) -> tuple[str, ...]:
    """Names of sla.judgement.checks.allowable.ALLOWABLE, comma-separated. Raises ValueError."""
    names = tuple(sorted({name.strip() for name in value.split(",") if name.strip()}))
    for name in names:
        if name not in ALLOWABLE:
            raise ValueError(unknown(name, ALLOWABLE))
    return names


def listening_address(value: str) -> tuple[str, int] | None:
    """ "9646" is on every address, as exporters do; "127.0.0.1:9646" on one; "" is none."""
    if not value:
        return None
    address, _, port = value.rpartition(":")
    number = whole_in(port)
    if number is None or not 0 < number <= LAST_PORT:
        raise ValueError(f"not a port: {value!r} (allowed: 1 to {LAST_PORT}, or ADDRESS:PORT)")
    if address:
        check_host(address.strip("[]"))
    return address.strip("[]"), number


def run_name(value: str) -> str:
    if not value.isprintable() or len(value) > MAX_NAME:
        raise ValueError(f"{value[:100]!r} (allowed: up to {MAX_NAME} characters, none of them a control character)")
    return value


def anything(value: str) -> str:
    """The text as it is: what can be wrong with it is seen where it is used."""
    return value


def seed(value: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        raise ValueError(f"{value[:100]!r} (allowed: a whole number of up to 18 digits)")
    return int(value)


def url(value: str) -> str:
    """ "" or an http(s) URL with a host."""
    if value:
        try:
            parts = urlsplit(value)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # its text may hold a part of a password
            raise ValueError("not a URL: its host or port is none (allowed: http://... or https://...)") from None
        if not usable or not value.isprintable() or " " in value:
            raise ValueError(f"not a URL: {text_without_secrets(value)!r} (allowed: http://... or https://...)")
        check_authority(parts.netloc)
    return value


def base_url(value: str) -> str:
    """Likewise, and paths are added to it."""
    if "?" in url(value) or "#" in value:
        raise ValueError("a URL with a query or fragment (allowed: http://... or https://..., without ? and #)")
    return value


def page_url(value: str) -> str:
    """Likewise, of what is fetched as it is: a query is a part of that, a fragment is none."""
    if "#" in url(value):
        raise ValueError("a URL with a fragment (allowed: http://... or https://..., without #)")
    return value


def selector(value: str) -> str:
    """ "" or label matchers of PromQL."""
    if value and _SELECTOR.fullmatch(value) is None:
        raise ValueError(f'{value[:200]!r} (allowed: label matchers, such as job="node",instance="a:9464")')
    return value


def context_keys(value: str) -> tuple[str, ...]:
    """The names in "tenant, plan", none of them empty or twice."""
    keys = tuple(key.strip() for key in value.split(",")) if value else ()
    for key in keys:
        if not re.fullmatch(r"[A-Za-z_][\w.-]{0,63}", key, re.ASCII) or keys.count(key) > 1 or len(keys) > MAX_GROUP_KEYS:
            raise ValueError(
                f"{value[:100]!r} (allowed: up to {MAX_GROUP_KEYS} different names such as tenant, comma-separated)"
            )
    return keys


def folding(value: str) -> Folding:
    """OFF, AUTO, or a file of lines "PATTERN -> NAME": a regular expression of a whole name, and its new name, which may hold
    groups (\\1). Lines that begin with # are comments.
    """
    return folding_there(value, "")


def folding_there(value: str, contents: str) -> Folding:
    """The same where the file's contents, if there are any, come from elsewhere."""
    if value in (OFF, AUTO):
        return Folding(value)
    if not contents:
        _check_no_slip(value, (OFF, AUTO))
    pairs = []
    for number, line in enumerate(_lines(contents) if contents else lines_of(value), start=1):
        pattern, arrow, new = (part.strip() for part in line.partition("->"))
        if line.startswith("#"):
            continue
        try:
            if not (arrow and pattern and new):
                raise ValueError("is not 'PATTERN -> NAME'")
            compiled = re.compile(pattern)
            re.sub(f"(?:{pattern})|", new, "")  # refuses a group that there is none of
        except (re.error, ValueError, IndexError) as error:
            raise ValueError(f"{value}: line {number}: {error} (allowed: such as /items/\\d+ -> /items/{{id}})") from None
        pairs.append((compiled, new))
    if not pairs:
        raise ValueError(f"{value!r} holds no pattern (allowed: off, auto, or a file of lines 'PATTERN -> NAME')")
    return Folding(value, tuple(pairs))


def job(value: str) -> str:
    """ "" or the name of a scrape job, such as Prometheus and its operator make them."""
    return job_name(value) if value else ""


def stages(value: str) -> LoadCurve | str:
    """The load curve of a stage file, or the name of one that waits for its target rate."""
    return stages_there(value, "")


def stages_there(value: str, contents: str) -> LoadCurve | str:
    """The same where the file's contents, if there are any, come from elsewhere."""
    if value not in NAMED and not contents:
        _check_no_slip(value, NAMED)
    return value if value in NAMED else curve_from_file(value, contents)


def _check_no_slip(value: str, names: Iterable[str]) -> None:
    """Raises ValueError for a word that is no path, nor one of the names that may stand in a path's place."""
    if value and "/" not in value and "." not in value and not Path(value).exists():
        raise ValueError(f"{unknown(value, names)[:-1]}, or a file that is there)")


def curve_from_file(path: str, contents: str = "") -> LoadCurve:
    """The load curve of a stage file, whose contents may come from elsewhere."""
    try:
        curve = curve_from_stages(yaml_text.load(contents or read_text(Path(path))))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    for name, value, most in (("peak", curve.peak_per_s, MAX_RATE_PER_S), ("duration", curve.duration_s, MAX_DURATION_S)):
        if value > most:
            raise ValueError(f"{path}: stages: {name} of {value:g} (allowed: up to {most:,.0f})")
    return curve


def headers(path: str) -> tuple[tuple[str, str], ...]:
    """Pairs of a file of 'Name: value' lines; "" is no file."""
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(lines_of(path), start=1):
        name, colon, value = (part.strip() for part in line.partition(":"))
        try:
            if not colon:
                raise ValueError("is not 'Name: value'")  # the line itself may be a secret
            request_head("POST", "/", {name: value})
        except ValueError as error:
            raise ValueError(f"{path}: line {number}: {error}") from None
        pairs.append((name, value))
    if len(pairs) > MAX_HEADERS:
        raise ValueError(f"{path}: {len(pairs)} headers (allowed: {MAX_HEADERS})")
    return tuple(pairs)


def token_header(variable: str = TOKEN) -> tuple[tuple[str, str], ...]:
    """The Authorization header of a variable's bearer token, or none. Raises UsageError without showing it."""
    token = os.environ.get(variable, "").strip()
    if token and not re.fullmatch(r"[\x21-\x7e]{1,8192}", token):
        raise UsageError(f"{variable}: not a bearer token (allowed: up to 8192 visible ASCII characters)")
    return (("Authorization", f"Bearer {token}"),) if token else ()


def ca_file(path: str) -> str:
    if path:
        read_text(Path(path), 16 * 1024 * 1024)
        try:
            ssl.create_default_context(cafile=path)  # as the client will
        except ssl.SSLError:
            raise ValueError(f"{path}: holds no certificate (allowed: a file of PEM certificates)") from None
    return path


def lines_of(path: str, limit_bytes: int = 1024 * 1024) -> tuple[str, ...]:
    """Lines of a file that hold anything, stripped; "" is no file."""
    if not path:
        return ()
    return _lines(read_text(Path(path), limit_bytes))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
