// The key figures of the operator's page.

import { h, number } from "./elements.js";
import { count, share } from "./format.js";
import { change, flag, tile } from "./tiles.js";

const UNKNOWN = "not known";

export function figures(period, before, money) {
  const { mrr, cost } = period;
  const series = period.daily ?? period.hourly ?? {};
  const than = `vs ${before} before`;
  const growth = (now, previous) => change(grown(now, previous), 1, than);
  return [
    tile("mrr", ["MRR"], {
      value: number(mrr.total, money.brief, UNKNOWN), trend: series.mrr, words: money.brief,
      below: change(grown(mrr.total, mrr.opening), 1, "since the opening"),
    }),
    tile("active_tenants", ["Active tenants"], {
      value: number(period.active_tenants), trend: series.active_tenants, words: count,
      below: growth(period.active_tenants, period.active_tenants_before),
    }),
    tile("api_requests", ["Requests"], {
      value: number(period.requests), trend: series.requests, words: count, below: change(period.usage_growth_pct, 1, than),
    }),
    tile("ai_tokens", ["AI tokens"], {
      value: number(period.ai_tokens), trend: series.ai_tokens, words: count, below: change(period.tokens_growth_pct, 1, than),
    }),
    tile("cost", cost.complete ? ["Cost"] : ["Cost", flag("incomplete")], {
      value: number(cost.total, money.brief, UNKNOWN), trend: series.cost, words: money.brief,
      below: h("p.change", {}, "revenue ", number(cost.revenue, money.brief, UNKNOWN)),
    }),
    tile("margin", ["Margin"], {
      value: number(cost.margin, money.brief, noMargin(cost.complete, cost)),
      below: h("p.change", {}, number(cost.margin_pct, share, noMargin(cost.complete, cost)), " of revenue"),
    }),
  ];
}

/** Why there is no margin, or no percentage of it. */
export function noMargin(costKnown, { margin }) {
  if (margin !== null) return "there was no revenue";
  return costKnown ? "some of the revenue is not known" : "some of the cost is not known";
}

/** By how many percent; a quotient for the eye, of amounts that are written in full elsewhere. */
function grown(now, before) {
  return now === null || before === null || !Number(before) ? null : (Number(now) / Number(before) - 1) * 100;
}
