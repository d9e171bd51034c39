// Small charts: bars over time with a readout, shares as thin bars.

import { h } from "./elements.js";
import { rounded } from "./format.js";

const LABEL = 50; // pixels that a label of the time axis needs

/**
 * Panels of bars over one time axis. `series` is [{label, values, kind, words}], `words` for its axis; `spans` are the points' [from, to),
 * `told(index)` says one point in words and is handed to `read`, with null when no point is chosen.
 */
export function barsOverTime({ series, spans, granularity, clock, told, read, name = "Usage over time" }) {
  const panels = series.map((one) => panel(one));
  const axis = timeAxis({ spans, granularity, clock });
  const chart = h("div.chart", {
    tabindex: "0", role: "slider", "aria-label": `${name}, point by point`, "aria-orientation": "horizontal",
    "aria-valuemin": "1", "aria-valuemax": String(spans.length),
  }, ...panels, axis);
  const choose = (index) => {
    chart.querySelectorAll(".on").forEach((bar) => bar.classList.remove("on"));
    chart.classList.toggle("chosen", index !== null);
    if (index !== null) {
      panels.forEach((each) => each.querySelector(".bars").children[index].classList.add("on"));
      chart.setAttribute("aria-valuenow", String(index + 1));
      chart.setAttribute("aria-valuetext", told(index));
    }
    read(index);
  };
  chart.setAttribute("aria-valuenow", String(spans.length));
  chart.setAttribute("aria-valuetext", told(spans.length - 1));
  byPointer(chart, spans.length, choose);
  byKey(chart, spans.length, choose);
  return chart;
}

function panel({ label, values, kind, words = rounded }) {
  const highest = Math.max(...values, 0);
  const top = ceiling(highest);
  const line = (kind, value) => h(`span.${kind}`, {}, h("b", {}, words(value)));
  // Half of an odd number of requests is nothing that anybody counts.
  const half = Number.isInteger(top / 2) ? [line("half", top / 2)] : [];
  return h(`div.panel.${kind}`, { "aria-hidden": "true" },
    label,
    h("div.plot", {},
      h("div.grid", {}, ...(highest ? [line("top", top), ...half] : [h("span.nothing", {}, "nothing in this period")])),
      h(values.length > 60 ? "div.bars.dense" : "div.bars", {}, ...values.map((value) => h(value ? "i" : "i.zero", { "--h": `${((value ?? 0) / top) * 100}%` })))));
}

/** The next round number, so that the bars fill most of the height. */
export function ceiling(value) {
  if (!value) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value) * power;
}

// For each granularity: how many hours or days apart labels may be, the place of a point among these, and its words.
// 1970 began on a Thursday, so that four days on is a Monday: days and weeks are counted from there.
const AXES = {
  hour: { steps: [2, 3, 4, 6, 12, 24], size: 1, place: (wall) => wall.hour, words: (wall, span, clock) => (wall.hour ? clock.time(span.from) : clock.date(span.from)) },
  "6h": { steps: [24, 48, 96, 168], size: 6, place: (wall, first) => (wall.day - first.day) * 24 + Math.floor(wall.hour / 6) * 6, words: (wall, span, clock) => clock.dayOfWeek(span.from) },
  day: { steps: [1, 2, 7, 14, 28], size: 1, place: (wall) => wall.day - 4, words: (wall, span, clock) => clock.date(middle(span)) },
  week: { steps: [1, 2, 4, 8, 13, 26], size: 1, place: (wall) => (wall.day - 4) / 7, words: (wall, span, clock) => clock.date(span.from) },
  month: { steps: [1, 2, 3, 6, 12], size: 1, place: (wall) => monthOf(wall.day), words: (wall, span, clock) => clock.month(span.from) },
};

const monthOf = (day) => new Date(day * 86_400_000).getUTCFullYear() * 12 + new Date(day * 86_400_000).getUTCMonth();

// The middle of a day is in that day also where a clock change made it an hour shorter or longer.
const middle = (span) => (span.from + span.to) / 2;

/** The labels below a chart, as many as there is room for. */
export function timeAxis(points) {
  const axis = h("div.axis", { "aria-hidden": "true" });
  new ResizeObserver(() => axis.replaceChildren(...ticks(axis.clientWidth, points))).observe(axis);
  return axis;
}

/** Labels where the tenant's clock is round: hours of the day, midnights, Mondays. */
function ticks(width, { spans, granularity, clock }) {
  const { steps, size, place, words } = AXES[granularity] ?? AXES.day;
  const perPoint = width / spans.length;
  const step = steps.find((each) => (each / size) * perPoint >= LABEL) ?? steps.at(-1);
  const walls = spans.map((span) => clock.wall(granularity === "day" ? middle(span) : span.from));
  return walls.flatMap((wall, index) => {
    const cutOff = (spans.length - index) * perPoint < LABEL * 0.75;
    if (cutOff || place(wall, walls[0]) % step !== 0) return [];
    return [h("span", { "--x": `${(index / spans.length) * 100}%` }, words(wall, spans[index], clock))];
  });
}

export function byPointer(chart, length, choose) {
  const point = (event) => {
    const box = chart.querySelector(".bars").getBoundingClientRect();
    choose(Math.max(0, Math.min(length - 1, Math.floor(((event.clientX - box.left) / box.width) * length))));
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", () => choose(null));
}

export function byKey(chart, length, choose) {
  const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 7, PageDown: -7, Home: -length, End: length };
  chart.addEventListener("keydown", (event) => {
    if (event.key === "Escape") choose(null);
    if (!(event.key in moves) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const from = chart.classList.contains("chosen") ? Number(chart.getAttribute("aria-valuenow")) - 1 : length;
    choose(Math.max(0, Math.min(length - 1, from + moves[event.key])));
  });
  chart.addEventListener("blur", () => choose(null));
}

/** A thin bar, `part` of 100; decoration beside a number that says the same. */
export function thinBar(part, kind = "") {
  return h("span.thin", { "aria-hidden": "true" }, h(`i${kind && `.${kind}`}`, { "--w": `${Math.max(0, Math.min(100, part ?? 0))}%` }));
}
