// Two buttons that lead on and back, and what is shown between them, in words that are also read out.

import { h } from "./elements.js";

/** `move(by)` is called with -1 for `back` and 1 for `onward`; `allow` says which of the two lead anywhere. */
export function turning({ back, onward }, move) {
  const said = h("p.hint", { role: "status" });
  const [before, after] = [[back, -1], [onward, 1]].map(([words, by]) => {
    const button = h("button.quiet", { type: "button", "aria-disabled": "true" }, words);
    button.addEventListener("click", () => button.getAttribute("aria-disabled") === "true" || move(by));
    return button;
  });
  return {
    element: h("div.turn", {}, before, said, after),
    say: (words) => { said.textContent = words; },
    // Not `disabled`: the button that has just been pressed would lose the focus.
    allow: (ways) => [[before, ways.back], [after, ways.onward]].forEach(([button, leads]) => button.setAttribute("aria-disabled", String(!leads))),
  };
}
