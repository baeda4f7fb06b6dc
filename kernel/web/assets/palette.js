// Ctrl+K: one box for everything. First what can be done here, then people, then screens.
import { Suggestions } from "./typeahead.js";
import { caps, fold, icon, isShown, make, proof, say } from "./words.js";
import { floatUp } from "./keys.js";

const WAIT_MS = 120;

/** What this page offers: its keyed buttons and the places of the rail. */
function own() {
  const deeds = [...document.querySelectorAll("button[data-key], a[data-key]")].filter((e) => isShown(e) && !e.disabled && e.dataset.key !== "?" && !e.closest("dialog")).map((element) => {
    const words = element.cloneNode(true);
    words.querySelectorAll("kbd, .keys, svg").forEach((part) => part.remove());
    const text = words.textContent.replace(/\s+/g, " ").trim() || element.getAttribute("aria-label");
    return { label: text, side: element.dataset.key, group: say("Việc trên màn hình này"), run: () => element.click() };
  });
  const places = [...document.querySelectorAll(".rail a[href]:not(.logo), .menu-list a[href]")].map((link) => ({ label: link.querySelector("span")?.textContent.trim() ?? "", href: link.getAttribute("href"), group: say("Màn hình") }));
  return [...deeds, ...places].filter((item) => item.label);
}

function open() {
  if (document.querySelector("dialog.palette")) return;
  const mine = own();
  const input = make("input", { type: "text", id: "palette-find", "aria-label": say("Gõ tên người bệnh, màn hình hoặc việc cần làm"), placeholder: say("Gõ tên người bệnh, màn hình hoặc việc cần làm"), spellcheck: "false" });
  const body = make("div", { class: "body" });
  const dialog = make("dialog", { class: "float palette", "aria-label": "Ctrl K" },
    make("header", {}, icon("search"), input, caps("Esc")), body,
    make("footer", {}, make("span", {}, caps("↑+↓"), " ", say("chọn")), make("span", {}, caps("Enter"), " ", say("làm")), make("span", {}, caps("Esc"), " ", say("đóng"))));
  let shown = [];
  const list = new Suggestions(input, body, (option) => {
    const item = shown[Number(option.dataset.value)];
    dialog.close();
    if (item.run) item.run();
    else if (item.href) location.assign(item.href);
  });
  const draw = (people) => {
    const words = fold(input.value).split(/\s+/).filter(Boolean);
    const fits = mine.filter((item) => words.every((word) => fold(item.label).split(/\s+/).some((part) => part.startsWith(word))));
    shown = [...fits.filter((item) => item.run), ...people, ...fits.filter((item) => !item.run)].slice(0, 24);
    list.show(shown.map((item, i) => ({ value: String(i), label: item.label, text: item.text, side: item.side, group: item.group })), input.value.trim());
    list.list.querySelector(".foot")?.remove();
  };
  let timer;
  let asking;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    draw([]);
    if (input.value.trim().length > 1) timer = setTimeout(async () => { const people = await findPeople(input.value.trim()); if (dialog.open && people) draw(people); }, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { dialog.close(); event.preventDefault(); return; }
    if (!event.isComposing) list.key(event);
  });
  async function findPeople(question) {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`/app/find/suggestions?q=${encodeURIComponent(question)}`, { headers: proof(), signal: asking.signal });
      if (!answer.ok) return [];
      if (answer.headers.get("content-type")?.includes("json")) return (await answer.json()).map((item) => ({ ...item, group: say("Người bệnh") }));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      return [...page.querySelectorAll('[role="option"][data-href]')].map((option) => {
        option.querySelectorAll("kbd").forEach((key) => key.remove());
        return { label: option.dataset.label ?? option.textContent.trim(), text: option.querySelector("small")?.textContent.trim(), href: option.dataset.href, group: say("Người bệnh") };
      });
    } catch { return null; }
  }
  floatUp(dialog);
  draw([]);
  input.focus();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
});
document.addEventListener("click", (event) => { if (event.target.closest?.('[data-open="palette"]')) open(); });
