/*
 * Serves the page's own files from a cache. `/` is one stored response, whose markup names the hashed files of its build:
 * the page is always whole, of one build. A newer build is stored beside it, and then takes its place for the next load.
 */
const SHELL = "shell"; // the markup, /config.json, and the lists of files
const FILES = "files"; // the hashed files of the shown build and the one before
const CONFIG = "/config.json";
const LIST = /"(\/assets\/files-[0-9A-F]+\.json)"/; // of all files of the build, in its markup

let updating = null;
let version = 0; // counts the builds that this worker has stored
const versions = new Map(); // client id → `version` of the page that it shows

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(update());
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === "/") {
    event.respondWith(openPage());
    versions.set(event.resultingClientId, version);
    event.waitUntil(update().catch(() => {})); // offline, or between two steps of a deployment
  } else if (pathname === CONFIG) event.respondWith(readConfig(request));
  else if (pathname.startsWith("/assets/")) event.respondWith(readFile(request));
});

/** A page asks whether there is a newer one. Another worker may have opened it; then its version is not known. */
self.addEventListener("message", (event) => event.waitUntil(answer(event.source)));

async function answer(client) {
  const shown = versions.get(client.id) ?? version;
  await update().catch(() => {});
  if (version > shown) client.postMessage("updated");
}

async function openPage() {
  const stored = await (await caches.open(SHELL)).match("/");
  return stored ?? fetch("/");
}

async function readFile(request) {
  const stored = await (await caches.open(FILES)).match(request);
  return stored ?? fetch(request);
}

/** The configuration names what the functions can do: a stored one serves only without a network. */
async function readConfig(request) {
  const shell = await caches.open(SHELL);
  try {
    const response = await fetch(request);
    if (response.ok) await shell.put(CONFIG, response.clone());
    return response;
  } catch (error) {
    const stored = await shell.match(CONFIG);
    if (stored) return stored;
    throw error;
  }
}

/** Store the newest build, if it is another one. One update runs at a time. */
function update() {
  updating ??= storeNewest().finally(() => {
    updating = null;
  });
  return updating;
}

async function storeNewest() {
  const shell = await caches.open(SHELL);
  if (!(await shell.match(CONFIG))) await shell.add(CONFIG);
  const page = await fetch("/", { cache: "no-cache" });
  if (!page.ok) throw new Error(`/: ${page.status}`);
  const shown = await shell.match("/");
  if (shown && (await isSame(page, shown))) return;

  const files = await caches.open(FILES);
  const build = await filesOf(page, files);
  const stored = new Set((await files.keys()).map(({ url }) => new URL(url).pathname));
  await files.addAll(build.filter((name) => !stored.has(name)));
  const before = shown ? await filesOf(shown, files) : []; // an open page may load more of them
  await shell.put("/", page);

  const kept = new Set([...build, ...before]);
  await Promise.all([...stored].filter((name) => !kept.has(name)).map((name) => files.delete(name)));
  if (shown) version += 1;
}

/** The policy names the addresses of the deployment: it can change while the markup does not. */
async function isSame(page, other) {
  const texts = await Promise.all([page, other].map((response) => response.clone().text()));
  const policies = [page, other].map(({ headers }) => headers.get("Content-Security-Policy"));
  return texts[0] === texts[1] && policies[0] === policies[1];
}

/** Return the paths of a build's files, with that of their list. */
async function filesOf(page, files) {
  const list = LIST.exec(await page.clone().text())?.[1];
  if (!list) throw new Error("the markup names no list of files");
  const response = (await files.match(list)) ?? (await fetch(list));
  return [list, ...(await response.json())];
}
