// The detail pages that a document lists, newest or first rank first, and those behind their index. Fetched when asked for.

import { fetched } from "./fetching.js";
import { renew, view } from "./frame.js";

const INDEX = /\/index(-\d+)?\.\w+\.json$/;
const read = new Map(); // a page's name changes with its content, so what was read stays right

/** The pages of one kind that `fits` lets through; both methods give null past the last one. */
export class Pages {
  constructor(kind, fits = () => true) {
    this.kind = kind;
    this.fits = fits;
    this.listed = view.found.pages?.[kind] ?? [];
    this.seq = view.found.seq;
  }

  async entry(place) {
    for (;;) {
      const there = this.listed.filter((each) => !INDEX.test(each.path) && this.fits(each));
      if (place < there.length) return there[place];
      const last = this.listed.at(-1);
      if (!last || !INDEX.test(last.path)) return null;
      const { pages } = await page(last.path);
      this.listed = [...this.listed.slice(0, -1), ...pages];
    }
  }

  async document(place) {
    const entry = await this.entry(place);
    return entry && page(entry.path);
  }
}

async function page(path) {
  const whole = early.pathOf(view.key).replace(/[^/]+$/, path);
  if (!read.has(whole)) read.set(whole, await fetched(whole));
  return read.get(whole);
}

const WORDS = {
  unreachable: "This part is not on the device, and the connection or the server is away at the moment.",
  missing: "This part has been replaced by a newer one. If that does not come by itself, look again in a minute.",
  refused: "This part cannot be opened any more. If a newer one does not come by itself, open the page anew.",
  unreadable: "What came back is not a page that can be read here. Load everything again.",
};

/** What to say of a failure; a page that is gone means that there is a newer document than `pages`: `anew` is called once it is shown. */
export function told(problem, pages = null, anew = () => {}) {
  const gone = problem.message === "missing" || problem.message === "refused";
  if (gone) renew().then(() => view.found && view.found.seq !== pages?.seq && anew());
  if (!(problem.message in WORDS)) throw problem;
  return WORDS[problem.message];
}
