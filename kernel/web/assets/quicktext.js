// Quick text: `.hong` and a space become a sentence; Tab jumps to its places, whose usual finding is selected so that
// typing replaces it. <form data-quick-text="/app/…"> answers [{shortcut, title, text: "Họng {đỏ}, …"}].
import { fold } from "./words.js";

const lists = new Map();
const places = new WeakMap();

function textsAt(address) {
  if (!lists.has(address)) lists.set(address, fetch(address, { headers: { Accept: "application/json" } }).then((answer) => (answer.ok ? answer.json() : []), () => []));
  return lists.get(address);
}

/** Takes the braces out and tells where they stood. */
function expand(text) {
  const stops = [];
  let plain = "";
  for (const piece of text.split(/(\{[^{}]*\})/)) {
    const isPlace = piece.startsWith("{");
    const words = isPlace ? piece.slice(1, -1) : piece;
    if (isPlace) stops.push([plain.length, words.length]);
    plain += words;
  }
  return { plain, stops };
}

document.addEventListener("focusin", (event) => {
  const address = event.target.closest?.("[data-quick-text]")?.dataset.quickText;
  if (address && event.target.matches("textarea, input")) textsAt(address);
});

document.addEventListener("input", async (event) => {
  const field = event.target;
  const address = field.matches?.("textarea, input[type=text]") && field.closest("[data-quick-text]")?.dataset.quickText;
  if (!address) return;
  shift(field);
  if (event.inputType !== "insertText" || event.data !== " ") return;
  const before = field.value.slice(0, field.selectionStart);
  const typed = /(?:^|\s)\.([\p{L}\d]{1,20}) $/u.exec(before);
  if (!typed) return;
  const texts = await textsAt(address);
  const found = texts.find((text) => text.shortcut === fold(typed[1]));
  // The hand may have gone on meanwhile.
  if (!found || field.value.slice(0, before.length) !== before) return;
  const { plain, stops } = expand(found.text);
  const start = before.length - typed[1].length - 2;
  field.setRangeText(plain, start, before.length, "end");
  places.set(field, { value: field.value, stops: stops.map(([at, length]) => [start + at, length]) });
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (stops.length) toNext(field);
});

/** Keeps the places true while the text around them changes. */
function shift(field) {
  const kept = places.get(field);
  if (!kept || kept.value === field.value) return;
  const [old, now] = [kept.value, field.value];
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  const grown = now.length - old.length;
  kept.stops = kept.stops.filter(([at, length]) => at + length <= start || at >= start).map(([at, length]) => [at >= start ? at + grown : at, length]).filter(([at]) => at >= 0);
  kept.value = now;
}

function toNext(field) {
  const kept = places.get(field);
  const stop = kept?.stops.shift();
  if (!stop) return false;
  field.setSelectionRange(stop[0], stop[0] + stop[1]);
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || event.defaultPrevented || !places.get(event.target)?.stops.length) return;
  if (toNext(event.target)) event.preventDefault();
});

// What was carried forward stays marked until a hand touches it.
document.addEventListener("input", (event) => {
  const box = event.isTrusted && event.target.closest?.(".copied");
  if (!box) return;
  box.classList.remove("copied");
  box.querySelectorAll("[data-copied]").forEach((mark) => mark.remove());
});
