// Monthly recurring revenue: the total, what moved it, what it is made of, and what follows from it.

import { thinBar } from "./charts.js";
import { h, name, number, table } from "./elements.js";
import { count, percent, share } from "./format.js";
import { waterfall } from "./waterfall.js";

const MOVEMENTS = {
  new: ["New", "Tenants that pay for the first time"],
  expansion: ["Expansion", "Tenants that pay more than before"],
  contraction: ["Contraction", "Tenants that pay less than before"],
  churn: ["Churn", "Tenants that pay nothing any more"],
  reactivation: ["Reactivation", "Tenants that pay again after a time without"],
  fx_impact: ["Exchange rate", "The same prices in other currencies are more or less in this one"],
};
const UNKNOWN = "not known";

export function recurring(mrr, money) {
  return [
    h("div", {},
      h("p.value", {}, number(mrr.total, money.full, UNKNOWN), h("small", {}, "a month")),
      mrr.unpriced ? h("p.note.lacking", {}, number(mrr.unpriced), `${mrr.unpriced === 1 ? " subscription is" : " subscriptions are"} not in it: the amount or its exchange rate is not known.`) : null,
      h("h3", {}, "What moved it"), ...bridge(mrr, money)),
    h("div", {}, h("h3", {}, "What it is made of"), plans(mrr, money), h("h3", {}, "What follows from it"), rates(mrr, money)),
  ];
}

function bridge({ opening, total, movements }, money) {
  if (opening === null && total === null) return [h("p.nothing", {}, "No comparison: no amount is known.")];
  const steps = Object.entries(MOVEMENTS).map(([key, [label, title]]) => ({ label, title, amount: movements[key], kind: "move" }));
  return waterfall("What moved MRR", [
    { label: "Opening", title: "As the day before the period ended", amount: opening, kind: "total" },
    ...steps,
    { label: "Closing", title: "As the period ends", amount: total, kind: "total" },
  ], { words: money.full, signed: money.signed, kind: "gain", ground: (level) => `Bars begin at ${money.tiny(level)}, not at zero.` });
}

function plans({ by_plan: list, other_plans: others, total }, money) {
  if (!list.length && !others) return h("p.nothing", {}, "No subscription brings anything");
  const row = (who, held, revenue) => {
    const part = revenue === null || !Number(total) ? null : (Number(revenue) / Number(total)) * 100;
    return [who, number(held), h("span.share", {}, thinBar(part), part === null ? null : h("span", {}, share(part))), number(revenue, money.full, UNKNOWN)];
  };
  const rest = others && row(h("span", {}, number(others.plans), others.plans === 1 ? " other plan" : " other plans"), others.count, others.revenue);
  return table("plans", "MRR by plan", ["Plan", "Subscriptions", "Share", "MRR"], list.map((each) => row(name(each.plan), each.count, each.revenue)), rest);
}

function rates({ arpa, nrr_pct: nrr, grr_pct: grr, quick_ratio: quick }, money) {
  const one = (label, title, value, words, why) => h("div", { title }, h("dt", {}, label), h("dd", {}, number(value, words, why)));
  return h("dl.rates", {},
    one("ARPA", "Average revenue per account: MRR by paying tenants", arpa, money.full, "no tenant pays"),
    one("NRR", "Net revenue retention: opening, expansion, contraction and churn, by the opening", nrr, percent, "there was no MRR at the opening"),
    one("GRR", "Gross revenue retention: opening, contraction and churn, by the opening", grr, percent, "there was no MRR at the opening"),
    one("Quick ratio", "New, expansion and reactivation, by contraction and churn", quick, count, "nothing was lost in this period"));
}
