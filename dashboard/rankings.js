// The whole of what the first screen shows the first ten of, and the days of a cost, from their pages.

import { h, name, number, table } from "./elements.js";
import { clockOf, count, milliseconds, moneyOf, percent, share } from "./format.js";
import { listButton } from "./list.js";
import { why } from "./reasons.js";

const ranks = ({ rank, entries }) => `${count(rank[0])}–${count(rank.at(-1))}${entries ? ` of ${count(entries)}` : ""}`;
const ofPeriod = (period) => (entry) => entry.period === period;

export const allEndpoints = (period, before) => listButton("All endpoints", {
  kind: "endpoints", fits: ofPeriod(period), title: `All endpoints of ${before}`, where: ranks,
  shape: (page) => table("endpoints", "Endpoints by requests", ["Endpoint", "Requests", "Share", "p95", "Errors"],
    page.rank.map((_, index) => [
      name(page.endpoint[index]), number(page.requests[index]), number(page.share_pct[index], share),
      number(page.p95_ms[index], milliseconds), number(page.error_pct[index], percent),
    ])),
});

export const allModels = (period, before) => listButton("All models", {
  kind: "models", fits: ofPeriod(period), title: `All AI models of ${before}`, where: ranks,
  shape: (page) => table("models", "AI models by tokens", ["Model", "Tokens", "Requests", "Per request"],
    page.rank.map((_, index) => [
      name(page.model[index]), number(page.tokens[index]), number(page.requests[index]), number(page.avg_tokens_per_request[index]),
    ])),
});

/** Amounts have all their digits here, and prices the currency that they are agreed in. */
export const costDays = (currency) => listButton("Day by day", {
  kind: "costs", title: "Cost, day by day", turns: { back: "Later", onward: "Earlier" },
  where: ({ day }) => clockOf("UTC").days(Date.parse(day[0]), Date.parse(day.at(-1)) + 1),
  shape: (page) => table("cost-days", "Cost by day and item", ["Day and item", "Quantity", "Unit price", "Amount"],
    page.day.map((day, index) => [
      line(day, page.item[index]), number(page.quantity[index]), unitPrice(page, index),
      number(page.amount[index], moneyOf(currency).full, page.missing[index] ? why(page.missing[index]) : "not known"),
    ]).toReversed()),
});

const line = (day, item) => h("span", {}, h("small", {}, clockOf("UTC").weekday(Date.parse(day))), name(item));

function unitPrice({ unit_price: price, unit_size: size, currency }, index) {
  if (price[index] === null) return number(null, count, "no price");
  const per = Number(size[index]) === 1 ? null : h("small", {}, " per ", number(size[index]));
  return h("span", {}, number(price[index], moneyOf(currency[index]).full), per);
}
