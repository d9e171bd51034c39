// The page: reads the tenant's key from the address, fetches two files, draws them, and looks for newer ones.

import { cost } from "./costs.js";
import { h } from "./elements.js";
import { ago, clockOf, moneyOf } from "./format.js";
import { asOf, covered, isOld } from "./freshness.js";
import { quotas } from "./quotas.js";
import * as sections from "./sections.js";

const SCHEMA = 1;
const REFRESH = 60_000;
const PERIODS = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days" };

const MESSAGES = {
  keyless: ["Whose usage?", "This page shows the usage of one tenant, and the address does not say which. Open it with the address that this command prints:", "python -m pipeline url TENANT"],
  missing: ["Nothing is published here", "The address may be incomplete, may have been replaced by a new one, or its first numbers are not out yet. This command prints the current address:", "python -m pipeline url TENANT"],
  unreachable: ["The numbers cannot be reached", "The connection or the server is away at the moment. What is published stays safe; try again in a little while."],
  unreadable: ["The numbers cannot be read", "What came back is not a dashboard that this page understands. Load the page again; if that does not help, tell whoever runs it."],
};

const by = (id) => document.getElementById(id);
const view = { key: "", dashboard: null, status: null, through: 0, stale: false, sure: false, unreached: false };

class Problem extends Error {}

async function fetched(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "omit", ...options });
  } catch {
    throw new Problem("unreachable");
  }
  if (response.status === 404) throw new Problem("missing");
  if (!response.ok) throw new Problem("unreachable");
  try {
    return await response.json();
  } catch {
    throw new Problem("unreadable");
  }
}

const fetchStatus = () => fetched("v1/status.json").catch(() => null);

async function fetchDashboard(key, options) {
  const dashboard = await fetched(`v1/t/${key}/dashboard.json`, options);
  if (dashboard?.schema !== SCHEMA || !dashboard.periods) throw new Problem("unreadable");
  return dashboard;
}

/** `#<key>` or `#<key>/<period>`; the fragment never leaves the browser by itself. */
function address() {
  const [key, period] = location.hash.slice(1).split("/");
  return { key: /^[\w-]{1,128}$/.test(key) ? key : "", period: period in PERIODS ? period : "24h" };
}

async function load() {
  const { key } = address();
  if (key !== view.key) Object.assign(view, { key, dashboard: null, status: null });
  if (!key) return say("keyless");
  try {
    const [dashboard, status] = await Promise.all([fetchDashboard(key), fetchStatus()]);
    const known = view.dashboard?.seq === dashboard.seq ? view.status : null;
    const sure = !status || status.seq <= dashboard.seq || status.seq === known?.seq;
    await show(key, dashboard, (sure && status) || known, sure);
    // The status may speak of a tick that this copy of the dashboard is older than: look again before believing it.
    if (!sure) await show(key, await fetchDashboard(key, { cache: "no-cache" }), status, true);
  } catch (problem) {
    if (key !== view.key) return;
    view.unreached = problem.message === "unreachable";
    if (view.dashboard && view.unreached) drawFreshness();
    else say(problem instanceof Problem ? problem.message : "unreadable");
    if (!(problem instanceof Problem)) throw problem;
  }
}

async function show(key, dashboard, status, sure) {
  const { through, stale } = await asOf(dashboard, status, key);
  if (key !== view.key) return;
  const same = view.dashboard?.seq === dashboard.seq && view.through === through && view.stale === stale;
  Object.assign(view, { dashboard, status, through, stale, sure, unreached: false });
  if (same) drawFreshness();
  else draw();
}

function say(kind) {
  const [title, text, code] = MESSAGES[kind];
  view.dashboard = null;
  document.title = title;
  by("message-title").textContent = title;
  by("message-text").textContent = text;
  by("message-code").textContent = code ?? "";
  by("message-hint").hidden = !code;
  by("again").hidden = kind === "keyless";
  by("dashboard").hidden = true;
  by("message").hidden = false;
}

function draw() {
  const { tenant } = view.dashboard;
  view.clock = clockOf(tenant.timezone);
  document.title = `${tenant.name}: usage`;
  by("name").textContent = tenant.name;
  by("plan").textContent = tenant.plan ?? "";
  by("plan").hidden = !tenant.plan;
  by("message").hidden = true;
  by("dashboard").hidden = false; // before the charts, which measure their width
  drawFreshness();
  drawPeriod();
}

