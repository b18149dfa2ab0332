"""Tables of the pages: from what is kept alone, every build beside the others, ratios from one round and before rates."""

import json

import pytest

from benchmarks import tables
from tests.architecture.markdown import ROOT


def measured(*per_cpu_s):
    return [{"requests_per_s": 0.5 * rate, "cpu_share": 0.5} for rate in per_cpu_s]


def kept(interpreter, **rounds):
    names = {"ours": "bizra-load", "open": "bizra-load, open model at 50 %", "peer": "h2load --rps at 50 %"}
    by_name = {names.get(name, name): measured(*rates) for name, rates in rounds.items()}
    rows = {name: "open model at 50 %" if "50 %" in name else "" for name in by_name}
    figures = {"rounds": by_name, "latency_us": {}, "rows": rows, "checks": dict.fromkeys(by_name, "status")}
    return {"machine": {"processor": "P, 2 cores", "kernel": "Linux 6", "interpreter": interpreter}, "figures": figures}


@pytest.mark.parametrize("page", ["README.md", "docs/performance.md"])
def test_the_tables_of_the_pages_are_those_of_the_kept_figures(page):
    assert (ROOT / page).read_text(encoding="utf-8") == tables.pages()[ROOT / page], "python -m benchmarks.tables"


def test_a_ratio_is_taken_within_a_round():
    """The median of ratios: that of the medians (100 / 50) belongs to no round."""
    figures = kept("I", ours=[100, 30, 200], wrk=[50, 60, 40])["figures"]
    assert tables.ratio(figures, "wrk") == "2.00 x [0.50, 5.00]"
    assert tables.ratio(kept("I", ours=[100, 30], wrk=[400, 60])["figures"], "wrk") == "0.38 x [0.25, 0.50]"
    assert tables.rate(figures, "wrk") == "50 [40, 60]"
    assert tables.ratio(figures, "bizra-load") == "-"


def test_a_peer_of_an_open_model_is_held_against_ours_of_that_rate():
    figures = kept("I", ours=[100], open=[50], peer=[200])["figures"]
    assert tables.ratio(figures, "h2load --rps at 50 %") == "0.25 x [0.25, 0.25]"


def test_builds_stand_beside_each_other_each_with_its_machine_and_ratios_before_rates():
    shared = kept("CPython 3.11.7, PGO, shared library, GCC 12", ours=[100, 100], wrk=[200, 200])
    static = kept("CPython 3.11.2, no PGO, static library, GCC 12", ours=[120, 120])
    lines = tables.beside_each_other([shared, static])
    assert lines[0] == (
        "| generator | ours makes: CPython 3.11.7 shared | ours makes: CPython 3.11.2 static "
        "| requests per CPU second: CPython 3.11.7 shared | requests per CPU second: CPython 3.11.2 static |"
    )
    assert lines[3] == "| wrk | 0.50 x [0.50, 0.50] | not measured | 200 [200, 200] | not measured |"
    assert "hypervisor" not in " ".join(lines)
    static["figures"]["rounds"]["bizra-load"][1]["steal"] = 0.012
    text = " ".join(tables.beside_each_other([shared, static]))
    assert "The hypervisor took 1.2 % of the time at most." in text
    for interpreter in (shared["machine"]["interpreter"], static["machine"]["interpreter"]):
        assert f"Measured on P, 2 cores; Linux 6; {interpreter}. Medians of 2 interleaved rounds" in text


def test_latencies_of_an_open_model_stand_in_a_table_of_their_own():
    figures = kept("I", ours=[100], open=[50], peer=[200])["figures"]
    late = {"response_p50_us": 200.0, "response_p99_us": 900.0}
    figures["latency_us"] = {
        "bizra-load, open model at 50 %": [late | {"lag_p50_us": 40.0, "lag_p99_us": 700.0}],
        "h2load --rps at 50 %": [late | {"lag_p50_us": -1.0, "lag_p99_us": -1.0}],
    }
    lines = tables.of_generator(figures)
    assert (
        "| bizra-load, open model at 50 % | 40 us [40, 40] | 700 us [700, 700] | 200 us [200, 200] | 900 us [900, 900] |"
        in lines
    )
    assert "| h2load --rps at 50 % | - | - | 200 us [200, 200] | 900 us [900, 900] |" in lines


def test_every_kind_of_interpreter_that_was_kept_is_read(tmp_path):
    for name in ("cpython-3.11.2-static", "cpython-3.11.7-shared"):
        (tmp_path / name).mkdir()
        interpreter = f"CPython {name.split('-')[1]}"
        (tmp_path / name / "generator.json").write_text(json.dumps(kept(interpreter, ours=[100])))
    for text in tables.pages(tmp_path).values():
        between = text.split(tables.BEGIN)[1].split(tables.END)[0]
        assert "CPython 3.11.2" in between
        assert "CPython 3.11.7" in between


@pytest.mark.parametrize("text", ["no markers", f"{tables.END}\n{tables.BEGIN}\n", 2 * f"{tables.BEGIN}\n{tables.END}\n"])
def test_a_page_without_one_pair_of_markers_is_left_alone(text):
    with pytest.raises(ValueError, match="one pair of markers"):
        tables.page(text, ["line"])
