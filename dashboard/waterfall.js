// A waterfall lying down: what there was, what moved it, what there is. A table whose rows hold the bars, so that it is
// read the same by eye, by ear and on a phone.

import { h, number, svg, table } from "./elements.js";

const WIDE = 1000; // how many units the drawing is wide
const ROW = 40;
const BROKEN = 0.5; // totals that stand above this part of the highest level are drawn with their beginning left out

/**
 * `steps` is [{label, title, amount, kind}]: a `kind` of "total" stands on the ground, a "move" floats from where the one
 * before ended. Amounts are decimal strings; `words` writes a total, `signed` a move; `ground` says where the
 * bars begin when that is not zero.
 */
export function waterfall(caption, steps, { words, signed, ground: told, kind = "" }) {
  const bars = levels(steps);
  const { low, high } = frame(bars);
  const at = (level) => ((level - low) / (high - low)) * WIDE;
  const rows = steps.map((step, index) => [
    h("span", { title: step.title ?? null }, step.label),
    drawing(bars[index], bars[index - 1], { at, last: index === steps.length - 1, broken: low > 0 }),
    number(step.amount, step.kind === "total" ? words : signed),
  ]);
  const note = low > 0 ? h("p.note", {}, told(low)) : null;
  return [table(`waterfall${kind && `.${kind}`}`, caption, ["Step", "Drawn", "Amount"], rows), note];
}

/** Where each bar begins and ends. Only the drawing is made of these: what is written are the amounts themselves. */
function levels(steps) {
  let level = 0;
  return steps.map(({ amount, kind }) => {
    const from = kind === "total" ? 0 : level;
    level = kind === "total" ? Number(amount) : level + Number(amount);
    return { kind, from, to: level, way: Math.sign(Number(amount)) };
  });
}

/** The levels that the drawing spans; from above the ground where the moves would otherwise be too thin to see. */
function frame(bars) {
  const tops = bars.flatMap((bar) => (bar.kind === "total" ? [bar.to] : [bar.from, bar.to]));
  const [lowest, highest] = [Math.min(...tops), Math.max(...tops, 0)];
  if (lowest <= highest * BROKEN) return { low: Math.min(lowest, 0), high: highest > Math.min(lowest, 0) ? highest : 1 };
  return { low: Math.max(0, lowest - (highest - lowest || highest) * 0.6), high: highest };
}

function drawing(bar, before, { at, last, broken }) {
  const [from, to] = [bar.from, bar.to].map((level) => Math.max(0, at(level)));
  const [x, width] = [Math.min(from, to), Math.max(Math.abs(to - from), 3)];
  const kind = bar.kind === "total" ? "total" : { 1: "up", 0: "flat", "-1": "down" }[bar.way];
  const line = (level, top, bottom) => svg("path", { class: "link", d: `M${at(level).toFixed(1)} ${top}V${bottom}` });
  return h(`span.step.${kind}${broken && bar.kind === "total" ? ".broken" : ""}`, { "aria-hidden": "true" },
    svg("svg", { viewBox: `0 0 ${WIDE} ${ROW}`, preserveAspectRatio: "none" },
      before ? line(before.to, 0, ROW / 2) : null,
      last ? null : line(bar.to, ROW / 2, ROW),
      svg("rect", { class: "bar", x: Math.min(x, WIDE - width).toFixed(1), y: 9, width: width.toFixed(1), height: ROW - 18 })));
}
