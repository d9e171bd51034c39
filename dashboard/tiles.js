// Key figures: a value, by how much it moved, its course.

import { h, number, unseen } from "./elements.js";
import { byUnit, share } from "./format.js";
import { sparkline } from "./sparkline.js";

// `better` says which direction is good news; where neither is, a change has no colour.
const METRICS = {
  api_requests: { label: "Requests", better: 1 },
  ai_tokens: { label: "AI tokens", better: 0 },
  error_rate: { label: "Error rate", better: -1 },
  avg_response_time: { label: "Avg. response", better: -1 },
};

export function metrics(list, before) {
  return list.map((metric) => {
    const { label, better } = METRICS[metric.name] ?? { label: metric.name.replaceAll("_", " "), better: 0 };
    const words = byUnit(metric.unit);
    return tile(metric.name, [label], {
      value: number(metric.value, words),
      below: change(metric.change_pct, better, `vs ${before} before`),
      trend: metric.trend, words,
    });
  });
}

/** A cost says in its tile when it is not all of it. */
export function costTile(cost, before) {
  const words = byUnit(cost.currency);
  return tile("cost", cost.complete ? ["Cost"] : ["Cost", flag("incomplete")], {
    value: number(cost.total, words, "not known"),
    below: change(cost.change_pct, 0, `vs ${before} before`),
    trend: cost.trend, words,
  });
}

export const flag = (words) => h("span.flag", {}, words);

/** A key figure: its name, its value, a line below, and its course where it has one. */
export function tile(name, label, { value, below, trend, words }) {
  return h("li.card.metric", { "data-metric": name },
    h("h2", {}, ...label), h("p.value", {}, value), below, trend ? sparkline(trend, words) : null);
}

/** By how many percent something moved; `better` is the direction that is good news, 0 where neither is. */
export function change(value, better, than) {
  if (value === null || value === undefined) {
    return h("p.change", {}, number(null), " no comparison");
  }
  const way = Math.sign(value);
  const [arrow, told] = { 1: ["↑", "up "], 0: ["→", "unchanged, "], "-1": ["↓", "down "] }[way];
  const mood = way * better > 0 ? ".good" : way * better < 0 ? ".bad" : "";
  return h("p.change", {},
    h(`span.by${mood}`, {}, h("span", { "aria-hidden": "true" }, arrow), unseen(told), number(value, (by) => ` ${share(Math.abs(by))}`)),
    h("span.than", {}, ` ${than}`));
}
