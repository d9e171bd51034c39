// The points of a page of hours, days, weeks or months, each with the time that it covers. No element is touched here.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

// Days, weeks and months are days of the calendar, whatever the zone: they are placed by their dates alone, as if in UTC.
const monthAfter = (at) => Date.UTC(new Date(at).getUTCFullYear(), new Date(at).getUTCMonth() + 1, 1);
export const KINDS = {
  hourly: { words: "Hours", granularity: "hour", pages: 3, at: "bucket_start", after: (from) => from + HOUR },
  daily: { words: "Days", granularity: "day", pages: 3, at: "day", after: (from) => from + DAY },
  weekly: { words: "Weeks", granularity: "week", pages: 1, at: "first_day", after: (from) => from + 7 * DAY },
  monthly: { words: "Months", granularity: "month", pages: 3, at: "first_day", after: monthAfter },
};

/** [{from, to, values}] of pages, oldest first, without holes: `values` is null where nothing is known of a span. */
export function spansOf(kind, documents) {
  const { at, after } = KINDS[kind];
  const rows = documents.flatMap((page) => page[at].map((when, index) => ({ from: whole(kind, when), page, index })));
  const known = new Map(rows.map(({ from, page, index }) => [from, valuesAt(page, index)]));
  const starts = [...known.keys()].sort((a, b) => a - b);
  const spans = [];
  for (let from = starts[0]; from <= starts.at(-1); from = after(from)) {
    spans.push({ from, to: after(from), values: known.get(from) ?? null });
  }
  return spans;
}

/** A week or month of which only a part has data begins with that part: its own first day is what it is placed by. */
function whole(kind, when) {
  const at = Date.parse(when);
  if (kind === "weekly") return at - ((new Date(at).getUTCDay() + 6) % 7) * DAY;
  return kind === "monthly" ? Date.UTC(new Date(at).getUTCFullYear(), new Date(at).getUTCMonth(), 1) : at;
}

/** One place of a page in columns, as an object. */
export function valuesAt(page, index) {
  const columns = Object.entries(page).filter(([, column]) => Array.isArray(column));
  return Object.fromEntries(columns.map(([name, column]) => [name, column[index]]));
}
