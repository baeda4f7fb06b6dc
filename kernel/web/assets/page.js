// Page manners: htmx with our proof and our errors, focus that stays, drawers and menus that close, copying, ages that tick.
import { icon, make, proof, say } from "./words.js";
import { toast } from "./undo.js";
import { look } from "./net.js";

document.addEventListener("htmx:config:request", (event) => Object.assign(event.detail.ctx.request.headers, { "X-CSRF-Token": proof()["X-CSRF-Token"] }));

// An answer that is not the block we asked for never lands on what a person is typing.
document.addEventListener("htmx:after:request", (event) => {
  const { response, text, target, sourceElement } = event.detail.ctx;
  const isWholePage = /^\s*<!doctype/i.test(text ?? "");
  // A list that renews itself asks for its own page and takes its own block out of it.
  const block = sourceElement?.getAttribute("hx-select");
  if (isWholePage && block && response.status < 400 && new DOMParser().parseFromString(text, "text/html").querySelector(block)) return;
  if (isWholePage && target !== document.body && response.status < 400) {
    event.preventDefault();
    location.assign(response.raw.url);
  } else if (response.status >= 500 || isWholePage || /data-failure/.test((text ?? "").slice(0, 200))) {
    event.preventDefault();
    const words = new DOMParser().parseFromString(text ?? "", "text/html").querySelector("[data-failure]")?.textContent.replace(/\s+/g, " ").trim();
    toast({ text: words || say("Chưa gửi được: máy chủ không trả lời. Nội dung vẫn còn trên màn hình."), bad: true });
  }
});
document.addEventListener("htmx:before:response", (event) => {
  // Signed out meanwhile: the text stays here, the sign-in opens beside it.
  const { ctx } = event.detail;
  if (ctx.response.status !== 401) return;
  event.preventDefault();
  const door = ctx.response.headers.get("hx-redirect") ?? "/sign-in";
  toast({ text: say("Phiên làm việc đã hết. Đăng nhập lại ở thẻ mới, nội dung ở đây vẫn còn."), bad: true, act: { label: "→", run: () => window.open(door) } });
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx?.response) return;
  toast({ text: say("Chưa gửi được: máy chủ không trả lời. Nội dung vẫn còn trên màn hình."), bad: true });
  look();
});

// After a swap the focus stays on the same element, cursor included; a block that marks its entry field gets it.
let held = null;
document.addEventListener("htmx:before:swap", () => {
  const at = document.activeElement;
  held = at?.id ? { id: at.id, start: at.selectionStart, end: at.selectionEnd } : null;
});
document.addEventListener("htmx:after:swap", () => {
  if (document.activeElement && document.activeElement !== document.body) return;
  const wanted = document.querySelector("[data-focus]") ?? (held && document.getElementById(held.id));
  wanted?.removeAttribute("data-focus");
  wanted?.focus({ preventScroll: true });
  if (held && wanted?.id === held.id && held.start != null) wanted.setSelectionRange?.(held.start, held.end);
});

// The left column is a drawer on narrow screens.
const drawer = document.querySelector(".columns > .left");
if (drawer) {
  const title = drawer.getAttribute("aria-label") || say("Mở danh sách");
  const opener = make("button", { class: "tool drawer-open", type: "button", "aria-label": title, title, "aria-expanded": "false" }, icon("menu-2"));
  document.querySelector(".topbar")?.prepend(opener);
  const set = (open) => { drawer.classList.toggle("open", open); opener.setAttribute("aria-expanded", String(open)); if (open) drawer.querySelector("a, button, input")?.focus(); };
  opener.addEventListener("click", () => set(!drawer.classList.contains("open")));
  document.addEventListener("click", (event) => { if (drawer.classList.contains("open") && !drawer.contains(event.target) && !opener.contains(event.target)) set(false); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && drawer.classList.contains("open")) { set(false); opener.focus(); event.preventDefault(); } });
}

// On a phone the rail scrolls sideways; the place where we are is in view.
document.querySelector(".rail [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Menus close when one looks elsewhere.
document.addEventListener("click", (event) => document.querySelectorAll("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); event.preventDefault(); }
});

document.addEventListener("click", async (event) => {
  const copier = event.target.closest?.("[data-copy]");
  if (copier) { await navigator.clipboard?.writeText(copier.dataset.copy); toast({ text: say("Đã chép") }); }
  const eye = event.target.closest?.("[data-reveal]");
  if (eye) { const field = document.querySelector(eye.dataset.reveal); field.type = field.type === "password" ? "text" : "password"; eye.setAttribute("aria-pressed", String(field.type === "text")); field.focus(); }
  const account = event.target.closest?.("[data-fill]");
  if (account) fillFrom(account);
  const back = event.target.closest?.("[data-back]");
  if (back && history.length > 1) { event.preventDefault(); history.back(); }
});

/** A button that fills fields: data-fill='{"#login": "bac_si_lan"}'. */
function fillFrom(button) {
  for (const [selector, value] of Object.entries(JSON.parse(button.dataset.fill))) {
    const field = document.querySelector(selector);
    if (!field) continue;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  button.parentElement.querySelectorAll("[aria-pressed]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
  document.querySelector(button.dataset.thenFocus)?.focus();
}

// Filters and selects that act at once.
document.addEventListener("change", (event) => { if (event.target.matches?.("[data-go]") && event.target.value) location.assign(event.target.value); if (event.target.matches?.("[data-send]")) event.target.form?.requestSubmit(); });

// What scrolls must be reachable by keyboard even when nothing inside takes the focus.
function openScrollers() {
  for (const box of document.querySelectorAll(".table-box, .scroll, .col-body, .tally")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (!scrolls || box.querySelector("a[href], button, input:not([type=hidden]), select, textarea, [tabindex]")) { if (box.dataset.scroller) box.removeAttribute("tabindex"); continue; }
    box.tabIndex = 0;
    box.dataset.scroller = "1";
    if (!box.hasAttribute("role")) box.setAttribute("role", "group");
    if (!box.hasAttribute("aria-label")) box.setAttribute("aria-label", box.querySelector("caption, h1, h2, h3")?.textContent.trim() || document.title);
  }
}
addEventListener("resize", openScrollers);
document.addEventListener("htmx:after:swap", openScrollers);
openScrollers();

// Minutes since a time go on counting: <time data-since="2026-11-24T02:10:00Z">.
function tickAges() {
  for (const time of document.querySelectorAll("[data-since]")) {
    const minutes = Math.floor((Date.now() - new Date(time.dataset.since)) / 60000);
    if (Number.isNaN(minutes)) continue;
    time.textContent = minutes < 1 ? say("vừa xong") : minutes < 60 ? say("{} phút", minutes) : say("{} giờ {}", Math.floor(minutes / 60), String(minutes % 60).padStart(2, "0"));
  }
}
// A demonstration runs on a clock of its own; there the server's words stand.
if (!document.querySelector("[data-fixed-clock]")) setInterval(tickAges, 30000);
