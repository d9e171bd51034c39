// What the period cost: the total, why it moved, what it was spent on, and what is not known. Amounts are decimal strings.

import { thinBar } from "./charts.js";
import { h, name, number, table } from "./elements.js";
import { clockOf, count, moneyOf, percent, share } from "./format.js";
import { why } from "./reasons.js";
import { waterfall } from "./waterfall.js";

const NAMES = { ai_tokens: "AI tokens", api_calls: "API calls" };
const UNKNOWN = "not known";

/** `before` names the period that it is compared with: "30 days". */
export function cost(found, before) {
  const money = moneyOf(found.currency);
  return [
    missing(found),
    h("div", {}, total(found, before, money), h("h3", {}, "Why it moved"), ...moved(found, before, money)),
    h("div", {}, h("h3", {}, "What it was spent on"), breakdown(found, money)),
  ];
}

function total({ total, complete, previous }, before, money) {
  const told = (amount, whole) => (amount === null ? ` ${UNKNOWN}` : whole ? "" : " without what is not known");
  return h("div.spent", {},
    h("p.value", {}, number(total, money.full, UNKNOWN), h("small", {}, complete ? "all that was used" : told(total, complete))),
    h("p.note", {}, `The ${before} before: `, number(previous.total, money.full, UNKNOWN), told(previous.total, previous.complete)));
}

/** What is in no number here, and why. */
function missing(found) {
  if (found.complete) return null;
  const covered = found.coverage_pct === null
    ? "Nothing that was used has a known cost."
    : ["", number(found.coverage_pct, percent), " of the lines have an amount. The rest is not in the total, and not counted as nothing:"];
  return h("div.incomplete", { role: "note" },
    h("p", {}, h("b", {}, "Incomplete. "), ...[covered].flat()),
    h("ul", {}, ...found.missing.map(reason), more(found.missing_more)));
}

function reason({ item, reason, quantity, first_day: first, last_day: last }) {
  const days = clockOf("UTC").days(Date.parse(first), Date.parse(last) + 1);
  return h("li", {}, name(item), ` ${count(quantity)} used, `, why(reason), h("small", {}, days));
}

const more = (left) => (left ? h("li", {}, "and ", number(left), " more") : null);

function moved({ change, total, previous }, before, money) {
  if (!change) return [h("p.nothing", {}, `No comparison: the cost of ${total === null ? "this period" : `the ${before} before`} is ${UNKNOWN}.`)];
  if (isZero(total) && isZero(previous.total)) return [h("p.nothing", {}, `Nothing was spent, as in the ${before} before.`)];
  const step = (label, amount, title) => ({ label, title, amount, kind: "move" });
  return waterfall(`Why the cost moved against the ${before} before`, [
    { label: "Before", amount: previous.total, kind: "total" },
    step("Usage", change.usage, "More or less was used"),
    step("Prices", change.price, "The same usage had another price, or its mix moved"),
    step("Exchange rate", change.fx, "The same price was more or fewer of the platform's currency"),
    { label: "Now", amount: total, kind: "total" },
  ], { words: money.full, signed: money.signed, ground: (level) => `Bars begin at ${money.tiny(level)}, not at zero.` });
}

function breakdown({ breakdown, other_items: others, total }, money) {
  const parts = Object.entries(breakdown).sort(([, a], [, b]) => size(b.total) - size(a.total));
  const rows = parts.filter(([, part]) => !isZero(part.total)).flatMap(([item, part]) => [
    line(NAMES[item] ?? name(item), part.total, total, money),
    ...Object.entries(part.by_model ?? {}).sort(([, a], [, b]) => size(b) - size(a)).map(([model, amount]) => line(h("span.sub", {}, name(model)), amount, total, money)),
    ...(part.other_models ? [line(h("span.sub", {}, unlisted(part.other_models.models, "model")), part.other_models.total, total, money)] : []),
  ]);
  const rest = others && line(unlisted(others.items, "item"), others.total, total, money);
  if (!rows.length && !rest) return h("p.nothing", {}, "Nothing was spent in this period");
  return table("spending", "What the cost was spent on", ["Item", "Share", "Amount"], rows, rest);
}

/** A row: who, its share of the known total as a bar and a number, its amount. */
function line(who, amount, total, money) {
  const part = amount === null || isZero(total) || total === null ? null : (Number(amount) / Number(total)) * 100;
  return [who, h("span.share", {}, thinBar(part, "money"), part === null ? null : h("span", {}, share(part))), number(amount, money.full, UNKNOWN)];
}

const unlisted = (left, what) => h("span", {}, number(left), ` other ${what}${left === 1 ? "" : "s"}`);
const size = (amount) => (amount === null ? -1 : Number(amount));
const isZero = (amount) => amount !== null && /^-?0*\.?0*$/.test(amount);
