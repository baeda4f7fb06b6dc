// Quick text: `.hong` and a space (or Tab) become a sentence; Tab goes from place to place, and what stands there is
// selected, so that typing replaces it. <form data-quick-text="/app/…"> answers [{name, text, stops: [[start, length]]}].
import { fold, say } from "./words.js";
import { toast } from "./undo.js";

const lists = new Map();
const places = new WeakMap();

const formOf = (field) => field.closest?.("[data-quick-text]");

document.addEventListener("focusin", async (event) => {
  const address = event.target.matches?.("textarea") && formOf(event.target)?.dataset.quickText;
  if (!address || lists.has(address)) return;
  lists.set(address, []);
  const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) lists.set(address, await answer.json());
  else lists.delete(address);
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  const isTab = event.key === "Tab" && !event.shiftKey;
  if (!field.matches?.("textarea") || !(isTab || event.key === " ") || event.isComposing || event.defaultPrevented) return;
  const at = field.selectionStart;
  const word = at === field.selectionEnd && /(?:^|[\s(])\.([\p{L}\d]{1,20})$/u.exec(field.value.slice(0, at))?.[1];
  const known = word && lists.get(formOf(field)?.dataset.quickText)?.find((text) => text.name === fold(word).replaceAll(" ", ""));
  if (known) {
    event.preventDefault();
    expand(field, at - word.length - 1, at, known);
  } else if (isTab && places.get(field)?.stops.length) {
    event.preventDefault();
    const kept = places.get(field);
    const [start, length] = kept.stops.shift();
    // What was typed since the expansion moved everything behind it.
    const moved = field.value.length - kept.length;
    field.setSelectionRange(start + moved, start + moved + length);
  }
});

function expand(field, from, to, known) {
  field.setSelectionRange(from, to);
  // insertText keeps the browser's own undo: Ctrl+Z brings the shortcut back.
  if (!document.execCommand("insertText", false, known.text)) field.setRangeText(known.text, from, to, "end");
  // The server counts characters, the field counts UTF-16 units.
  const units = (characters) => [...known.text].slice(0, characters).join("").length;
  const [first, ...stops] = known.stops.map(([start, length]) => [from + units(start), units(start + length) - units(start)]);
  places.set(field, { stops, length: field.value.length });
  if (!first) return;
  field.setSelectionRange(first[0], first[0] + first[1]);
  toast({ text: say("Tab tới ô kế") });
}

// What was carried forward stays marked until a hand touches it.
document.addEventListener("input", (event) => {
  const box = event.isTrusted && event.target.closest?.(".copied");
  if (!box) return;
  box.classList.remove("copied");
  box.querySelectorAll("[data-copied]").forEach((mark) => mark.remove());
});
