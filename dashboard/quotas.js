// How much of each quota is used: a meter with its words, when it resets, and when it would be used up.

import { h, name, number, unseen } from "./elements.js";
import { count, percent } from "./format.js";

const NAMES = { api_calls: "API calls" };
const STATUS = { ok: "Within limit", near: "Near the limit", over: "Limit reached", unlimited: "Unlimited" };
const PERIODS = { day: "a day", month: "a month" };

/** `now` decides whether a reset is still to come. */
export function quotas(list, others, { clock, now }) {
  return [
    h("ul.quotas", {}, ...list.map((quota) => h("li.quota", { "data-status": quota.status }, ...one(quota, clock, now)))),
    others ? h("p.note", {}, "and ", number(others), ` other quota${others === 1 ? "" : "s"}`) : null,
  ];
}

function one(quota, clock, now) {
  return [
    h("div.head", {}, h("h3", {}, named(quota.quota_type)), h("span.status", {}, STATUS[quota.status] ?? quota.status)),
    h("p.used", {}, h("b", {}, number(quota.used)), allowed(quota), quota.used_pct === null ? null : h("span.pct", {}, number(quota.used_pct, percent))),
    meter(quota),
    h("p.note", {}, resets(quota, clock, now), exhausted(quota, clock, now)),
  ];
}

/** The beginning that all AI usage shares is put into words; the rest is a name from outside. */
function named(kind) {
  if (NAMES[kind]) return NAMES[kind];
  if (!kind.startsWith("ai_tokens_")) return name(kind);
  return h("span", { title: kind }, "AI tokens, ", name(kind.slice("ai_tokens_".length)));
}

function allowed({ limit, period }) {
  if (limit === null) return "so far";
  if (Number(limit) === 0) return h("span", {}, "of ", number(limit), ": none allowed");
  return h("span", {}, "of ", number(limit), ` ${PERIODS[period] ?? period}`);
}

function meter({ quota_type: kind, used, limit, used_pct: part, status }) {
  if (limit === null) return null;
  const full = part ?? (status === "over" ? 100 : 0);
  const told = `${count(used)} of ${count(limit)} used: ${STATUS[status] ?? status}`;
  return h("div.meter", {
    role: "meter", "aria-label": `${NAMES[kind] ?? kind}`, "aria-valuemin": "0", "aria-valuemax": "100",
    "aria-valuenow": String(Math.min(full, 100)), "aria-valuetext": told,
  }, h("i", { "--w": `${Math.min(full, 100)}%` }));
}

function resets({ resets_at: at }, clock, now) {
  const time = Date.parse(at);
  return h("span", {}, time > now ? "Resets " : "Its period ended ", h("time", { datetime: at }, clock.both(time)));
}

function exhausted({ projected_exhaustion_at: at }, clock, now) {
  if (!at || Date.parse(at) < now - 3_600_000) return null;
  return h("span.soon", {}, unseen(". "), "Used up about ", h("time", { datetime: at }, clock.both(Date.parse(at))), " at this pace");
}
