// Keeps the pages and the last good numbers on the device: a dashboard opens at once, without a line as well.

const VERSION = "VERSION"; // of all the files; both are put in when the pages are made
const PAGES = `pages-${VERSION}`;
const NUMBERS = "numbers";
const SCHEMA = 1; // of the documents that the pages can read
const KEPT = 20; // documents; whoever looks at more tenants than that on one device waits for some of them
const FILES = ["FILES"];
const NEWEST = /^v1\/(status\.json|t\/[\w-]+\/dashboard\.json|platform\/[\w-]+\/summary\.json)$/;

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(PAGES).then((cache) => cache.addAll(FILES.map((name) => new Request(name, { cache: "no-cache" })))));
});

addEventListener("activate", (event) => event.waitUntil(tidy().then(() => clients.claim())));

async function tidy() {
  const old = (await caches.keys()).filter((name) => name !== PAGES && name !== NUMBERS);
  await Promise.all(old.map((name) => caches.delete(name)));
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || !url.href.startsWith(registration.scope)) return;
  const path = url.pathname.slice(new URL(registration.scope).pathname.length);
  // A device that lets us keep nothing, or not even look, still has its line.
  if (NEWEST.test(path)) event.respondWith(numbers(event, url.href).catch(() => fetch(request)));
  else if (FILES.includes(path || "index.html")) event.respondWith(page(request, path || "index.html"));
});

/** One version of the pages, all of whose files came together; from the line where the device has thrown it away. */
async function page(request, name) {
  return (await (await caches.open(PAGES)).match(name, { ignoreVary: true, ignoreSearch: true })) ?? fetch(request);
}

/** What is kept, at once, while newer numbers are looked for; the pages are told what came of that. */
async function numbers(event, url) {
  const cache = await caches.open(NUMBERS);
  const kept = await cache.match(url, { ignoreVary: true });
  const looked = look(event.request, url, cache, kept?.clone());
  if (event.request.cache === "no-cache") return asked(await looked); // who asks so must not take old for new
  if (!kept) return (await looked).response ?? Response.error();
  event.waitUntil(looked.then(({ newer, reached }) => tell({ newer, reached })));
  return kept;
}

const asked = ({ reached, behind, response }) => (reached && !behind ? response : Response.error());

async function look(request, url, cache, kept) {
  let response;
  try {
    response = await fetch(request, { cache: "no-cache" }); // nobody waits for it, so that an hour old copy need not do
  } catch {
    return { reached: false, newer: false, response: kept };
  }
  // Taken away, on purpose, and a bucket that nobody may list says 403 of that: it must not be shown any more.
  if ([401, 403, 404, 410].includes(response.status)) {
    await cache.delete(url);
    return { reached: true, newer: Boolean(kept), response };
  }
  if (!response.ok) return { reached: false, newer: false, response: kept ?? response };
  const [ours, theirs] = await Promise.all([seqOf(kept), seqOf(response)]);
  if (theirs === null) return { reached: !kept, newer: false, response: kept ?? response };
  if (ours !== null && theirs < ours) return { reached: true, behind: true, newer: false, response: kept };
  await keep(cache, url, response.clone());
  return { reached: true, newer: ours !== theirs, response };
}

/** Where the device has no room, nothing is kept: an older copy would stand before the newer numbers from then on. */
async function keep(cache, url, response) {
  try {
    await cache.put(url, response.clone());
    await forgetOldest(cache);
  } catch {
    await cache.delete(url);
    await cache.put(url, response).catch(() => {}); // there may be room now
  }
}

/** The number of the publish that wrote a document; null where there is no document, or none that can be read. */
async function seqOf(response) {
  try {
    const { schema, seq } = await response.clone().json();
    return schema === SCHEMA && Number.isSafeInteger(seq) ? seq : null;
  } catch {
    return null;
  }
}

async function forgetOldest(cache) {
  const all = await cache.keys(); // in the order in which they were put
  await Promise.all(all.slice(0, Math.max(0, all.length - KEPT)).map((request) => cache.delete(request)));
}

async function tell(message) {
  for (const client of await clients.matchAll({ type: "window" })) client.postMessage(message);
}
