// A field that answers while one types: <input data-typeahead="/url"> inside .suggest-box. How to: README.md.
import { caps, fold, make, proof, say } from "./words.js";

const WAIT_MS = 120;

/** A list of answers under a field; also the body of the palette. */
export class Suggestions {
  constructor(input, box, onPick) {
    this.input = input;
    this.onPick = onPick;
    this.list = make("ul", { class: "suggest", role: "listbox", id: `list-${input.id || crypto.randomUUID()}`, "aria-label": input.getAttribute("aria-label") || input.labels?.[0]?.textContent.trim() || input.placeholder, hidden: true });
    box.append(this.list);
    Object.entries({ role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": this.list.id, autocomplete: "off" }).forEach(([k, v]) => input.setAttribute(k, v));
    // Down, not click: the field must not lose its focus before the choice is taken.
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const option = event.target.closest('[role="option"]');
      if (option) this.take(option, event);
    });
  }

  get options() { return [...this.list.querySelectorAll('[role="option"]:not([aria-disabled="true"])')]; }
  get current() { return this.list.querySelector('[aria-selected="true"]'); }
  get isOpen() { return !this.list.hidden; }

  /** Shows an answer: HTML of <li> elements, or a JSON list. */
  show(answer, question) {
    if (typeof answer === "string") this.list.innerHTML = answer;
    else this.list.replaceChildren(...answer.flatMap((item, i) => drawItem(item, answer[i - 1])));
    const options = this.options;
    options.forEach((option, i) => {
      option.id = `${this.list.id}-${i}`;
      option.setAttribute("aria-selected", "false");
      if (i < 9 && !option.querySelector("kbd")) option.prepend(make("kbd", { "aria-hidden": "true" }, String(i + 1)));
    });
    this.list.querySelectorAll('[role="option"]').forEach((option) => markMatches(option, question));
    if (!this.list.children.length) this.list.replaceChildren(make("li", { class: "none", role: "presentation" }, say("Không có kết quả cho “{}”", question)));
    else if (options.length && !this.list.querySelector(".foot")) this.list.append(make("li", { class: "foot", role: "presentation" }, make("span", {}, caps("↑+↓"), " ", say("chọn")), make("span", {}, caps("Enter"), " ", say("nhận")), make("span", {}, caps("Esc"), " ", say("đóng"))));
    this.list.querySelectorAll("li:not([role])").forEach((line) => line.setAttribute("role", "presentation"));
    this.open(true);
    if (options.length && !this.input.hasAttribute("data-free")) this.choose(options[0]);
  }

  open(open) {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (!open) this.input.removeAttribute("aria-activedescendant");
  }

  choose(option) {
    this.current?.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  move(step) {
    const options = this.options;
    if (!options.length) return;
    const at = options.indexOf(this.current);
    this.choose(options[(at + step + options.length) % options.length]);
  }

  take(option, event) {
    if (!option || option.getAttribute("aria-disabled") === "true") return;
    this.open(false);
    this.onPick(option, event);
  }

  /** Handles a key; answers whether it was ours. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "ArrowDown") this.move(1);
    else if (event.key === "ArrowUp") this.move(-1);
    else if (event.key === "Escape") this.open(false);
    else if ((event.key === "Enter" || (event.key === "Tab" && this.input.dataset.tab === "take")) && this.current && !event.ctrlKey) this.take(this.current, event);
    else if (/^[1-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && this.digitsPick()) {
      const option = this.options[event.key - 1];
      if (!option) return false;
      this.take(option, event);
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** A digit takes a line only when it cannot be part of the text: after three letters and no space. */
  digitsPick() {
    const text = this.input.value;
    return this.input.dataset.digits !== "type" && /^[^\d]*[^\d\s]$/.test(text) && text.replace(/\s/g, "").length >= 3;
  }
}

function drawItem(item, before) {
  const parts = [item.code ? make("span", { class: "code" }, item.code) : null, make("span", {}, item.label ?? item.value, item.text ? make("small", {}, ` ${item.text}`) : null), item.side ? make("span", { class: "side" }, item.side) : null];
  const option = make("li", { role: "option", "data-value": item.value, "data-label": item.label ?? item.value, "data-href": item.href, "aria-disabled": item.disabled ? "true" : null }, ...parts);
  return item.group && item.group !== before?.group ? [make("li", { class: "group" }, item.group), option] : [option];
}

/** Marks in the accented text what was typed without accents. */
function markMatches(option, question) {
  if (option.querySelector("mark")) return;
  const words = fold(question).split(/[\s,]+/).filter((word) => word.length > 0);
  if (!words.length) return;
  const walker = document.createTreeWalker(option, NodeFilter.SHOW_TEXT, (node) => node.parentElement.closest("kbd, .side, .badge, mark") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const text = node.data.normalize("NFC");
    // One folded letter for each letter, so that places agree.
    const folded = [...text].map((letter) => fold(letter)[0] ?? " ").join("");
    if (folded.length !== text.length) continue;
    const hits = [];
    for (const word of words) {
      for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
        if (at === 0 || /[^a-z0-9]/.test(folded[at - 1])) { hits.push([at, at + word.length]); break; }
      }
    }
    hits.sort((a, b) => a[0] - b[0]);
    const pieces = [];
    let done = 0;
    for (const [from, to] of hits) {
      if (from < done) continue;
      pieces.push(text.slice(done, from), make("mark", {}, text.slice(from, to)));
      done = to;
    }
    if (pieces.length) node.replaceWith(...pieces, text.slice(done));
  }
}

