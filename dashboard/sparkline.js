// The course of a key figure: a line without axes, and its words.

import { svg } from "./elements.js";

/** A line with gaps where nothing is known; `words` turns a value, a number or a decimal string, into what is read out. */
export function sparkline(values, words) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const top = Math.max(known.at(-1) ?? 0, 0) || 1;
  const at = (value, index) => `${((index / Math.max(values.length - 1, 1)) * 100).toFixed(2)} ${(29 - (value / top) * 26).toFixed(2)}`;
  const runs = values.reduce((all, value, index) => {
    if (value === null) return [...all, []];
    all.at(-1).push(at(value, index));
    return all;
  }, [[]]).filter((run) => run.length);
  // A lone point becomes a line of no length, which the round cap makes a dot.
  const line = runs.map((run) => `M${run.join("L")}${run.length === 1 ? "h0" : ""}`).join("");
  const area = runs.map((run) => `M${run.join("L")}V30H${run[0].split(" ")[0]}Z`).join("");
  const told = known.length
    ? `Trend over ${values.length} points: lowest ${words(known[0])}, highest ${words(known.at(-1))}, last ${values.at(-1) === null ? "no data" : words(values.at(-1))}.`
    : "Trend: no data.";
  return svg("svg", { class: "spark", viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": told },
    svg("path", { class: "area", d: area }), svg("path", { class: "line", d: line }));
}
