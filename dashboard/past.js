// The platform's history: what the pages of days hold, as far back as they go.

import { count } from "./format.js";
import { history } from "./history.js";

/** Fill the section; `money` writes amounts. MRR comes first. */
export function past(section, money) {
  history(section, {
    mrr: { label: "MRR", words: money.full, axis: money.tiny, lines: true, series: [["revenue", "MRR", "mrr"]] },
    requests: { label: "Requests", words: count, series: [["requests", "Requests", "requests"]] },
    tokens: { label: "AI tokens", words: count, series: [["tokens", "AI tokens", "ai_tokens"]] },
    cost: { label: "Cost", words: money.full, axis: money.tiny, series: [["money", "Known cost", "cost"]] },
    active: { label: "Active tenants", words: count, series: [["active", "Active tenants", "active_tenants"]] },
  });
}
