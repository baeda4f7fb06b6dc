// Whether the server can be reached, in plain words in the key bar.
import { clock, icon, say } from "./words.js";

const mark = document.querySelector("[data-net]");
let since = null;

function show(state) {
  if (!mark || mark.dataset.net === state) return;
  mark.dataset.net = state;
  since = state === "fine" ? null : since ?? clock();
  mark.classList.toggle("offline", state !== "fine");
  const word = { fine: say("Trực tuyến"), silent: say("Máy chủ không trả lời từ {}", since), off: say("Mất mạng từ {}", since) }[state];
  mark.replaceChildren(icon(state === "fine" ? "wifi" : "wifi-off"), Object.assign(document.createElement("span"), { textContent: word }));
  document.dispatchEvent(new CustomEvent("net", { detail: state }));
}

/** Asks the server now; answers whether it is there. */
export async function look() {
  if (!navigator.onLine) { show("off"); return false; }
  try {
    const answer = await fetch("/ping", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    show(answer.status < 500 ? "fine" : "silent");
    return answer.status < 500;
  } catch {
    show(navigator.onLine ? "silent" : "off");
    return false;
  }
}

if (mark) {
  addEventListener("online", look);
  addEventListener("offline", () => show("off"));
  document.addEventListener("htmx:error", look);
  setInterval(() => { if (!document.hidden) look(); }, 20000);
  setInterval(() => { if (!document.hidden && mark.dataset.net && mark.dataset.net !== "fine") look(); }, 3000);
}
