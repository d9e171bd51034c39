// Elements are made here and only here. Words go in as text nodes, never as markup: names and endpoints come from outside.

import { count } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

/** `h("p.note", {title: "…"}, "words", child)`; null attributes and children are left out. */
export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  return filled(element, attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) continue;
    // Set through the style object: the page's policy refuses style attributes.
    if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A number with its exact value kept beside the words; what is not known is a dash that says why. */
export function number(value, words = count, why = "no data") {
  if (value === null || value === undefined) {
    return h("span.none", { title: why }, h("span", { "aria-hidden": "true" }, "–"), unseen(why));
  }
  const shown = words(value);
  const exact = String(value);
  const title = shown.replace(/[^\d]/g, "") === exact.replace(/[^\d]/g, "") ? null : exact;
  return h("data", { value: exact, title }, shown);
}

export function unseen(words) {
  return h("span.unseen", {}, words);
}

/** A name from outside: of any direction, and cut to two lines with the whole in its title. */
export function name(words) {
  return h("bdi.name", { title: words }, words);
}

/** `columns` are headings, the first of the row's own name; a row is a list of nodes; `rest`, the last row, is quiet. */
export function table(kind, caption, columns, rows, rest = null) {
  const head = columns.map((words) => h("th", { scope: "col", role: "columnheader" }, words));
  // Roles are spelled out since a phone shows rows as grids, which makes some browsers forget that this is a table.
  return h(`table.${kind}`, { role: "table" },
    h("caption.unseen", {}, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
    h("tbody", { role: "rowgroup" }, ...rows.map((row) => tableRow("tr", row)), rest && tableRow("tr.rest", rest)));
}

function tableRow(what, [first, ...cells]) {
  return h(what, { role: "row" },
    h("th", { scope: "row", role: "rowheader" }, first),
    ...cells.map((cell) => h("td", { role: "cell" }, cell)));
}
