// Up to when the numbers are true, and which time a period covers. No element is touched here.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const OLD = 3 * HOUR; // a tick comes every hour; after this somebody should look

/**
 * A file is written again only when a number changes. So one that `status` does not name as stale is true as of the
 * status's `data_through`, whatever its own stamps say; without a status, as of its own.
 */
export async function asOf(dashboard, status, key) {
  const own = Date.parse(dashboard.data_through);
  if (!status) return { through: own, stale: false };
  const stale = await named(status.stale ?? [], key);
  if (stale !== false) return { through: own, stale: stale === true };
  return { through: Math.max(own, Date.parse(status.data_through) || own), stale: false };
}

/** Whether the list holds this tenant: by its key or by the key's SHA-256; null where the browser cannot tell. */
async function named(list, key) {
  if (!list.length || list.includes(key)) return list.includes(key);
  if (!globalThis.crypto?.subtle) return null; // the page came over plain http from elsewhere
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  const digest = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return list.some((entry) => entry.length >= 16 && digest.startsWith(entry));
}

export const isOld = (through, now) => now - through > OLD;

/** The period's own times, moved along with `through`: `24h` by hours, the others by the tenant's calendar days. */
export function covered(name, period, dashboard, through, clock) {
  const written = Date.parse(dashboard.data_through);
  const moved = name.endsWith("h") ? through - written : (clock.wall(through).day - clock.wall(written).day) * DAY;
  const at = (stamp) => Date.parse(stamp) + moved;
  return { start: at(period.start), end: at(period.end), trendStart: at(period.usage_trend?.start ?? period.start) };
}

/** The points of a trend as half-open intervals in milliseconds. */
export function points(start, granularity, length) {
  const step = { hour: HOUR, "6h": 6 * HOUR, day: DAY }[granularity] ?? DAY;
  return Array.from({ length }, (_, index) => ({ from: start + index * step, to: start + (index + 1) * step }));
}
