"use strict";
// Every text goes through textContent: names come from outside.
const at = (id) => document.getElementById(id);

function fill(table, columns, rows) {
  const line = (cells, tag) => {
    const row = document.createElement("tr");
    for (const cell of cells) {
      const element = document.createElement(tag);
      element.textContent = cell;
      if (tag === "th") element.scope = "col";
      else if (/^(PASS|WARN|FAIL|INCONCLUSIVE)$/.test(cell)) element.dataset.status = cell;
      row.append(element);
    }
    return row;
  };
  table.replaceChildren(line(columns, "th"), ...rows.map((cells) => line(cells, "td")));
}

function draw(history) {
  const top = Math.max(1, ...history.map((h) => Math.max(h.planned || 0, h.achieved)));
  const points = (key) => history.map((h, i) => `${(i * 720) / Math.max(history.length - 1, 1)},${155 - (150 * (h[key] || 0)) / top}`).join(" ");
  at("planned").setAttribute("points", history.some((h) => h.planned !== null) ? points("planned") : "");
  at("achieved").setAttribute("points", points("achieved"));
  const last = history[history.length - 1];
  const rate = (value, what) => (value === null ? [] : [`${Math.round(value).toLocaleString("en")} ops/s ${what}`]);
  at("now").textContent = last ? `now: ${[...rate(last.planned, "planned"), ...rate(last.achieved, "achieved")].join(", ")}` : "";
}

function show(data) {
  const done = data.assessment;
  at("state").textContent = data.run ? `${done ? "Ended" : "Running"}: ${data.run}` : "No run yet";
  at("live").hidden = !data.run || Boolean(done);
  at("assessment").hidden = !done;
  draw(data.history);
  const ms = (value) => (value === null ? "-" : `${value.toPrecision(3)} ms`);
  const failed = (counts) => Object.entries(counts).map(([category, n]) => `${category} ${n}`).join(", ") || "0";
  fill(at("operations"), ["Operation", "Successful", "Failed", "p50", "p99"],
    data.operations.map((o) => [o.name, o.ok.toLocaleString("en"), failed(o.failed), ms(o.p50_ms), ms(o.p99_ms)]));
  fill(at("counters"), ["What", "Count"], Object.entries(data.counters));
  if (done) {
    at("decision").textContent = `${done.decision} (exit code ${done.exit_code})`;
    at("summary").textContent = done.summary;
    at("rollout").textContent = `Rollout: ${done.rollout}`;
    fill(at("objectives"), done.columns, done.objectives);
    fill(at("checks"), ["Check", "Status", "Why"], done.checks);
    at("notes").replaceChildren(...done.notes.map((note) => {
      const item = document.createElement("li");
      item.textContent = note;
      return item;
    }));
  }
}

async function poll() {
  try {
    const response = await fetch("bizra-load/data", {cache: "no-store"});
    if (response.redirected) location.reload(); // to the login
    else show(await response.json());
  } catch (error) {
    at("state").textContent = "Locust does not respond";
  }
  setTimeout(poll, 1000);
}
poll();
