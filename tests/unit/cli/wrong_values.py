"""A table of every option of every verb that takes a value, with values that it must refuse."""

# Files that every option for a file is given, made by the fixture `bad`; the name says what is wrong.
NO_FILE = ("{missing}", "{folder}", "{device}", "{fifo}", "{nested}")
NO_TEXT = (*NO_FILE, "{binary}", "{huge}")
NO_YAML = (
    *NO_TEXT,
    "{laughs.yaml}",
    "{itself.yaml}",
    "{deep.yaml}",
    "{cut.yaml}",
    "{twice.yaml}",
    "{list.yaml}",
    "{empty.yaml}",
)
NO_RATE = ("", "-5", "0", "nan", "inf", "1e300", "abc", "10 ops", "1,000", "9" * 5000)
NO_DURATION = ("", "-5", "-1s", "0", "0s", "nan", "inf", "1e12", "9999999h", "10 parsecs", "s", "10sm", "9" * 5000)
NO_URL = (
    "x",
    "ftp://x",
    "http://",
    "http:///p",
    "http://a:99999",
    "http://a:b",
    "http://[::1",
    "http://a b",
    "http://a/\x1b[31m",
)
NO_PORT = ("-1", "65536", "abc", "1.5", "1e3", "", "٣")
NO_AGREEMENT = ("nonesuch", "v2.2.0-rc", "../x", *NO_YAML, "{agreement-unknown-key.yaml}", "{agreement-unit.yaml}")
NO_RUN = (
    "{missing}",
    "{file}",
    "{folder}",
    "{altered}",
    "{shortened}",
    "{lost}",
    "{unsealed}",
    "{added}",
    "{linked}",
    "{facts}",
)
NO_OUT = ("{file}", "{file}/below", "/proc/nonexistent/x", "x" * 300)

NO_OUT_BEFORE = ("{file}", "{file}/below", "x" * 300)  # seen before the work: that /proc takes no folder is seen after it

NO_FILE_OUT = ("{folder}", "{fifo}", "{link}", "{file}/below", "/proc/nonexistent/x", "x" * 300)

NO_BASELINE = ("{missing}", "{folder}", "{binary}", "{no-baseline.json}", "{nan-baseline.json}", "{deep-baseline.json}")

