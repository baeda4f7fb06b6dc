// Keys press what carries their name: <button data-key="F8">. The map in keys.json says what keys mean; `?` shows it.
import { caps, isShown, isTyping, make, say } from "./words.js";
import { mainButton } from "./enter.js";
import { toast } from "./undo.js";

/** `F8`, `Ctrl+Enter`, `Alt+1`, `Esc`, `C`: the name of what was pressed. */
export function chordOf(event) {
  let key = event.key === "Escape" ? "Esc" : event.key;
  // With Alt held some layouts write another sign; the place of the key still says which digit it is.
  if (event.altKey && /^Digit\d$/.test(event.code)) key = event.code.slice(5);
  if (key.length === 1 && /[a-z]/i.test(key)) key = key.toUpperCase();
  return [event.ctrlKey && "Ctrl", event.altKey && "Alt", event.shiftKey && key.length > 1 && "Shift", key].filter(Boolean).join("+");
}

const room = () => [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
const named = (chord) => [...room().querySelectorAll("[data-key]")].filter((e) => e.dataset.key.replace("Escape", "Esc").split(/[ ,]+/).includes(chord) && isShown(e));
const isOff = (element) => element.disabled || element.getAttribute("aria-disabled") === "true";

/** Presses or focuses what carries the key; says why when it may not be pressed yet. Answers whether anything carries it. */
export function press(chord) {
  const found = named(chord);
  const element = found.find((candidate) => !isOff(candidate)) ?? found[0];
  if (!element) return false;
  if (isOff(element)) toast({ text: element.dataset.why || element.title || say("Còn việc phải làm trước"), bad: true });
  else if (element.matches("input:not([type=radio]):not([type=checkbox]), textarea, select")) {
    element.focus();
    element.select?.();
  } else element.click();
  return true;
}

/** F7: the next thing to repair, round and round. */
function nextProblem() {
  const problems = [...document.querySelectorAll('[aria-invalid="true"], .check.critical button, .check.critical a')].filter(isShown);
  if (!problems.length) return false;
  problems[(problems.indexOf(document.activeElement) + 1) % problems.length].focus();
  return true;
}

/** Ctrl+Enter: the button of the form being filled, else whatever F8 does. */
function submitHere() {
  const form = document.activeElement?.form ?? document.activeElement?.closest?.("form");
  const button = form && mainButton(form);
  if (button && !isOff(button)) button.click();
  else return press("F8");
  return true;
}

document.addEventListener("keydown", (event) => {
  // A Vietnamese input method that is still composing owns its keys.
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
  const chord = chordOf(event);
  const typing = isTyping(event.target);
  if (event.key.length === 1 && !event.ctrlKey && !event.altKey && typing) return;
  let done = false;
  if (event.altKey && event.shiftKey && /^Digit[1-9]$/.test(event.code)) done = fix(event.code.slice(5));
  else if (chord === "?") done = openHelp();
  else {
    done = press(chord);
    if (!done && chord === "F7") done = nextProblem();
    if (!done && chord === "Ctrl+Enter") done = submitHere();
    if (!done && /^[1-9]$/.test(chord)) done = fix(chord);
    if (!done && chord === "F2") done = press("F2") || focusFind();
  }
  if (done) event.preventDefault();
});

function fix(number) {
  const button = [...document.querySelectorAll(`[data-fix="${number}"]`)].find((e) => isShown(e) && !isOff(e));
  button?.click();
  return Boolean(button);
}

function focusFind() {
  const field = document.querySelector("#find");
  field?.focus();
  return Boolean(field);
}

document.addEventListener("click", (event) => {
  const hint = event.target.closest?.("[data-press]");
  if (hint) press(hint.dataset.press);
  if (event.target.closest?.('[data-open="keys"]')) openHelp();
});

let map;
/** The help: what this screen knows first, then what every screen knows. */
function openHelp() {
  showHelp();
  return true;
}
async function showHelp() {
  map ??= await fetch(new URL("keys.json", import.meta.url)).then((answer) => answer.json(), () => ({ everywhere: [], search: [] }));
  const language = document.documentElement.lang === "en" ? "en" : "vi";
  const hints = [...document.querySelectorAll(".keybar .hint-key[data-press]")].map((hint) => ({ key: hint.dataset.press, [language]: hint.lastElementChild.textContent }));
  const here = map[document.body.dataset.context] ?? [];
  const mine = [...hints, ...here.filter((entry) => named(entry.key).length && !hints.some((hint) => hint.key === entry.key))];
  const section = (title, entries) => entries.length
    ? make("section", {}, make("h3", {}, title), ...entries.map((entry) => make("div", {}, make("span", {}, entry[language]), caps(entry.key))))
    : null;
  const dialog = make("dialog", { class: "float", "aria-label": say("Mọi phím tắt") },
    make("header", {}, make("span", { class: "grow" }, say("Mọi phím tắt")), make("button", { class: "btn btn-s", type: "button", "data-key": "Esc" }, say("Đóng"), " ", caps("Esc"))),
    make("div", { class: "body", tabindex: "0", role: "group", "aria-label": say("Mọi phím tắt") }, make("div", { class: "key-help" }, section(say("Trên màn hình này"), mine), section(say("Ở mọi màn hình"), map.everywhere), section(say("Khi gõ tìm"), map.search))));
  floatUp(dialog);
}

/** Shows a dialog; when it closes, the focus goes back to where it was and the dialog is gone. */
export function floatUp(dialog) {
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); before?.focus?.(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest('[data-key="Esc"]')) dialog.close(); });
  dialog.showModal();
  return dialog;
}
