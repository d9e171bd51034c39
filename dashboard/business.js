// What stands below the operator's key figures. It comes after them, so that they need not wait for it.

import { moneyOf } from "./format.js";
import { by, section, view } from "./frame.js";
import { covered } from "./freshness.js";
import * as platform from "./platform.js";
import { recurring } from "./recurring.js";

export function drawDetail(name, period) {
  const { found, clock, through } = view;
  const money = moneyOf(found.currency);
  by("definition").textContent = `by the definition ${period.mrr.definition}`;
  section("mrr", period.mrr, (mrr) => recurring(mrr, money));
  drawCourse(period, covered(name, period, found, through, clock).start, money);
  section("margin", period.cost, (cost) => platform.margin(cost, money));
  section("health", found.health, (health) => platform.health(health, name));
  import("./past.js").then(({ past }) => past(by("history"), money), () => {}); // without a line: with the next numbers
  section("top_tenants", period.top_tenants, (list) => [...platform.topTenants(list, money), platform.allTenants(money)]);
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