WRONG: dict[str, tuple[str, ...]] = {
    "run --target-ops": NO_RATE,
    "run --ramp": tuple(v for v in NO_DURATION if v not in ("0", "0s")),
    "run --duration": NO_DURATION,
    "run --stages": (
        *NO_YAML,
        "{stage-unknown.yaml}",
        "{stage-key.yaml}",
        "{stage-unit.yaml}",
        "{stage-nan.yaml}",
        "{stage-many.yaml}",
    ),
    "run --ops-per-user": (*NO_RATE, "1e-9"),
    "run --arrivals": ("sometimes", "poison", "", "5"),
    "run --agreement": NO_AGREEMENT,
    "run --baseline": NO_BASELINE,
    "run --environment-name": ("testnett", "5", "\x1b[31m"),
    "run --metrics-url": NO_URL,
    "run --prometheus-url": NO_URL,
    "run --prometheus-selector": ("job", "job=node", '{job="node"}', 'job="node"} or vector(1) #', 'a="\n"'),
    "run --out": ("{file}", "{file}/below", "x" * 300),
    "run --verify-share": ("", "-1", "150%", "1.5", "nan", "inf", "abc", "%"),
    "run --finality-share": ("", "-1", "150%", "1.5", "nan", "inf", "abc", "%"),
    "run --request-timeout": NO_DURATION,
    "run --base-path": ("api", "/a b", "/a\r\nX: y", "/\u20ac"),
    "run --headers-file": (
        *NO_TEXT,
        "{header-colon}",
        "{header-space}",
        "{header-length}",
        "{header-control}",
        "{header-many}",
    ),
    "run --block-hashes": (*NO_FILE, "{binary}", "{no-hashes}", "{empty}"),
    "run --ca-file": (*NO_FILE, "{empty}", "{no-hashes}"),
    "run --allow": ("lost-workers", "everything", "lost-worker,x"),
    "run --load-seed": ("", "1.5", "abc", "nan", "9" * 5000, "1_0"),
    "run --fail-on": ("warning", "", "no go"),
    "run --host": tuple(u for u in NO_URL if u),
    "run --locustfile": ("{missing}", "{folder}"),
    "run --processes": ("0", "-1", "1e9", "1000000000", "nan", "two", "1.5"),
    "run --loglevel": ("LOUD", "", "5"),
    "baseline node --duration": (*NO_DURATION, "0.4s", "11m"),
    "baseline node --out": NO_FILE_OUT,
    "baseline node --load-seed": ("", "1.5", "abc", "nan", "9" * 5000, "1_0"),
    "node --port": NO_PORT,
    "node --metrics-port": NO_PORT,
    "node --admin-port": NO_PORT,
    "node --host": ("999.1.1.1", "no such host", ""),
    "node --ready-file": NO_FILE_OUT,
    "node --fault": (
        "",
        "x",
        "x=1",
        "latency=-1s",
        "latency=9999h",
        "error_rate=nan",
        "error_rate=150%",
        "memory=9GiB",
    ),
    "assess RUN": NO_RUN,
    "assess --import": (
        *NO_FILE,
        "{binary}",
        "{empty}",
        "{k6-cut.csv}",
        "{k6-nan.csv}",
        "{k6-span.csv}",
        "{cut.hlog}",
        "{bomb.csv.gz}",
    ),
    "assess --agreement": NO_AGREEMENT,
    "assess --baseline": NO_BASELINE,
    "assess --hlog-unit": ("s", "", "NS"),
    "assess --out": NO_OUT,
    "report RUN": (*(run for run in NO_RUN if run != "{facts}"), "{unassessed}"),  # it reads no facts
    "report --format": ("pdf", "", "HTML"),
    "report --output": NO_FILE_OUT,
    "compare RUN": (*NO_RUN, "{no-baseline.json}", "{nan-baseline.json}", "{deep-baseline.json}"),
    "compare --margin": ("0", "-1%", "100%", "1e9", "nan", "inf", "abc", ""),
    "compare --format": ("pdf", "", "HTML"),
    "compare --output": NO_FILE_OUT,
    "alerts render --out": NO_OUT,
    "alerts render --runbooks": NO_URL,
    "alerts render --agreement": NO_AGREEMENT,
    "alerts render --baseline": NO_BASELINE,
    "alerts drill --rules": ("Nonesuch", "FinalityCheckStaled", "\x1b[31m"),
    "alerts drill --out": ("{file}", "{file}/below", "x" * 300),
    "alerts drill --agreement": NO_AGREEMENT,
    "alerts drill --baseline": NO_BASELINE,
}
NO_EVIDENCE = (
    "",
    "x",
    "tests=",
    "tests={missing}",
    "tests={folder}",
    "tests={binary}",
    "alerts={binary}",
    "test={file}",
    "tests={file}",
)
WRONG |= {
    "run --stop-timeout": ("-1", "nan", "inf", "abc", "", "1e9"),
    "run --generator-metrics-port": ("0", "-1", "65536", "abc", "1.5", "127.0.0.1", "999.1.1.1:80", "٣"),
    "run --evidence": NO_EVIDENCE,
    "assess --allow": ("lost-workers", "everything", "lost-worker,x"),
    "assess --spool": ("{missing}", "{folder}", "{binary}", "{empty}", "{file}"),
    "assess --evidence": NO_EVIDENCE,
    "report --evidence": NO_EVIDENCE,
    "report --artifacts": NO_OUT,
    "dashboard render --out": NO_OUT,
    "dashboard render --agreement": NO_AGREEMENT,
    "dashboard render --baseline": NO_BASELINE,
    "dashboard check --out": NO_OUT_BEFORE,
    "dashboard check --agreement": NO_AGREEMENT,
    "dashboard check --baseline": NO_BASELINE,
    "dashboard check --prometheus-url": ("", *NO_URL),
    "dashboard import --out": NO_OUT,
    "dashboard import --agreement": NO_AGREEMENT,
    "dashboard import --baseline": NO_BASELINE,
    "dashboard import --ca-file": (*NO_FILE, "{empty}", "{no-hashes}"),
    "dashboard import --timeout": ("0", "-1", "nan", "inf", "1e9", "abc", ""),
    "metrics --prometheus-url": ("", *NO_URL),
    "metrics --prometheus-selector": ("job", "job=node", '{job="node"}', 'job="node"} or vector(1) #'),
    "metrics --window": (*NO_DURATION, "9s", "25h"),
    "metrics --run": NO_RUN,
    "metrics --agreement": NO_AGREEMENT,
    "metrics --environment-name": ("testnett", "5", "\x1b[31m"),
    "metrics --baseline": NO_BASELINE,
    "metrics --fail-on": ("warning", "", "no go"),
    "metrics --artifacts": NO_OUT_BEFORE,
    "validate --artifacts": NO_OUT_BEFORE,
}
WRONG |= {option.replace("run ", "validate ", 1): values for option, values in WRONG.items() if option.startswith("run ")}
WRONG["validate --fault"] = WRONG["node --fault"]
FREE = {"run --run-name": "any text; what is no plain name is replaced", "node --seed": "any text"}
FREE |= {
    "validate --run-name": FREE["run --run-name"],
    "dashboard import --folder": "a title; Grafana knows which there are",
    "dashboard import --datasource": "a name; Grafana knows which there are",
}
