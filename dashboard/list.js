// A long list in a window of its own, a page at a time: all endpoints, all models, the days of a cost, all tenants.

import { h } from "./elements.js";
import { Pages, told } from "./pages.js";
import { turning } from "./turning.js";

/**
 * A button that opens the list; null where no page of it is published. `fits` chooses among the pages of `kind`, `shape`
 * makes what is shown of a page's document, `where` says in words which part of all it is, `turns` what its buttons say.
 */
export function listButton(words, { kind, fits, title, shape, where, turns = { back: "Previous", onward: "Next" } }) {
  const listed = () => new Pages(kind, fits);
  const pages = listed();
  if (!pages.listed.some(pages.fits)) return null;
  const button = h("button.quiet", { type: "button", "aria-haspopup": "dialog" }, words);
  button.addEventListener("click", () => open({ listed, title, shape, where, turns }));
  return button;
}

function open({ listed, title, shape, where, turns }) {
  let pages = listed();
  let place = 0;
  const body = h("div.scroll", { tabindex: "0", role: "region", "aria-label": title });
  const turn = turning(turns, (by) => show(place + by));
  const close = h("button", { type: "button" }, "Close");
  const window = h("dialog.list", { "aria-label": title }, h("div.head", {}, h("h2", {}, title), close), body, turn.element);

  async function show(wanted) {
    try {
      const [document, next] = await Promise.all([pages.document(wanted), pages.entry(wanted + 1)]);
      if (!document) return wanted ? show(0) : window.close(); // a newer list is shorter, or there is none
      place = wanted;
      body.replaceChildren(shape(document));
      body.scrollTop = 0;
      turn.say(where(document));
      turn.allow({ back: place > 0, onward: Boolean(next) });
    } catch (problem) {
      turn.say(told(problem, pages, () => {
        pages = listed();
        show(wanted);
      }));
    }
  }

  close.addEventListener("click", () => window.close());
  window.addEventListener("close", () => window.remove());
  document.body.append(window);
  window.showModal();
  show(place);
}
