// Files from the store: fetched, read, and what goes wrong with them by name.

const SCHEMA = 1;

/** Its message is `unreachable`, `missing`, `refused`, `gone` or `unreadable`. */
export class Problem extends Error {}

/** The document at a path below the page; what early.js has asked for already is not asked twice. */
export async function fetched(path, options) {
  const response = await ((options ? null : early.take(path)) ?? fetch(path, options).catch(() => null));
  if (response?.status === 404 || response?.status === 410) throw new Problem("missing");
  if (response?.status === 401 || response?.status === 403) throw new Problem("refused");
  if (!response?.ok) throw new Problem("unreachable");
  let found;
  try {
    found = await response.json();
  } catch {
    throw new Problem("unreadable");
  }
  if (found?.schema !== SCHEMA) throw new Problem("unreadable");
  return found;
}

export const fetchStatus = () => fetched("v1/status.json").catch(() => null);

/** What the first screen is drawn from. */
export async function fetchDocument(key, options) {
  const found = await fetched(early.pathOf(key), options);
  if (found.gone) throw new Problem("gone");
  if (!found.periods) throw new Problem("unreadable");
  return found;
}
