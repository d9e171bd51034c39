// Numbers and times as people read them: numbers in the browser's locale, times in the tenant's zone.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const locale = supported(navigator.language) ?? "en-NG";
// The page's words are English, so the names of months are as well.
const english = locale.startsWith("en") ? locale : "en-NG";

function supported(name) {
  try {
    return Intl.NumberFormat.supportedLocalesOf(name)[0];
  } catch {
    return undefined;
  }
}

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 4 });
const short = new Intl.NumberFormat(locale, { notation: "compact", maximumSignificantDigits: 3 });
const decimal = (digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const [none, one, two] = [decimal(0), decimal(1), decimal(2)];

/** In full up to ten million, then to four digits: 9,204,233 and 12.35M. */
export const count = (value) => (Math.abs(value) < 10_000_000 ? whole : compact).format(value);

/** For the axis of a chart. */
export const rounded = (value) => short.format(value);

/** A share or a rate: two decimals, and a little is never shown as nothing. */
export const percent = (value) => (value > 0 && value < 0.01 ? `<${two.format(0.01)}%` : `${two.format(value)}%`);

export const share = (value) => (value > 0 && value < 0.05 ? `<${one.format(0.1)}%` : `${(value >= 99.95 ? none : one).format(value)}%`);

/** From a second on in seconds: four digits and a unit do not fit a phone's table. */
export const milliseconds = (value) =>
  value < 999.95 ? `${one.format(value)} ms` : `${two.format(value / 1000)} s`;

/**
 * How amounts of one currency are written. They come as decimal strings and go to the formatter as such: no digit is
 * lost, and there are as many after the point as were sent. `signed` is for differences, `short` for tables, `brief` for
 * tiles, `tiny` for axes.
 */
export function moneyOf(currency) {
  const made = (options) => new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol", ...options });
  const digits = (amount) => String(amount).split(".")[1]?.length ?? 0;
  const inFull = (amount, options) => made({ minimumFractionDigits: digits(amount), maximumFractionDigits: digits(amount), ...options }).format(amount);
  const whole = made({ maximumFractionDigits: 0 });
  const compact = made({ notation: "compact", maximumSignificantDigits: 4 });
  const size = (amount) => Math.abs(Number(amount));
  const shortened = (above) => (amount) => (size(amount) < 1_000 ? inFull(amount) : (size(amount) < above ? whole : compact).format(amount));
  return {
    full: (amount) => inFull(amount),
    signed: (amount) => inFull(amount, { signDisplay: "exceptZero" }),
    short: shortened(10_000_000),
    brief: shortened(1_000_000),
    tiny: (amount) => compact.format(amount),
    name: `${new Intl.DisplayNames("en", { type: "currency" }).of(currency)} (${currency})`,
  };
}

/** How a metric's number is written, by its unit; one that is no word of ours is a currency. */
export const byUnit = (unit) => ({ percent, ms: milliseconds })[unit] ?? (/^[A-Z]{3}$/.test(unit) ? moneyOf(unit).brief : count);

export function ago(milliseconds) {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 90) return `${minutes} ${minutes === 1 ? "minute" : "minutes"} ago`;
  const hours = Math.round(milliseconds / HOUR);
  return hours < 48 ? `${hours} hours ago` : `${Math.round(milliseconds / DAY)} days ago`;
}

/** Times as the clocks of one zone show them; a zone that the browser does not know is shown in UTC. */
export function clockOf(timezone) {
  const zone = known(timezone) ? timezone : "UTC";
  const made = (options) => new Intl.DateTimeFormat(english, { timeZone: zone, hourCycle: "h23", ...options });
  const time = made({ hour: "2-digit", minute: "2-digit" });
  const date = made({ day: "numeric", month: "short" });
  const weekday = made({ weekday: "short", day: "numeric", month: "short" });
  const dayOfWeek = made({ weekday: "short", day: "numeric" });
  const month = made({ month: "short", year: "2-digit" });
  const long = made({ day: "numeric", month: "short", year: "numeric" });
  const both = made({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const parts = made({ year: "numeric", month: "numeric", day: "numeric", hour: "numeric" });
  /** The wall clock's own day, counted from 1970, and its hour. */
  const wall = (at) => {
    const { year, month, day, hour } = Object.fromEntries(parts.formatToParts(at).map((part) => [part.type, +part.value]));
    return { day: Date.UTC(year, month - 1, day) / DAY, hour };
  };
  return {
    zone,
    place: zone.includes("/") && !zone.startsWith("Etc/") ? `${zone.split("/").pop().replaceAll("_", " ")} time` : zone,
    time: (at) => time.format(at),
    date: (at) => date.format(at),
    month: (at) => month.format(at),
    weekday: (at) => weekday.format(at),
    dayOfWeek: (at) => dayOfWeek.format(at),
    both: (at) => both.format(at),
    days: (from, to) => long.formatRange(from, to - 1),
    hours: (from, to) => both.formatRange(from, to),
    wall,
  };
}

function known(timezone) {
  try {
    return Boolean(timezone && new Intl.DateTimeFormat("en", { timeZone: timezone }));
  } catch {
    return false;
  }
}
