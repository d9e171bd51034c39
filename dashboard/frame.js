// What both pages do alike: show the document that the address names, say how true it is, look for newer ones.

import { h } from "./elements.js";
import { Problem, fetchDocument, fetchStatus } from "./fetching.js";
import { ago, clockOf, moneyOf } from "./format.js";
import { asOf, isOld } from "./freshness.js";

const REFRESH = 60_000;
const RETRY = 5_000; // a line that is said to be back may take a while
export const PERIODS = { "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days" };

const FAILURES = {
  unreachable: ["The numbers cannot be reached", "The connection or the server is away at the moment. What is published stays safe; try again in a little while."],
  refused: ["These numbers cannot be opened", "Access to them has ended, or they are no longer at this address. Open them anew from where you were given the link."],
  gone: ["These numbers are gone for good", "They were erased on request, also from this device. Nothing more comes to this address."],
  unreadable: ["The numbers cannot be read", "What came back is not a document that this page understands. Load the page again; if that does not help, tell whoever runs it."],
};

const UNREACHED = "Newer numbers could not be looked for: the connection or the server is away at the moment.";

export const by = (id) => document.getElementById(id);

/** The document that is shown, the status beside it, and what follows from the two; `found` is null while there is none. */
export const view = { key: "", found: null, status: null, clock: null, through: 0, stale: false, sure: false, unreached: false };

let page;

/**
 * `shown` says what is a page's own: its `messages`, the zone of a document, `draw` for what is of no period,
 * `drawPeriod(name, period)` for the key figures, and `detail()`, the module with `drawDetail` for what comes after them.
 */
export function start(shown) {
  page = { ...shown, messages: { ...FAILURES, ...shown.messages } };
  by("periods").addEventListener("change", choosePeriod);
  by("again").addEventListener("click", load);
  addEventListener("hashchange", () => (address().key === view.key && view.found ? drawPeriod() : load()));
  document.addEventListener("visibilitychange", () => document.hidden || !view.key || load());
  setInterval(() => document.hidden || !view.key || load(), REFRESH);
  addEventListener("online", () => !view.key || load());
  addEventListener("offline", () => !view.found || drawFreshness());
  navigator.serviceWorker?.addEventListener("message", ({ data }) => looked(data));
  load().finally(keepForLater); // the numbers come first
  by("again-detail").addEventListener("click", loadDetail);
}

/** Have sw.js keep what is shown; without it the page works, only not without a line. */
function keepForLater() {
  const worker = navigator.serviceWorker;
  // On a first visit the numbers came before sw.js was there to keep them: they are asked for once more, through it.
  if (worker && !worker.controller) worker.addEventListener("controllerchange", load, { once: true });
  worker?.register("sw.js").catch(() => {}); // none where the page came over plain http from elsewhere
}

let retry; // one for all that is said: each look asks for two files, and every window hears of both

/** sw.js answers with what it has, and says afterwards whether the line was there, and something newer. */
function looked({ reached, newer }) {
  view.unreached = !reached;
  clearTimeout(retry);
  if (!reached) retry = setTimeout(() => view.unreached && !document.hidden && load(), RETRY);
  if (newer) load();
  else if (view.found) drawFreshness();
}

/** `#<key>` or `#<key>/<period>`; the fragment never leaves the browser by itself. */
function address() {
  const period = location.hash.split("/")[1];
  return { key: early.keyOf(), period: Object.hasOwn(PERIODS, period) ? period : page.period };
}

async function load() {
  const { key } = address();
  if (key !== view.key) Object.assign(view, { key, found: null, status: null });
  if (!key) return say("keyless");
  try {
    const [found, said] = await Promise.all([fetchNewest(key), fetchStatus()]);
    const status = newest(view.status, said);
    const known = view.found?.seq === found.seq ? view.status : null;
    const sure = !status || status.seq <= found.seq || status.seq === known?.seq || stored(key) === pair(found, status);
    await show(key, found, (sure && status) || known, sure);
    // The status may speak of a tick that this copy of the document is older than: look again before believing it.
    if (!sure) await show(key, await fetchNewest(key, { cache: "no-cache" }), status, true);
    if (key === view.key && view.status) store(key, pair(view.found, view.status));
  } catch (problem) {
    failed(key, problem);
  }
}

const LOST = ["gone", "missing", "refused"];

function failed(key, problem) {
  if (key !== view.key) return;
  const lost = LOST.includes(problem.message);
  if (lost) forget(key);
  if (lost && view.found && history.state?.lost !== key) {
    history.replaceState({ lost: key }, ""); // once: of two edges one may still have it
    return location.reload(); // nothing of what was shown stays in the page
  }
  view.unreached = problem.message === "unreachable" || problem.message === "unreadable";
  if (view.found && view.unreached) drawFreshness();
  else say(problem instanceof Problem ? problem.message : "unreadable");
  if (!(problem instanceof Problem)) throw problem;
}

/** What is shown does not go back to what an edge has kept from before it; sw.js, where there is one, sees to that as well. */
const newest = (shown, come) => (shown && come && come.seq < shown.seq ? shown : come);

async function fetchNewest(key, options) {
  const found = await fetchDocument(key, options);
  if (key !== view.key || newest(view.found, found) === found) return found;
  if (options) throw new Problem("unreachable"); // who asks so must not take old for new
  return view.found;
}

