// What was just done, at the bottom for ten seconds, with the way back. Ctrl+Z outside a field takes it.
import { caps, icon, isTyping, make, proof, say } from "./words.js";

// Ten seconds to think again; a mere word goes sooner.
const SECONDS = 10;
const SECONDS_FOR_A_WORD = 4;
const shelf = () => document.querySelector("#toasts") ?? document.body.appendChild(make("div", { class: "toasts", id: "toasts", role: "status", "aria-live": "polite" }));

/** Shows a sentence; `undo` is the address that takes the act back, `act` a button of its own, `bad` marks trouble. */
export function toast({ text, undo, act, bad }) {
  const note = make("div", { class: bad ? "toast-note bad" : "toast-note", "data-undo": undo || null }, icon(bad ? "alert-triangle" : "circle-check"), make("span", {}, text));
  if (act) {
    const button = make("button", { type: "button" }, act.label);
    button.addEventListener("click", () => { act.run(); note.remove(); });
    note.append(button);
  }
  shelf().append(note);
  arm(note);
  return note;
}

function arm(note) {
  if (note.dataset.armed) return;
  note.dataset.armed = "1";
  const left = make("span", { class: "left-s", "aria-hidden": "true" });
  if (note.dataset.undo) {
    const button = make("button", { type: "button", "data-undo-now": true }, say("Hoàn tác"), " ", caps("Ctrl+Z"));
    button.addEventListener("click", () => takeBack(note));
    note.append(button, left);
  }
  let rest = note.dataset.undo || note.classList.contains("bad") || note.querySelector("button") ? SECONDS : SECONDS_FOR_A_WORD;
  const tick = () => {
    if (!note.isConnected) return clearInterval(timer);
    if (note.matches(":hover, :focus-within")) return;
    left.textContent = say("{} giây", rest);
    if (rest-- <= 0) { clearInterval(timer); note.remove(); }
  };
  const timer = setInterval(tick, 1000);
  tick();
}

async function takeBack(note) {
  note.querySelectorAll("button").forEach((button) => { button.disabled = true; });
  try {
    const answer = await fetch(note.dataset.undo, { method: "POST", headers: { ...proof(), "Content-Type": "application/x-www-form-urlencoded" }, body: "" });
    if (!answer.ok) throw new Error(String(answer.status));
    note.remove();
    if (answer.redirected) location.assign(answer.url);
    else location.reload();
  } catch {
    note.remove();
    toast({ text: say("Chưa hoàn tác được. Hãy thử lại."), bad: true });
  }
}

document.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || event.key.toLowerCase() !== "z" || event.defaultPrevented || isTyping()) return;
  const button = [...document.querySelectorAll("[data-undo-now]")].at(-1);
  if (button) { event.preventDefault(); button.click(); }
});
// The server asks for a toast through the header HX-Trigger: {"toast": {"text": …, "undo": …}}.
document.addEventListener("toast", (event) => toast({ ...event.detail, text: readHeader(event.detail?.text ?? event.detail?.value ?? "") }));

/** Headers arrive letter by byte; Vietnamese needs its bytes put together again. */
function readHeader(text) {
  if (!/[\u0080-\u00ff]/.test(text) || /[^\u0000-\u00ff]/.test(text)) return text;
  try { return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))); } catch { return text; }
}

const armAll = () => document.querySelectorAll("[data-toast]").forEach(arm);
document.addEventListener("htmx:after:swap", armAll);
armAll();
