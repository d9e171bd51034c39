// The tenant's page: its key figures at once, the rest when these are there.

import { PERIODS, by, drawRange, start, view } from "./frame.js";
import { covered } from "./freshness.js";
import { costTile, metrics } from "./tiles.js";

const MESSAGES = {
  keyless: ["Whose usage?", "This page shows the usage of one tenant, and the address does not say which. Open it with the address that this command prints:", "python -m pipeline url TENANT"],
  missing: ["Nothing is published here", "The address may be incomplete, may have been replaced by a new one, or its first numbers are not out yet. This command prints the current address:", "python -m pipeline url TENANT"],
};

function draw({ tenant }) {
  document.title = `${tenant.name}: usage`;
  by("name").textContent = tenant.name;
  by("plan").textContent = tenant.plan ?? "";
  by("plan").hidden = !tenant.plan;
}

function drawPeriod(name, period) {
  const { found, clock, through } = view;
  const spent = period.cost_breakdown ? [costTile(period.cost_breakdown, PERIODS[name])] : [];
  drawRange(name, covered(name, period, found, through, clock));
  by("metrics").replaceChildren(...metrics(period.metrics, PERIODS[name]), ...spent);
}

start({
  messages: MESSAGES,
  zone: (found) => found.tenant.timezone,
  period: "24h",
  draw,
  drawPeriod,
  detail: () => import("./tenant.js"),
});
