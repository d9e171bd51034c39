// The operator's page: the whole platform, from its summary; its key figures at once, the rest when these are there.

import { figures } from "./figures.js";
import { moneyOf } from "./format.js";
import { PERIODS, by, drawRange, start, view } from "./frame.js";
import { covered } from "./freshness.js";

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
  drawRange(name, covered(name, period, found, through, clock));
  by("figures").replaceChildren(...figures(period, PERIODS[name], moneyOf(found.currency)));
}

start({
  messages: MESSAGES,
  zone: (found) => found.timezone,
  period: "30d",
  draw,
  drawPeriod,
  detail: () => import("./business.js"),
});
