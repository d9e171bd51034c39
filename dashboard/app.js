// The tenant's page: its usage, its cost, its quotas.

import { cost } from "./costs.js";
import { PERIODS, by, drawRange, section, start, view } from "./frame.js";
import { covered } from "./freshness.js";
import { quotas } from "./quotas.js";
import * as sections from "./sections.js";

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
  const times = covered(name, period, found, through, clock);
  drawRange(name, times);
  const spent = period.cost_breakdown ? [sections.costTile(period.cost_breakdown, PERIODS[name])] : [];
  by("metrics").replaceChildren(...sections.metrics(period.metrics, PERIODS[name]), ...spent);
  drawTrend(period, times.trendStart);
  section("cost_breakdown", period.cost_breakdown, (part) => cost(part, PERIODS[name]));
  section("quota_status", found.quota_status?.length ? found.quota_status : null, (list) => quotas(list, found.other_quotas, { clock, now: Date.now() }));
  section("response_times", period.response_times, sections.responseTimes);
  section("error_rates", period.error_rates, (rates) => sections.errorRates(rates, period.api_usage));
  section("top_endpoints", period.top_endpoints, (list) => sections.topEndpoints(list, period.other_endpoints ?? null));
  section("ai_tokens", period.ai_tokens, sections.aiModels);
  const kinds = period.other_usage?.length || period.other_kinds ? period.other_usage : null;
  section("other_usage", kinds, (list) => sections.otherUsage(list, period.other_kinds ?? null));
}

function drawTrend(period, from) {
  const { clock } = view;
  const trend = period.usage_trend;
  by("usage_trend").hidden = !trend;
  if (!trend) return;
  const totals = { requests: period.api_usage?.total, tokens: period.ai_tokens?.total };
  const each = { hour: "by the hour", "6h": "by six hours", day: "by the day" }[trend.granularity] ?? "";
  const read = (words) => { by("readout").textContent = words ?? each; };
  read(null);
  by("chart").replaceChildren(sections.usageTrend(trend, { start: from, clock, totals, read }));
  const details = by("trend-table");
  const fill = () => details.open && details.querySelector("div").replaceChildren(sections.usageTable(trend, { start: from, clock }));
  details.ontoggle = fill;
  fill();
}

start({
  path: (key) => `v1/t/${key}/dashboard.json`,
  messages: MESSAGES,
  zone: (found) => found.tenant.timezone,
  period: "24h",
  draw,
  drawPeriod,
});
