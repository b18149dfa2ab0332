"""Routes of the page under Locust's web UI, behind its login where there is one."""

from __future__ import annotations

import importlib.resources
import json
import time

from flask import Response
from locust.web import WebUI

from bizra_load.runtime.webui.form import WebForm
from bizra_load.runtime.webui.live import Live

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_FILES = {"": ("page.html", "text/html"), "/page.js": ("page.js", "text/javascript"), "/page.css": ("page.css", "text/css")}


def add_page(web_ui: WebUI, live: Live, form: WebForm, base_path: str = "") -> None:
    """/bizra-load and what it loads; /bizra-load/data is read every second. `form` decides what can be posted."""
    prefix = f"{base_path.rstrip('/')}/bizra-load"
    folder = importlib.resources.files("bizra_load.runtime.webui") / "static"

    def serve(text: str, kind: str) -> Response:
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        return Response(text, content_type=f"{kind}; charset=utf-8", headers=headers)

    def data() -> Response:
        return serve(json.dumps(live.values(time.time()), allow_nan=False), "application/json")

    assert web_ui.app is not None
    for path, (name, kind) in _FILES.items():
        text = (folder / name).read_text(encoding="utf-8")

        def file(text: str = text, kind: str = kind) -> Response:
            return serve(text, kind)

        web_ui.app.add_url_rule(prefix + path, f"bizra_load_{name}", web_ui.auth_required_if_enabled(file))
    web_ui.app.add_url_rule(f"{prefix}/data", "bizra_load_data", web_ui.auth_required_if_enabled(data))
    web_ui.app.before_request(form.check_request)
    _change_locusts_page(web_ui, form, prefix)


def _change_locusts_page(web_ui: WebUI, form: WebForm, href: str) -> None:
    """A link on Locust's own page, among its downloads: the one place there that takes links of others. And no options on its
    form that it may not be sent.
    """
    update = web_ui.update_template_args
    link = {"href": href, "title": "Live page and verdict of bizra-load"}

    def changed() -> None:
        update()  # type: ignore[no-untyped-call]
        links = web_ui.template_args.setdefault("extended_csv_files", [])
        if link not in links:  # Locust brings its arguments up to date at every visit, and keeps those of others
            links.append(link)
        options = web_ui.template_args["extra_options"]
        web_ui.template_args["extra_options"] = {
            name: option for name, option in options.items() if form.shows(name, option["default_value"])
        }

    web_ui.update_template_args = changed  # type: ignore[method-assign]  # there is no other way in
