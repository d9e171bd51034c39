// The sections below the key figures: a part of the document in, elements out.

import { barsOverTime, thinBar } from "./charts.js";
import { h, name, number, table } from "./elements.js";
import { count, milliseconds, percent, share } from "./format.js";
import { points } from "./freshness.js";

/** The chart; `read` is told in words which point is looked at, or null. */
export function usageTrend(trend, { start, clock, totals, read }) {
  const spans = points(start, trend.granularity, trend.api_requests.length);
  const told = (index) => `${spanned(spans[index], trend.granularity, clock)}: ${pointWords(trend, index)}`;
  const legend = (kind, words, total) => h("p.legend", {}, h(`i.${kind}`), words, h("b", {}, number(total)));
  return barsOverTime({
    series: [
      { kind: "requests", values: trend.api_requests, label: legend("requests", "Requests", totals.requests) },
      { kind: "tokens", values: trend.ai_tokens, label: legend("tokens", "AI tokens", totals.tokens) },
    ],
    spans, granularity: trend.granularity, clock, told, read: (index) => read(index === null ? null : told(index)),
  });
}

function pointWords(trend, index) {
  const words = (value, unit) => (value === null ? `no data on ${unit}` : `${count(value)} ${unit}`);
  return `${words(trend.api_requests[index], "requests")}, ${words(trend.ai_tokens[index], "tokens")}`;
}

export function spanned({ from, to }, granularity, clock) {
  // The middle of a day names it, also where a clock change made it an hour shorter or longer.
  return granularity === "day" ? clock.weekday((from + to) / 2) : `${clock.weekday(from)}, ${clock.time(from)}–${clock.time(to)}`;
}

export function usageTable(trend, { start, clock }) {
  const spans = points(start, trend.granularity, trend.api_requests.length);
  return table("plain", "Usage over time", ["Time", "Requests", "AI tokens"], spans.map((span, index) => [
    spanned(span, trend.granularity, clock), number(trend.api_requests[index]), number(trend.ai_tokens[index]),
  ]));
}

export function responseTimes(times) {
  const rows = [["p50", "Half are faster", times.p50_ms], ["Average", "Mean of all", times.avg_ms],
    ["p95", "19 of 20 are faster", times.p95_ms], ["p99", "99 of 100 are faster", times.p99_ms]];
  const slowest = Math.max(...rows.map(([, , value]) => value ?? 0)) || 1;
  const within = times.relative_error ? `; percentiles within ${count(times.relative_error * 100)}%` : "";
  return [
    h("dl.times", {}, ...rows.map(([label, title, value]) => h("div", {},
      h("dt", { title }, label), h("dd", {}, thinBar(((value ?? 0) / slowest) * 100), number(value, milliseconds))))),
    times.count ? h("p.note", {}, number(times.count), ` timed requests${within}`) : h("p.note", {}, "No timed requests in this period"),
  ];
}

export function errorRates(rates, usage) {
  const part = (kind, value) => (value ? h(`i.${kind}`, { "--w": `${value}%` }) : null);
  const row = (kind, label, rate, errors) => h("div", {},
    h("dt", {}, h(`i.${kind}`), label), h("dd", {}, number(errors), number(rate, percent)));
  return [
    h("p.value", {}, number(rates.total_pct, percent), h("small", {}, rates.total_pct === null ? "no requests" : "of requests")),
    h("div.parts", { "aria-hidden": "true" }, part("server", rates.server_pct), part("client", rates.client_pct)),
    h("dl.kinds", {},
      row("client", "Client errors, 4xx", rates.client_pct, usage?.client_errors),
      row("server", "Server errors, 5xx", rates.server_pct, usage?.server_errors)),
  ];
}

export function topEndpoints(list, others) {
  if (!list.length && !others) return [h("p.nothing", {}, "No requests in this period")];
  const rows = list.map((one) => [
    name(one.endpoint), number(one.requests), shared(one.share_pct), number(one.p95_ms, milliseconds), number(one.error_pct, percent),
  ]);
  const rest = others && [
    unlisted(others.endpoints, "endpoint"), number(others.requests), shared(others.share_pct), null, number(others.error_pct, percent),
  ];
  return [table("endpoints", "Top endpoints by requests", ["Endpoint", "Requests", "Share", "p95", "Errors"], rows, rest)];
}

export function aiModels(tokens) {
  const models = Object.entries(tokens.by_model ?? {}).sort(([, a], [, b]) => b.tokens - a.tokens);
  const others = tokens.other_models ?? null;
  if (!models.length && !others) return [h("p.nothing", {}, "No AI usage in this period")];
  const rows = models.map(([model, one]) => [
    h("span", {}, name(model), thinBar((one.tokens / (tokens.total || 1)) * 100, "tokens")),
    number(one.tokens), number(one.requests), number(one.avg_tokens_per_request),
  ]);
  const rest = others && [unlisted(others.models, "model"), number(others.tokens), number(others.requests), null];
  return [table("models", "AI models by tokens", ["Model", "Tokens", "Requests", "Per request"], rows, rest)];
}

export function otherUsage(list, others) {
  const records = (count) => h("small", {}, "in ", number(count), count === 1 ? " record" : " records");
  return [
    h("dl.others", {}, ...list.map((one) => h("div", {},
      h("dt", {}, name(one.quota_type)), h("dd", {}, number(Number(one.amount)), records(one.records))))),
    others && h("p.note", {}, unlisted(others.kinds, "kind"), " ", records(others.records)),
  ];
}

/** What a list leaves out, so that it is not taken for the whole. */
function unlisted(count, what) {
  return h("span", {}, number(count), ` other ${what}${count === 1 ? "" : "s"}`);
}

function shared(value) {
  return h("span.share", {}, thinBar(value, "requests"), number(value, share));
}
