"""What others name reaches our pages as text: a hostile operation and a hostile error, in a real browser."""

import re
import subprocess
import sys

import pytest
import requests

from reports.formats import html, markdown, text
from sla.judgement.evaluate import evaluate
from sla.values.shown_facts import ShownFacts
from tests.e2e.browser import chromium
from tests.e2e.running import ROOT
from tests.e2e.web_ui import WebUI
from tests.unit.sla.synthetic import LOCAL, measurements

NAME = "<img src=x onerror=\"document.title='executed'\"><script>alert(1)</script>`|[a](javascript:alert(2))"
LOCUSTFILE = f"""
from locust import User, constant, events, task
from bizra_load.runtime.plugin import register
register()

@events.init.add_listener
def login(environment, **_):
    if environment.web_ui is not None and environment.parsed_options.web_login:
        environment.web_ui.app.secret_key = "test"
        environment.web_ui.login_manager.user_loader(lambda _: None)

class Hostile(User):
    wait_time = constant(0.02)

    @task
    def ask(self):
        for error in (None, Exception({NAME!r})):
            self.environment.events.request.fire(
                request_type="X", name={NAME!r}, response_time=1.0, response_length=0, exception=error, context={{}})
"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser):
    """A page on which any dialog, request to elsewhere or refused script is remembered."""
    opened = browser.new_page()
    opened.trouble = []
    opened.on("dialog", lambda dialog: (opened.trouble.append(f"dialog {dialog.message}"), dialog.dismiss()))
    opened.on("pageerror", lambda error: opened.trouble.append(f"error {error}"))
    opened.on("console", lambda message: opened.trouble.append(message.text) if message.type == "error" else None)
    yield opened
    opened.close()


def hostile(folder, *arguments):
    (folder / "hostile.py").write_text(LOCUSTFILE)
    return WebUI(folder / "hostile.py", folder / "runs", *arguments)


@pytest.fixture(scope="module")
def locust(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web")
    with hostile(folder, "--autostart", "-u", "1") as started:
        started.folder = folder
        yield started


def unharmed(page):
    assert page.trouble == []
    assert page.title() != "executed"
    assert page.evaluate("document.querySelectorAll('img, body script').length") == 0


@pytest.mark.browser
def test_the_page_shows_a_run_while_it_goes_and_its_assessment_and_runs_no_name(locust, page):
    response = page.goto(f"{locust.url}/bizra-load")
    assert "script-src 'self'" in response.headers["content-security-policy"]
    page.locator("#now", has_text="ops/s").wait_for()  # not wait_for_function: the page's policy forbids the eval in it
    page.locator("#operations td").nth(4).wait_for()
    cells = page.locator("#operations td").all_inner_texts()
    assert cells[0] == f"X {NAME}"
    assert int(cells[1].replace(",", "")) > 0
    assert re.fullmatch(r"transport \d+", cells[2])
    assert page.locator("#state").inner_text().startswith("Running: ")
    assert not any(verdict in page.locator("body").inner_text() for verdict in ("PASS", "FAIL", "NO-GO"))
    unharmed(page)
    requests.post(f"{locust.url}/stop", timeout=60).raise_for_status()
    page.wait_for_selector("#decision:not(:empty)")
    assert re.search(r"\(exit code \d\)", page.locator("#decision").inner_text())
    assert page.locator("#checks td").count() > 3
    unharmed(page)

    [folder] = (locust.folder / "runs").iterdir()
    shown = {}
    for form in ("html", "md", "text"):
        command = [sys.executable, "-m", "bizra_load.cli.main", "report", str(folder), "--format", form]
        shown[form] = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "<script>" not in shown["md"]
    assert "<img" not in shown["md"]
    assert not re.search(r"(?<!\\)\]\(javascript", shown["md"])
    (locust.folder / "report.html").write_text(shown["html"])
    page.goto(locust.url)
    page.get_by_role("tab", name="Download Data").click()
    assert page.get_by_role("link", name="Live page and verdict of bizra-load").get_attribute("href") == "/bizra-load"
    page.goto((locust.folder / "report.html").as_uri())
    assert NAME in page.locator("body").inner_text()
    unharmed(page)


def test_the_page_is_behind_the_login_where_there_is_one(tmp_path):
    with hostile(tmp_path, "--web-login") as started:
        for path in ("", "/data", "/page.js", "/page.css"):
            response = requests.get(f"{started.url}/bizra-load{path}", timeout=10, allow_redirects=False)
            assert response.status_code in (302, 401), path
            assert "login" in response.headers.get("location", "login")
        for path in ("/swarm", "/user"):  # others do not learn what the form accepts, nor starts anything
            response = requests.post(started.url + path, {"target_ops": "abc"}, timeout=10, allow_redirects=False)
            assert response.status_code in (302, 401)
            assert "rate" not in response.text
        assert not (tmp_path / "runs").exists()


@pytest.mark.browser
def test_the_report_draws_its_charts_and_loads_nothing(page, tmp_path):
    measured = measurements(rate=60, hold_s=20)
    assessment = evaluate(measured, LOCAL.agreement, LOCAL.baseline)
    file = tmp_path / "report.html"
    file.write_text(html.render(assessment, measured.windows))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(file.as_uri())
        assert page.locator("h1").inner_text() == assessment.decision.value
        assert page.locator("polyline").count() >= 4
        assert page.locator("svg[aria-label]").count() == page.locator("svg").count()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert set(asked) == {file.as_uri()}
    for title in [o.title for o in assessment.objectives]:
        assert title in page.locator("body").inner_text()
    assert page.trouble == []


def test_no_format_lets_a_name_reach_the_terminal_as_an_escape_sequence():
    import dataclasses

    assessment = evaluate(measurements(rate=60, hold_s=20), LOCAL.agreement, LOCAL.baseline)
    bad = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"
    hostile = dataclasses.replace(
        assessment,
        summary=bad,
        rollout=bad,
        notes=(bad,),
        run=ShownFacts(target=bad),
        objectives=tuple(dataclasses.replace(o, title=bad, reason=bad) for o in assessment.objectives),
        checks=tuple(dataclasses.replace(c, title=bad, reason=bad) for c in assessment.checks),
        operations=tuple(dataclasses.replace(o, operation=bad, failed={bad: 1}) for o in assessment.operations),
    )
    for shown in (text.render(hostile, 200), markdown.render(hostile), html.render(hostile)):
        assert not any(c in shown for c in "\x1b\x07\x9b\u202e")
