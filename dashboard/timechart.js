// A chart over a time axis: bars that stand on each other, or lines, with a box beside the point that is looked at.

import { byKey, byPointer, ceiling, timeAxis } from "./charts.js";
import { h, number, svg } from "./elements.js";

const WIDE = 1000;
const HIGH = 100;

/**
 * `series` is [{kind, label, values}], null where nothing is known, money as text; `lines` draws lines, else bars on top of each other;
 * `axis` and `words` write a value, `when(span)` a time; `spans` are [{from, to}].
 */
export function timeChart({ series, spans, granularity, clock, lines, axis, words, when, name }) {
  const plain = series.map((one) => ({ ...one, values: one.values.map((value) => value === null ? null : Number(value)) }));
  const tops = spans.map((_, index) => (lines ? Math.max : sum)(...plain.map(({ values }) => values[index] ?? 0)));
  const top = ceiling(Math.max(...tops, 0));
  const at = { x: (index) => (index / spans.length) * WIDE, y: (value) => HIGH - (value / top) * HIGH, width: WIDE / spans.length };
  const drawn = lines ? plain.flatMap((one) => line(one, at)) : bars(plain, spans.length, at);
  const tip = h("div.tip", { "aria-hidden": "true" });
  const cursor = h("span.cursor");
  const told = (index) => `${when(spans[index])}: ${series.map(({ label, values }) => `${label} ${values[index] === null ? "no data" : words(values[index])}`).join(", ")}`;
  const chart = h("div.chart.over-time", {
    tabindex: "0", role: "slider", "aria-label": name, "aria-orientation": "horizontal", "aria-valuemin": "1",
    "aria-valuemax": String(spans.length), "aria-valuenow": String(spans.length), "aria-valuetext": told(spans.length - 1),
  },
    h("div.plot", { "aria-hidden": "true" },
      h("div.grid", {}, ...[1, 0.5].map((part) => h(`span${part === 1 ? ".top" : ".half"}`, {}, h("b", {}, axis(top * part))))),
      h("div.bars", {}, cursor, svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none" }, ...drawn)), tip),
    timeAxis({ spans, granularity, clock }));
  const choose = (index) => {
    chart.classList.toggle("chosen", index !== null);
    if (index === null) return;
    const middle = (index + 0.5) / spans.length;
    cursor.style.setProperty("--x", `${(index / spans.length) * 100}%`);
    cursor.style.setProperty("--w", `${100 / spans.length}%`);
    tip.style.setProperty("--x", `${middle * 100}%`);
    tip.classList.toggle("left", middle > 0.5);
    tip.replaceChildren(h("b", {}, when(spans[index])), h("dl.kinds", {}, ...series.map(({ kind, label, values }) =>
      h("div", {}, h("dt", {}, h(`i.${kind}`), label), h("dd", {}, number(values[index], words))))));
    chart.setAttribute("aria-valuenow", String(index + 1));
    chart.setAttribute("aria-valuetext", told(index));
  };
  byPointer(chart, spans.length, choose);
  byKey(chart, spans.length, choose);
  return chart;
}

const sum = (...values) => values.reduce((all, value) => all + value, 0);

function bars(series, length, { x, y, width }) {
  const levels = Array(length).fill(0);
  const gap = Math.min(width * 0.15, 3);
  return series.map(({ kind, values }) => svg("path", { class: `fill ${kind}`, d: values.map((value, index) => {
    if (!value) return "";
    const from = levels[index];
    levels[index] += value;
    return `M${(x(index) + gap).toFixed(1)} ${y(from).toFixed(2)}h${(width - 2 * gap).toFixed(1)}V${y(levels[index]).toFixed(2)}h${(-(width - 2 * gap)).toFixed(1)}z`;
  }).join("") }));
}

/** With gaps where nothing is known; a lone point becomes a dot. */
function line({ kind, values }, { x, y, width }) {
  const points = values.map((value, index) => value === null ? "" :
    `${index && values[index - 1] !== null ? "L" : "M"}${(x(index) + width / 2).toFixed(1)} ${y(value).toFixed(2)}${
      values[index - 1] === null && values[index + 1] === null ? "h0" : ""}`);
  return [svg("path", { class: `line ${kind}`, d: points.join("") })];
}
