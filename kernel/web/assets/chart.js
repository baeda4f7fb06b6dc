// The doctor's room: tabs that never lose what was typed, quick text with Tab stops, fields that belong to a choice.
import { fold } from "./words.js";
import { toast } from "./undo.js";
import { say } from "./words.js";

// Tabs: all parts came with the page; switching shows one and puts the hand where the work is.
const tabs = [...document.querySelectorAll("[data-tabs] [data-tab]")];
function openTab(tab, { focus = true } = {}) {
  for (const pane of document.querySelectorAll("[data-pane]")) pane.hidden = pane.dataset.pane !== tab.dataset.tab;
  for (const other of tabs) other === tab ? other.setAttribute("aria-current", "page") : other.removeAttribute("aria-current");
  history.replaceState(null, "", tab.getAttribute("href"));
  if (!focus) return;
  const pane = document.querySelector(`[data-pane="${tab.dataset.tab}"]`);
  const goal = (tab.dataset.focus && pane.querySelector(tab.dataset.focus)) || pane.querySelector("input:not([type=hidden]), textarea, select, button");
  goal?.focus();
  goal?.scrollIntoView({ block: "center" });
}
for (const tab of tabs) tab.addEventListener("click", (event) => { event.preventDefault(); openTab(tab); });

// A problem in the list at the right leads to its field, whatever tab it lies on.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-problem]");
  if (!link) return;
  event.preventDefault();
  const name = link.dataset.problem === "diagnosis" ? null : link.dataset.problem;
  const field = name ? document.querySelector(`[name="${name}"]`) : document.getElementById("icd");
  const pane = field?.closest("[data-pane]");
  const tab = pane && tabs.find((one) => one.dataset.tab === pane.dataset.pane);
  if (tab) openTab(tab, { focus: false });
  field?.focus();
  field?.scrollIntoView({ block: "center" });
});

const note = document.getElementById("note");
if (note) {
  // Fields of the last tab belong to the note's form but stand outside it; autosave listens on the form.
  for (const field of note.elements) {
    if (!note.contains(field)) for (const kind of ["input", "change"]) field.addEventListener(kind, () => note.dispatchEvent(new Event(kind)));
  }
  const kinds = [...document.querySelectorAll("[data-shows] input")];
  const show = () => {
    const chosen = kinds.find((kind) => kind.checked)?.value ?? "";
    for (const field of document.querySelectorAll("[class*='when-']")) field.hidden = ![...field.classList].includes(`when-${chosen}`);
  };
  for (const kind of kinds) kind.addEventListener("change", show);
  note.addEventListener("restored", show);
  show();

  // The search field is no part of the note: choosing a code empties it for the next one.
  const icd = document.getElementById("icd");
  icd?.addEventListener("pick", () => setTimeout(() => { icd.value = ""; }));

  if (note.dataset.quickText) quickText(note);
}

// Quick text: ".hong" and a space. Tab goes from place to place, what stands there is selected.
function quickText(form) {
  let texts = null;
  const load = () => (texts ??= fetch(form.dataset.quickText, { headers: { Accept: "application/json" } }).then((answer) => (answer.ok ? answer.json() : []), () => []));
  form.addEventListener("focusin", load, { once: true });
  form.addEventListener("keydown", async (event) => {
    const field = event.target;
    if (field.tagName !== "TEXTAREA") return;
    if (event.key === "Tab" && !event.shiftKey && field.quickStops?.length) {
      const [start, length] = field.quickStops.shift();
      // What was typed since the last place moved everything behind it.
      const shift = field.value.length - field.quickLength;
      event.preventDefault();
      field.setSelectionRange(start + shift, start + shift + length);
      return;
    }
    if (event.key !== " " && event.key !== "Tab") return;
    const at = field.selectionStart;
    const word = /(?:^|[\s(])\.([\p{L}\d]{1,20})$/u.exec(field.value.slice(0, at))?.[1];
    if (!word || at !== field.selectionEnd) return;
    const typed = fold(word).replaceAll(" ", "");
    const listed = texts && await Promise.race([texts, null]);
    const known = listed?.find((text) => text.name === typed);
    if (!known) return;
    expand(field, at - word.length - 1, at, known);
  });
  form.addEventListener("input", async (event) => {
    const field = event.target;
    if (field.tagName !== "TEXTAREA" || event.data !== " ") return;
    const at = field.selectionStart;
    const found = /(?:^|[\s(])\.([\p{L}\d]{1,20}) $/u.exec(field.value.slice(0, at));
    if (!found) return;
    const known = (await load()).find((text) => text.name === fold(found[1]).replaceAll(" ", ""));
    if (known && field.value.slice(at - found[1].length - 2, at) === `.${found[1]} `) expand(field, at - found[1].length - 2, at, known);
  });
}

function expand(field, from, to, known) {
  field.focus();
  field.setSelectionRange(from, to);
  // insertText keeps the browser's own undo: Ctrl+Z brings the shortcut back.
  if (!document.execCommand("insertText", false, known.text)) field.setRangeText(known.text, from, to, "end");
  const units = (characters) => [...known.text].slice(0, characters).join("").length;
  const stops = known.stops.map(([start, length]) => [from + units(start), units(start + length) - units(start)]);
  field.quickLength = field.value.length;
  field.quickStops = stops.slice(1);
  if (stops.length) field.setSelectionRange(stops[0][0], stops[0][0] + stops[0][1]);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (stops.length) toast({ text: say("Tab tới ô kế") });
}
