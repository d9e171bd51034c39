// What stands below the tenant's key figures. It comes after them, so that they need not wait for it.

import { cost } from "./costs.js";
import { count, milliseconds } from "./format.js";
import { PERIODS, by, section, view } from "./frame.js";
import { covered } from "./freshness.js";
import { quotas } from "./quotas.js";
import { allEndpoints, allModels, costDays } from "./rankings.js";
import * as sections from "./sections.js";

const MEASURES = {
  requests: { label: "Requests", words: count, series: [["requests", "Requests", "requests"]] },
  tokens: { label: "AI tokens", words: count, series: [["tokens", "AI tokens", "ai_tokens"]] },
  errors: { label: "Errors", words: count, series: [["client", "Client errors, 4xx", "client_errors"], ["server", "Server errors, 5xx", "server_errors"]] },
  times: { label: "Response times", words: milliseconds, axis: milliseconds, lines: true, series: [
    ["p99", "p99", "p99_ms"], ["p95", "p95", "p95_ms"], ["p50", "p50", "p50_ms"], ["average", "Average", "avg_ms"]] },
};

export function drawDetail(name, period) {
  const { found, clock, through } = view;
  drawTrend(period, covered(name, period, found, through, clock).trendStart);
  section("cost_breakdown", period.cost_breakdown, (part) => [...cost(part, PERIODS[name]), costDays(found.currency)]);
  section("quota_status", found.quota_status?.length ? found.quota_status : null, (list) => quotas(list, found.other_quotas, { clock, now: Date.now() }));
  section("response_times", period.response_times, sections.responseTimes);
  section("error_rates", period.error_rates, (rates) => sections.errorRates(rates, period.api_usage));
  section("top_endpoints", period.top_endpoints, (list) => [...sections.topEndpoints(list, period.other_endpoints ?? null), allEndpoints(name, PERIODS[name])]);
  section("ai_tokens", period.ai_tokens, (tokens) => [...sections.aiModels(tokens), allModels(name, PERIODS[name])]);
  const kinds = period.other_usage?.length || period.other_kinds ? period.other_usage : null;
  section("other_usage", kinds, (list) => sections.otherUsage(list, period.other_kinds ?? null));
  import("./history.js").then(({ history }) => history(by("history"), MEASURES), () => {}); // without a line: with the next numbers
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
