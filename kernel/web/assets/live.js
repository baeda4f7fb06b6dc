// Blocks that follow what happens elsewhere: <div data-live="queue" hx-get="…" hx-trigger="live" hx-swap="outerMorph">.
// Nothing moves under a finger or a typing hand: the block waits until it is left alone.
const QUIET_MS = 250;
let source = null;
let topics = "";
let tries = 0;
let wasOpen = false;

const blocks = () => [...document.querySelectorAll("[data-live]")];

function connect() {
  const wanted = [...new Set(blocks().flatMap((block) => block.dataset.live.split(",").map((topic) => topic.trim())))].sort().join(",");
  if (wanted === topics && source && source.readyState !== EventSource.CLOSED) return;
  source?.close();
  topics = wanted;
  if (!wanted) return;
  source = new EventSource(`/app/live?topics=${encodeURIComponent(wanted)}`);
  source.addEventListener("hello", () => {
    // Something may have happened while the line was down.
    if (wasOpen) tell("*");
    wasOpen = true;
    tries = 0;
    document.body.dataset.link = "fine";
  });
  source.addEventListener("change", (event) => tell(event.data));
  source.addEventListener("error", () => {
    document.body.dataset.link = "lost";
    if (source.readyState !== EventSource.CLOSED) return;
    topics = "";
    setTimeout(connect, Math.min(15000, 1000 * 2 ** tries++));
  });
}

function tell(topic) {
  for (const block of blocks()) {
    if (topic === "*" || block.dataset.live.split(",").some((own) => own.trim() === topic)) soon(block);
  }
}

function soon(block) {
  clearTimeout(block.liveTimer);
  block.liveTimer = setTimeout(() => {
    if (!block.isConnected) return;
    const isBusy = block.querySelector("input:focus, textarea:focus, select:focus") || (block.hasAttribute("data-live-hold") && block.matches(":hover"));
    if (isBusy) return soon(block);
    block.dispatchEvent(new CustomEvent("live", { bubbles: false }));
  }, QUIET_MS);
}

document.addEventListener("htmx:after:swap", connect);
document.addEventListener("visibilitychange", () => { if (!document.hidden) connect(); });
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) { topics = ""; connect(); } });
connect();
