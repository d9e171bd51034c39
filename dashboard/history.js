// What was, hour by hour or day by day, as far back as pages go: a chart, its table, and ways to go on and back.

import { h, number, table } from "./elements.js";
import { clockOf, rounded } from "./format.js";
import { view } from "./frame.js";
import { Pages, told } from "./pages.js";
import { KINDS, spansOf } from "./spans.js";
import { timeChart } from "./timechart.js";
import { turning } from "./turning.js";

const chosen = { kind: "daily", measure: null, back: 0 };
let pages = {};
let measures = {};

/**
 * Fill the section when it comes into sight, and anew when there is a newer document. `measures` are {label, words, axis, lines, series:
 * [[kind, label, column]]} by name, the first one shown first: `words` and `axis` write a value, `lines` draws lines instead of bars.
 */
export function history(section, given) {
  const kinds = Object.keys(KINDS).filter((kind) => view.found.pages?.[kind]?.length);
  section.hidden = !kinds.length;
  if (section.hidden || section.dataset.seq === String(view.found.seq)) return;
  section.dataset.seq = String(view.found.seq);
  measures = given;
  chosen.measure ??= Object.keys(measures)[0];
  pages = Object.fromEntries(kinds.map((kind) => [kind, new Pages(kind)]));
  if (!kinds.includes(chosen.kind)) [chosen.kind] = kinds;
  const body = section.querySelector(".body");
  const shown = h("div", {});
  const turn = turning({ back: "Earlier", onward: "Later" }, (by) => { chosen.back -= by; redraw(); });
  const redraw = () => draw(shown, turn);
  body.replaceChildren(
    h("div.choices", {},
      choice("Measure", "measure", Object.entries(measures).map(([name, { label }]) => [name, label]), redraw),
      kinds.length > 1 ? choice("By", "kind", kinds.map((kind) => [kind, KINDS[kind].words]), redraw) : null),
    shown, turn.element);
  const watch = new IntersectionObserver(([{ isIntersecting }]) => {
    if (!isIntersecting) return;
    watch.disconnect();
    redraw();
  }, { rootMargin: "200px" });
  watch.observe(body);
}

function choice(legend, what, options, redraw) {
  const field = h("fieldset.periods", {}, h("legend.unseen", {}, legend), ...options.map(([value, words]) => {
    const input = h("input", { type: "radio", name: `history-${what}`, value });
    input.checked = chosen[what] === value;
    return h("label", {}, input, h("span", {}, words));
  }));
  field.addEventListener("change", ({ target }) => {
    chosen[what] = target.value;
    if (what === "kind") chosen.back = 0;
    redraw();
  });
  return field;
}

async function draw(shown, turn) {
  const { kind, measure, back } = chosen;
  const asked = () => kind === chosen.kind && measure === chosen.measure && back === chosen.back;
  try {
    const from = back * KINDS[kind].pages;
    const places = Array.from({ length: KINDS[kind].pages }, (_, index) => from + index);
    const documents = await Promise.all(places.map((place) => pages[kind].document(place)));
    const more = await pages[kind].entry(from + places.length);
    if (!asked()) return;
    turn.say(drawSpans(shown, spansOf(kind, documents.filter(Boolean))));
    turn.allow({ back: Boolean(more), onward: back > 0 });
  } catch (problem) {
    if (asked()) turn.say(told(problem));
  }
}

/** Draw, and give in words what is drawn. */
function drawSpans(shown, spans) {
  const { kind, measure } = chosen;
  const { label, words, axis = rounded, lines, series } = measures[measure];
  const { granularity } = KINDS[kind];
  const clock = kind === "hourly" ? view.clock : clockOf("UTC");
  const when = (span) => ({
    hour: () => `${clock.weekday(span.from)}, ${clock.time(span.from)}–${clock.time(span.to)}`,
    day: () => clock.weekday(span.from),
  })[granularity]?.() ?? clock.days(span.from, span.to);
  // Nothing stands in a page where nothing was: then there were no requests, and their times are not known.
  const valueOf = ({ values }, column) => values ? values[column] : lines ? null : 0;
  shown.replaceChildren(
    timeChart({
      series: series.map(([kind, label, column]) => ({ kind, label, values: spans.map((span) => valueOf(span, column)) })),
      spans, granularity, clock, lines, words, when, axis, name: `${label} over time, point by point`,
    }),
    h("p.legends", {}, ...series.map(([kind, label]) => h("span.legend", {}, h(`i.${kind}`), label))),
    asTable(label, spans, series, { words, when, valueOf }));
  const [from, to] = [spans[0].from, spans.at(-1).to];
  return `${label} by the ${granularity}, ${kind === "hourly" ? clock.hours(from, to) : clock.days(from, to)}`;
}

/** The same as a table, made when it is opened. */
function asTable(label, spans, series, { words, when, valueOf }) {
  const region = h("div.scroll", { tabindex: "0", role: "region", "aria-label": `${label} over time, as a table` });
  const details = h("details", {}, h("summary", {}, "As a table"), region);
  details.addEventListener("toggle", () => details.open && region.replaceChildren(
    table("plain", `${label} over time`, ["Time", ...series.map(([, label]) => label)],
      spans.toReversed().map((span) => [when(span), ...series.map(([, , column]) => number(valueOf(span, column), words))]))));
  return details;
}