function drawFreshness() {
  const { through, stale, sure, clock } = view;
  const now = Date.now();
  const today = clock.wall(through).day === clock.wall(now).day;
  const when = `${today ? clock.time(through) : clock.both(through)} ${clock.place}`;
  const time = h("time", { datetime: new Date(through).toISOString() }, when);
  by("freshness").replaceChildren("Complete to ", time, `, ${sure ? ago(now - through) : "looking for newer"}`);
  by("freshness").classList.toggle("late", sure && (stale || isOld(through, now)));
  const warning = warningOf(now);
  if (by("warning").textContent !== warning) by("warning").textContent = warning;
  by("warning").hidden = !warning;
}

function warningOf(now) {
  if (!view.sure) return "";
  if (view.stale) return "The last update of these numbers failed. They are right up to the time above; newer ones follow once that is repaired.";
  if (isOld(view.through, now)) return "Updates are late. These numbers are right up to the time above, and nothing newer is out yet.";
  return view.unreached ? "Newer numbers could not be looked for: the connection or the server is away at the moment." : "";
}

function drawPeriod() {
  const { dashboard, clock, through } = view;
  const name = address().period;
  const period = dashboard.periods[name];
  const there = Boolean(period?.metrics);
  for (const radio of by("periods").elements) radio.checked = radio.value === name;
  by("period").hidden = !there;
  by("nothing").hidden = there;
  by("range").textContent = "";
  drawFooter();
  if (!there) return;
  const times = covered(name, period, dashboard, through, clock);
  by("range").textContent = name.endsWith("h") ? clock.hours(times.start, times.end) : clock.days(times.start, times.end);
  by("metrics").replaceChildren(...sections.metrics(period.metrics, PERIODS[name], period.cost_breakdown));
  drawTrend(period, times.trendStart);
  section("cost_breakdown", period.cost_breakdown, (found) => cost(found, PERIODS[name]));
  section("quota_status", dashboard.quota_status?.length ? dashboard.quota_status : null, (list) => quotas(list, dashboard.other_quotas, { clock, now: Date.now() }));
  section("response_times", period.response_times, sections.responseTimes);
  section("error_rates", period.error_rates, (rates) => sections.errorRates(rates, period.api_usage));
  section("top_endpoints", period.top_endpoints, (list) => sections.topEndpoints(list, period.other_endpoints ?? null));
  section("ai_tokens", period.ai_tokens, sections.aiModels);
  const kinds = period.other_usage?.length || period.other_kinds ? period.other_usage : null;
  section("other_usage", kinds, (list) => sections.otherUsage(list, period.other_kinds ?? null));
}

/** Fill a section, or hide it where the document does not have it. */
function section(id, part, shape) {
  by(id).hidden = !part;
  if (part) by(id).querySelector(".body").replaceChildren(...shape(part).filter(Boolean));
}

function drawTrend(period, start) {
  const { clock } = view;
  const trend = period.usage_trend;
  by("usage_trend").hidden = !trend;
  if (!trend) return;
  const totals = { requests: period.api_usage?.total, tokens: period.ai_tokens?.total };
  const each = { hour: "by the hour", "6h": "by six hours", day: "by the day" }[trend.granularity] ?? "";
  const read = (words) => { by("readout").textContent = words ?? each; };
  read(null);
  by("chart").replaceChildren(sections.usageTrend(trend, { start, clock, totals, read }));
  const details = by("trend-table");
  const fill = () => details.open && details.querySelector("div").replaceChildren(sections.usageTable(trend, { start, clock }));
  details.ontoggle = fill;
  fill();
}

function drawFooter() {
  const { status, dashboard, clock } = view;
  const published = status?.published_at ? `, published ${clock.both(Date.parse(status.published_at))}` : "";
  const money = dashboard.currency ? `Amounts are in ${moneyOf(dashboard.currency).name}. ` : "";
  by("footer").textContent = `Times are ${clock.place}. ${money}A dash means that there is no data. Run ${status?.seq ?? dashboard.seq}${published}.`;
}

function choosePeriod(event) {
  history.replaceState(null, "", `#${view.key}/${event.target.value}`);
  drawPeriod();
}

by("periods").addEventListener("change", choosePeriod);
by("again").addEventListener("click", load);
addEventListener("hashchange", () => (address().key === view.key && view.dashboard ? drawPeriod() : load()));
document.addEventListener("visibilitychange", () => document.hidden || !view.key || load());
setInterval(() => document.hidden || !view.key || load(), REFRESH);
load();
