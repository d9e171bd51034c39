// The operator's page: the whole platform, from its summary.

import { PERIODS, by, drawRange, section, start, view } from "./frame.js";
import { covered } from "./freshness.js";
import { moneyOf } from "./format.js";
import * as platform from "./platform.js";
import { recurring } from "./recurring.js";

const COMMAND = "python -m pipeline url --platform";
const MESSAGES = {
  keyless: ["Whose platform?", "This page shows all tenants together, and its address holds a key. This command prints the address:", COMMAND],
  missing: ["Nothing is published here", "The address may be incomplete, or the first numbers are not out yet. This command prints the current address:", COMMAND],
};

function draw() {
  document.title = "Platform";
}

function drawPeriod(name, period) {
  const { found, clock, through } = view;
  const money = moneyOf(found.currency);
  const times = covered(name, period, found, through, clock);
  drawRange(name, times);
  by("figures").replaceChildren(...platform.figures(period, PERIODS[name], money));
  by("definition").textContent = `by the definition ${period.mrr.definition}`;
  section("mrr", period.mrr, (mrr) => recurring(mrr, money));
  drawCourse(period, times.start, money);
  section("margin", period.cost, (cost) => platform.margin(cost, money));
  section("health", found.health, (health) => platform.health(health, name));
  section("top_tenants", period.top_tenants, (list) => platform.topTenants(list, money));
}

function drawCourse(period, from, money) {
  const series = period.daily ?? period.hourly;
  by("course").hidden = !series;
  if (!series) return;
  const granularity = period.daily ? "day" : "hour";
  const read = (words) => { by("readout").textContent = words ?? `by the ${granularity}`; };
  read(null);
  by("chart").replaceChildren(platform.course(series, granularity, { start: from, clock: view.clock, money, read }));
  const details = by("course-table");
  const fill = () => details.open && details.querySelector("div").replaceChildren(platform.courseTable(series, granularity, { start: from, clock: view.clock, money }));
  details.ontoggle = fill;
  fill();
}

start({
  path: (key) => `v1/platform/${key}/summary.json`,
  messages: MESSAGES,
  zone: (found) => found.timezone,
  period: "30d",
  draw,
  drawPeriod,
});