// What is believed of a document as of a status is believed again without a line.
const pair = (found, status) => `${found.seq} as of ${status.seq}`;

function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // the browser keeps nothing for us
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {} // the same
}

function forget(name) {
  try {
    localStorage.removeItem(name);
  } catch {} // the same
}

/** Look for newer numbers where a page of the old ones has been collected. */
export async function renew() {
  const { key } = view;
  try {
    await show(key, await fetchNewest(key, { cache: "no-cache" }), view.status, view.sure);
  } catch (problem) {
    failed(key, problem);
  }
}

async function show(key, found, status, sure) {
  const { through, stale } = await asOf(found, status, key);
  if (key !== view.key) return;
  const same = view.found?.seq === found.seq && view.through === through && view.stale === stale;
  const unreached = Boolean(navigator.serviceWorker?.controller) && view.unreached; // then sw.js says it
  Object.assign(view, { found, status, through, stale, sure, unreached });
  if (!same) return draw();
  loadDetail();
  drawFreshness();
  drawFooter();
}

function say(kind) {
  const [title, text, code] = page.messages[kind];
  view.found = null;
  document.title = title;
  by("message-title").textContent = title;
  by("message-text").textContent = text;
  by("message-code").textContent = code ?? "";
  by("message-hint").hidden = !code;
  by("again").hidden = kind === "keyless" || kind === "gone";
  by("dashboard").hidden = true;
  by("message").hidden = false;
}

function draw() {
  view.clock = clockOf(page.zone(view.found));
  page.draw(view.found);
  by("message").hidden = true;
  by("dashboard").hidden = false; // before the charts, which measure their width
  drawFreshness();
  drawPeriod();
  loadDetail();
}

let drawDetail = null;

/** Once the key figures stand: the modules and the styles of what comes below them. */
async function loadDetail() {
  if (drawDetail) return;
  try {
    const [module] = await Promise.all([page.detail(), styled("detail.css")]);
    drawDetail ??= module.drawDetail;
  } catch {
    by("lacking-detail").hidden = false; // the line dropped between the two; a new look for numbers tries again
    return;
  }
  by("lacking-detail").hidden = true;
  if (view.found) drawPeriod();
}

function styled(href) {
  const there = document.querySelector(`link[href="${href}"]`);
  if (there?.sheet) return there;
  there?.remove();
  return new Promise((loaded, failed) => {
    const link = h("link", { rel: "stylesheet", href });
    link.addEventListener("load", loaded);
    link.addEventListener("error", failed);
    document.head.append(link);
  });
}

function drawFreshness() {
  const { through, stale, sure, clock } = view;
  const now = Date.now();
  const today = clock.wall(through).day === clock.wall(now).day;
  const looking = !sure && !view.unreached;
  const when = `${today ? clock.time(through) : clock.both(through)} ${clock.place}`;
  const time = h("time", { datetime: new Date(through).toISOString() }, when);
  by("freshness").replaceChildren("Complete to ", time, `, ${looking ? "looking for newer" : ago(now - through)}`);
  by("freshness").classList.toggle("late", sure && (stale || isOld(through, now)));
  const warning = warningOf(now);
  if (by("warning").textContent !== warning) by("warning").textContent = warning;
  by("warning").hidden = !warning;
}

function warningOf(now) {
  if (navigator.onLine === false) return "You are offline. These are the last numbers that reached this device.";
  if (!view.sure) return view.unreached ? UNREACHED : "";
  if (view.stale) return "The last update of these numbers failed. They are right up to the time above; newer ones follow once that is repaired.";
  if (isOld(view.through, now)) return "Updates are late. These numbers are right up to the time above, and nothing newer is out yet.";
  return view.unreached ? UNREACHED : "";
}

function drawPeriod() {
  const name = address().period;
  const period = view.found.periods[name];
  const there = Boolean(period && Object.keys(period).length);
  for (const radio of by("periods").elements) radio.checked = radio.value === name;
  by("period").hidden = !there;
  by("nothing").hidden = there;
  by("range").textContent = "";
  drawFooter();
  if (!there) return;
  page.drawPeriod(name, period);
  by("detail").hidden = !drawDetail;
  drawDetail?.(name, period);
}

/** Write which time the numbers are of: hours, or the days of the zone. */
export function drawRange(name, { start, end }) {
  by("range").textContent = name.endsWith("h") ? view.clock.hours(start, end) : view.clock.days(start, end);
}

/** Fill a section, or hide it where the document does not have it. */
export function section(id, part, shape) {
  by(id).hidden = !part;
  if (part) by(id).querySelector(".body").replaceChildren(...shape(part).filter(Boolean));
}

function drawFooter() {
  const { status, found, clock } = view;
  const published = status?.published_at ? `, published ${clock.both(Date.parse(status.published_at))}` : "";
  const money = found.currency ? ` Amounts are in ${moneyOf(found.currency).name}.` : "";
  by("footer").textContent = `Times are ${clock.place}.${money} A dash means that there is no data. Run ${status?.seq ?? found.seq}${published}.`;
}

function choosePeriod(event) {
  history.replaceState(null, "", `#${view.key}/${event.target.value}`);
  drawPeriod();
}