class Typeahead {
  constructor(input) {
    this.input = input;
    this.cache = new Map();
    this.box = input.closest(".suggest-box") ?? input.parentElement;
    this.suggestions = new Suggestions(input, this.box, (option, event) => this.pick(option, event));
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || event.keyCode === 229) return;
      if (!this.suggestions.key(event) && event.key === "ArrowDown" && input.value.trim()) { this.ask(); event.preventDefault(); }
    });
    input.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== input) this.suggestions.open(false); }, 120));
  }

  typed() {
    const hidden = this.target();
    // The chosen thing was typed over: the hidden value must not outlive its words.
    if (hidden && hidden.value && this.input.value !== this.taken) setValue(hidden, "");
    clearTimeout(this.timer);
    const text = this.input.value.trim();
    if (text.length < Number(this.input.dataset.min ?? 1)) return this.suggestions.open(false);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  target() { return this.input.dataset.target ? document.querySelector(this.input.dataset.target) : null; }

  async ask() {
    const question = this.input.value.trim();
    const url = new URL(this.input.dataset.typeahead, location.href);
    url.searchParams.set(this.input.dataset.param ?? "q", question);
    for (const selector of (this.input.dataset.with ?? "").split(",").filter(Boolean)) {
      const field = document.querySelector(selector.trim());
      if (field?.name) url.searchParams.set(field.name, field.value);
    }
    const key = url.search;
    this.last?.abort();
    if (this.cache.has(key)) return this.suggestions.show(this.cache.get(key), question);
    const asking = (this.last = new AbortController());
    try {
      const answer = await fetch(url, { headers: proof(), signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const body = answer.headers.get("content-type")?.includes("json") ? await answer.json() : await answer.text();
      if (asking.signal.aborted || document.activeElement !== this.input) return;
      if (this.cache.size > 40) this.cache.clear();
      this.cache.set(key, body);
      this.suggestions.show(body, question);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.suggestions.list.replaceChildren(make("li", { class: "none", role: "presentation" }, say("Chưa tìm được, kiểm tra mạng rồi gõ tiếp")));
      this.suggestions.open(true);
    }
  }

  pick(option, event) {
    const { value = "", label = option.textContent.trim(), href } = option.dataset;
    const way = this.input.dataset.pick ?? "set";
    this.cache.clear();
    if (way === "go") { if (href) event?.ctrlKey ? window.open(href) : location.assign(href); return; }
    if (way !== "event") {
      this.taken = this.input.hasAttribute("data-keep") ? this.input.value : label;
      this.input.value = this.taken;
      const hidden = this.target();
      if (hidden) setValue(hidden, value);
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (!this.input.hasAttribute("data-keep")) this.input.value = "";
    this.input.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: { value, label, ...option.dataset } }));
    if (way === "submit") this.input.form?.requestSubmit();
  }
}

function setValue(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

const known = new WeakSet();
function meet(input) {
  if (known.has(input)) return;
  known.add(input);
  new Typeahead(input);
}
document.addEventListener("focusin", (event) => { if (event.target.matches?.("[data-typeahead]")) meet(event.target); });
document.querySelectorAll("[data-typeahead]").forEach(meet);
