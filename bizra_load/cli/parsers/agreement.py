"""`bizra-load agreement`: check an agreement, show what it judges, print the JSON Schema that editors complete it by."""

from __future__ import annotations

import argparse

from bizra_load.cli.parsers.shared import output_file


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("agreement", description=__doc__)
    verbs = parser.add_subparsers(dest="agreement_verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="exit with 0 where it is right, with 6 and one line where it is not")
    show = verbs.add_parser("show", help="what it judges, in sentences")
    for verb in (check, show):
        verb.add_argument("agreement", metavar="FILE", help="a YAML file, or a packaged name")
        verb.add_argument("--baseline", default="", metavar="FILE", help="JSON, for limits that are multiples of a baseline")
        verb.set_defaults(command=f"agreement:run_{verb.prog.rsplit(' ', 1)[-1]}")
    schema = verbs.add_parser("schema", help="print the JSON Schema of agreements")
    schema.add_argument("-o", "--output", type=output_file, metavar="FILE", help="write there instead of standard output (-)")
    schema.set_defaults(command="agreement:run_schema")
