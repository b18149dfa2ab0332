"""Routes of the page under Locust's web UI, behind its login where there is one, and what Locust's own page has of ours."""

from __future__ import annotations

import importlib.resources
import json
import time
from collections.abc import Callable
from typing import Any

from flask import Response, request
from locust.web import WebUI
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from bizra_load.runtime.webui.form import WebForm
from bizra_load.runtime.webui.form_fields import APART, GROUPS, OF_PRODUCTS, OTHERS
from bizra_load.runtime.webui.live import Live
from bizra_load.runtime.webui.load_model import OF_TASKS, PACED

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
_FILES = {
    "": ("page.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
    "/form.js": ("form.js", "text/javascript"),
    "/form.css": ("form.css", "text/css"),
}
# relative: whatever is before it in a browser's address, behind a proxy, is before these too
_ON_LOCUSTS_PAGE = '<link rel="stylesheet" href="bizra-load/form.css"><script src="bizra-load/form.js" defer></script></body>'


def add_pages(web_ui: WebUI, live: Live, form: WebForm, metrics: Callable[[], bytes], base_path: str) -> None:
    """Below `base_path`: /bizra-load and what it loads; /bizra-load/data is read every second, /bizra-load/metrics by a
    Prometheus. `form` decides what can be posted.
    """
    prefix = f"{base_path.rstrip('/')}/bizra-load"
    folder = importlib.resources.files("bizra_load.runtime.webui") / "static"

    def serve(text: str | bytes, kind: str) -> Response:
        headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        return Response(text, content_type=kind if "charset" in kind else f"{kind}; charset=utf-8", headers=headers)

    def add(path: str, name: str, view: Callable[[], Response]) -> None:
        assert web_ui.app is not None
        web_ui.app.add_url_rule(prefix + path, f"bizra_load_{name}", web_ui.auth_required_if_enabled(view))

    for path, (name, kind) in _FILES.items():
        text = (folder / name).read_text(encoding="utf-8")
        add(path, name, lambda text=text, kind=kind: serve(text, kind))  # type: ignore[misc]  # their values of now
    add("/data", "data", lambda: serve(json.dumps(live.values(time.time()), allow_nan=False), "application/json"))
    add("/metrics", "metrics", lambda: serve(metrics(), CONTENT_TYPE_PLAIN_0_0_4))
    assert web_ui.app is not None
    web_ui.app.before_request(form.check_request)
    web_ui.app.after_request(_with_our_script)
    web_ui.app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}  # fields stand in the order of their object
    _change_locusts_page(web_ui, form, prefix)


def _with_our_script(response: Response) -> Response:
    if request.endpoint == "locust.index" and response.status_code == 200 and response.mimetype == "text/html":
        response.set_data(response.get_data(as_text=True).replace("</body>", _ON_LOCUSTS_PAGE))
    return response


def _change_locusts_page(web_ui: WebUI, form: WebForm, href: str) -> None:
    """A link on Locust's own page, among its downloads: the one place there that takes links of others. Its form has no options
    that it may not be sent, and ours in groups; no users and ramp where our schedule decides them.
    """
    update = web_ui.update_template_args
    link = {"href": href, "title": "Live page and verdict of bizra-load"}

    def changed() -> None:
        update()  # type: ignore[no-untyped-call]
        arguments = web_ui.template_args
        links = arguments.setdefault("extended_csv_files", [])
        if link not in links:  # Locust brings its arguments up to date at every visit, and keeps those of others
            links.append(link)
        options, groups = _in_groups(form, arguments["extra_options"])
        arguments["extra_options"] = options
        arguments["bizra_load"] = {
            "groups": groups,
            "note": form.model.note,
            "rates": ["target_ops", "stages"] if form.model.may_pace else [],
            "schedule": form.model.schedule_only,
        }
        arguments["available_shape_classes"] = form.model.shapes
        if form.model.decided and not web_ui.userclass_picker_is_active:
            arguments["hide_common_options"] = True

    web_ui.update_template_args = changed  # type: ignore[method-assign]  # there is no other way in


def _in_groups(form: WebForm, options: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the options that the form shows, in the order of their groups and as Locust's page takes them; the groups)."""
    shown = {key: option for key, option in options.items() if form.shows(key, option["default_value"])}
    names = {key: form.fields.name_of(key) or "" for key in shown}
    groups: list[dict[str, Any]] = []
    ordered: dict[str, Any] = {key: option for key, option in shown.items() if not names[key]}
    for title in (*GROUPS, OF_PRODUCTS, OTHERS):
        of_group = [key for key in shown if names[key] and form.fields.group(names[key]) == title]
        order = GROUPS.get(title, ())
        of_group.sort(key=lambda key: order.index(names[key]) if names[key] in order else len(order))
        for key in of_group:
            ordered[key] = _field(form, key, names[key], shown[key])
        if of_group:
            groups.append(_group(form, title, {key: names[key] for key in of_group}))
    return ordered, groups


def _group(form: WebForm, title: str, names: dict[str, str]) -> dict[str, Any]:
    """`names`: of its fields, by their keys on the form."""
    own_rate = form.model.may_pace and "target_ops" in names.values()
    paced = form.model.may_pace
    helps = {
        key: OF_TASKS if own_rate and name == "target_ops" else form.fields.help(key, paced) for key, name in names.items()
    }
    return {"title": title, "note": PACED if own_rate else "", "fields": helps}


def _field(form: WebForm, key: str, name: str, option: dict[str, Any]) -> dict[str, Any]:
    """Without its help: a field's label has no room for it, so our script puts it below."""
    value = option["default_value"]
    if isinstance(value, list):
        value = f"{APART} ".join(value)
    elif (text := form.begins_with(key)) is not None:
        value = text
    choices = form.fields.choices(name, str(value), form.model.may_pace)
    return {**option, "default_value": value, "help_text": "", "choices": choices}
