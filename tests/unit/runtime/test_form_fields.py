"""Our options on the web form. In a process of its own: importing Locust patches the standard library."""

import json
import subprocess
import sys

import pytest

from tests.e2e.running import ROOT

CODE = """
import json
from locust.argument_parser import get_parser
from bizra_load.products import all_options
from bizra_load.runtime.locust_arguments import register_arguments
from bizra_load.runtime.webui.form_fields import Fields

register_arguments()
fields = Fields(get_parser().parse_args([]), files=False)
print(json.dumps([
    [o.name, o.names, fields.choices(o.name, "", paced), fields.help(o.name, paced)]
    for paced in (False, True)
    for o in all_options()
    if o.on_the_web_form and o.names
]))
"""


@pytest.mark.processes
def test_the_help_of_a_field_names_nothing_that_can_not_be_chosen():
    ended = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    rows = json.loads(ended.stdout)
    assert [("saturate" in choices, "saturate" in text) for name, _, choices, text in rows if name == "arrivals"] == [
        (True, True),
        (False, False),
    ]
    for name, names, choices, text in rows:
        assert not [one for one in names if one in text and one not in choices], name
