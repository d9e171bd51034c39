// The sections of the operator's page below its key figures, apart from MRR: a part of the summary in, elements out.

import { barsOverTime } from "./charts.js";
import { h, name, number, table } from "./elements.js";
import { clockOf, count, rounded, share } from "./format.js";
import { noMargin } from "./figures.js";
import { points } from "./freshness.js";
import { listButton } from "./list.js";
import { why } from "./reasons.js";
import { spanned } from "./sections.js";
import { valuesAt } from "./spans.js";
import { flag } from "./tiles.js";

const UNKNOWN = "not known";

/** What came in and what it cost, to the last digit. */
export function margin(cost, money) {
  const row = (kind, label, value, why) => h("div", {}, h("dt", {}, h(`i.${kind}`), label), h("dd", {}, number(value, money.full, why)));
  const part = Number(cost.revenue) ? (Number(cost.total ?? 0) / Number(cost.revenue)) * 100 : 0;
  return [
    h("div.parts", { "aria-hidden": "true" }, part ? h("i.money", { "--w": `${Math.min(part, 100)}%` }) : null,
      Number(cost.revenue) ? h("i.gain", { "--w": `${Math.max(100 - part, 0)}%` }) : null),
    h("dl.kinds.sums", {},
      row("total", "Revenue", cost.revenue, UNKNOWN), row("money", "Cost", cost.total, UNKNOWN),
      row("gain", "Margin", cost.margin, noMargin(cost.complete, cost))),
    cost.complete ? null : h("p.note.lacking", {}, "Some of what was used has no known cost: there is no margin until it has."),
    cost.revenue_complete ? null : h("p.note.lacking", {}, "Some subscriptions have no known amount: revenue is without them, and there is no margin until they have."),
  ];
}

/** The panels of a course: which series the document has, what they are called, how their numbers are written. */
function panels(series, money) {
  const all = [
    { key: "mrr", label: "MRR", kind: "revenue", axis: money.tiny, words: money.full },
    { key: "requests", label: "Requests", kind: "requests", axis: rounded, words: count },
    { key: "ai_tokens", label: "AI tokens", kind: "tokens", axis: rounded, words: count },
    { key: "cost", label: "Cost", kind: "money", axis: money.tiny, words: money.full },
    { key: "active_tenants", label: "Active tenants", kind: "active", axis: rounded, words: count },
  ];
  return all.filter((each) => series[each.key]);
}

export function course(series, granularity, { start, clock, money, read }) {
  const shown = panels(series, money);
  const spans = points(start, granularity, series.requests.length);
  const value = (each, index) => series[each.key][index];
  const told = (index) => `${spanned(spans[index], granularity, clock)}: ${shown.map((each) =>
    `${each.label} ${value(each, index) === null ? UNKNOWN : each.words(value(each, index))}`).join(", ")}`;
  return barsOverTime({
    // Drawn from plain numbers; what is read out are the amounts themselves.
    series: shown.map((each) => ({ kind: each.kind, values: series[each.key].map(Number), words: each.axis, label: h("p.legend", {}, h("i"), each.label) })),
    spans, granularity, clock, told, name: "The platform over time", read: (index) => read(index === null ? null : told(index)),
  });
}

export function courseTable(series, granularity, { start, clock, money }) {
  const shown = panels(series, money);
  const spans = points(start, granularity, series.requests.length);
  return table("plain", "The platform over time", ["Time", ...shown.map((each) => each.label)], spans.map((span, index) => [
    spanned(span, granularity, clock), ...shown.map((each) => number(series[each.key][index], each.words, UNKNOWN)),
  ]));
}

export function topTenants(list, money) {
  if (!list.length) return [h("p.nothing", {}, "No tenant has used anything in this period")];
  return [tenants("Top tenants by requests", list, money)];
}

/** A button for all tenants by rank; null where there are no pages of them. */
export const allTenants = (money) => listButton("All tenants", {
  kind: "tenants", title: "All tenants by requests of 30 days",
  where: ({ rank }) => `${count(rank[0])}–${count(rank.at(-1))}`,
  shape: (page) => tenants("Tenants by requests", page.rank.map((_, index) => valuesAt(page, index)), money),
});

function tenants(caption, list, money) {
  const columns = ["Tenant", "Requests", "AI tokens", "Cost", "MRR", "Revenue", "Margin", "Margin %"];
  const rows = list.map((one) => [
    h("span.tenant", {}, name(one.name ?? one.tenant_id), h("small", {}, [one.plan, one.tenant_id].filter(Boolean).join(" · "))),
    number(one.requests), number(one.ai_tokens),
    partly(one.cost, one.cost_complete, money),
    number(one.mrr, money.short), partly(one.revenue, one.revenue_complete, money),
    h(one.margin?.startsWith("-") ? "span.bad" : "span", {}, number(one.margin, money.short, noMargin(one.cost_complete, one))),
    number(one.margin_pct, share, noMargin(one.cost_complete, one)),
  ]);
  return labelled(table("tenants", caption, columns, rows), columns);
}

/** An amount that may be of a part only. */
function partly(amount, complete, money) {
  return h("span", {}, number(amount, money.short, UNKNOWN), complete ? null : flag("incomplete"));
}

/** On a phone a row is a grid, where each number says itself what it is. */
function labelled(made, columns) {
  for (const row of made.tBodies[0].rows) [...row.cells].forEach((cell, index) => cell.setAttribute("data-label", columns[index]));
  return made;
}

/** What has to be looked at; `bad` decides the mark and its words. */
export function health(found, period) {
  const { stale_tenants: stale, unknown_costs: costs } = found;
  const rejected = [...(found.rejected[period] ?? []), ...(found.rejected.no_hour ?? [])];
  const repaired = found.repaired[period];
  return [h("ul.health", {},
    check("Tenants up to date", stale === 0, stale === 0 ? "all" : [number(stale), stale === 1 ? " is not" : " are not"], stale ? h("p.note", {}, "The last update of their files failed. ", h("code", {}, "python -m pipeline doctor"), " names them.") : null),
    check("Costs known", costs.tenants === 0, costs.tenants === 0 ? "all" : ["not all of ", number(costs.tenants), costs.tenants === 1 ? " tenant" : " tenants"], unknownCosts(costs)),
    check("Rejected rows", !rejected.length, number(rejected.reduce((sum, each) => sum + each.rows, 0)), rejectedRows(rejected)),
    check("Hours made anew", !repaired?.buckets, number(repaired?.buckets ?? 0), repaired?.runs ? h("p.note", {}, "in ", number(repaired.runs), repaired.runs === 1 ? " repair" : " repairs") : null),
  )];
}

function check(label, good, value, more) {
  return h(`li.${good ? "fine" : "look"}`, {},
    h("div.head", {}, h("h3", {}, h("i", { "aria-hidden": "true" }, good ? "✓" : "!"), label), h("p", {}, ...[value].flat())), more);
}

function unknownCosts({ items, more_items: more }) {
  if (!items.length && !more) return null;
  return h("ul.found", {},
    ...items.map((one) => h("li", {}, h("span", {}, name(one.item), ` ${why(one.reason)}`),
      h("small", {}, clockOf("UTC").days(Date.parse(one.first_day), Date.parse(one.last_day) + 1)))),
    more ? h("li", {}, h("span", {}, "and ", number(more), more === 1 ? " other item" : " other items")) : null);
}

function rejectedRows(rejected) {
  if (!rejected.length) return null;
  return h("ul.found", {}, ...rejected.map((one) => h("li", {}, h("span", {}, `${one.source}: ${one.reason.replaceAll("_", " ")}`), number(one.rows))));
}
