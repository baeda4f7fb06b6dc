// Keeps the shell and the own bookings readable without a network. Forms always go to the house; what was kept of a person
// is thrown away when they sign out.
const SHELL = "yba-shell-1", MINE = "yba-mine-1";
const isMine = (path) => path === "/me" || /^\/b\/[^/]+$/.test(path);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  if (event.request.method === "POST" && url.pathname === "/me/sign-out") {
    event.respondWith(caches.delete(MINE).then(() => fetch(event.request)));
    return;
  }
  if (event.request.method !== "GET") return;
  if (url.pathname.startsWith("/assets/")) event.respondWith(kept(event.request));
  else if (isMine(url.pathname) || url.pathname === "/booking") event.respondWith(fresh(event.request, isMine(url.pathname) ? MINE : SHELL));
});

// A file with its fingerprint in the name never changes.
async function kept(request) {
  const found = await caches.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && isOurs(request)) (await caches.open(SHELL)).put(request, answer.clone());
  return answer;
}

// Files asked for by the staff pages are none of this worker's business.
function isOurs(request) {
  return /\/(booking|b\/|me)/.test(new URL(request.referrer || location.href).pathname);
}

// The newest page, and the kept one where there is no network.
async function fresh(request, name) {
  const cache = await caches.open(name);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    else await cache.delete(request);
    return answer;
  } catch (trouble) {
    const found = await cache.match(request);
    if (found) return found;
    throw trouble;
  }
}
