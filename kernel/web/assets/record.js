// A record: a paper of it being filled. What the server worked out is shown, what lacks is listed, what is known beside
// goes into the field at hand, rows grow as they are written.
import { icon, make, say } from "./words.js";

const form = document.querySelector("form[data-fill]");
const fieldOf = (name) => document.querySelector(`[data-field="${CSS.escape(name)}"]`);
const controlsOf = (field) => [...field.querySelectorAll("input:not([type=hidden]), textarea, select")].filter((control) => !control.closest("template"));
const valueOf = (control) => (control.type === "checkbox" || control.type === "radio" ? (control.checked ? "1" : "") : control.value.trim());
const isEmpty = (field) => controlsOf(field).every((control) => valueOf(control) === "");
const changed = (control) => control.dispatchEvent(new Event("input", { bubbles: true }));

// The chooser of papers opens with what the record needs, before anything is typed.
const chooser = document.getElementById("begin-q");
chooser?.addEventListener("focus", () => chooser.value === "" && chooser.dispatchEvent(new Event("input", { bubbles: true })));

// What came in from elsewhere shows without losing the place: the list of papers is drawn anew.
const tree = document.querySelector(".record-tree [data-live]");
tree?.addEventListener("live", async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(".record-tree [data-live]");
  if (fresh) tree.replaceChildren(...fresh.childNodes);
});

if (form) {
  const scroller = form.closest(".col-body");
  const sections = [...form.querySelectorAll("[data-section]")];
  const links = new Map([...document.querySelectorAll("[data-section-link]")].map((link) => [link.dataset.sectionLink, link]));

  const goTo = (target) => {
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: "center" });
  };
  const first = (area) => controlsOf(area).find((control) => control.offsetParent !== null);

  // The section under the eye is marked at the left.
  const here = () => [...sections].reverse().find((section) => section.getBoundingClientRect().top - scroller.getBoundingClientRect().top < 80) ?? sections[0];
  const mark = () => {
    const now = here()?.dataset.section;
    for (const [id, link] of links) id === now ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  };
  scroller.addEventListener("scroll", mark, { passive: true });
  for (const [id, link] of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const section = document.getElementById(`s-${id}`);
      section.scrollIntoView({ block: "start" });
      first(section)?.focus({ preventScroll: true });
    });
  }
  const step = (by) => {
    const named = sections.filter((section) => links.has(section.dataset.section));
    const now = document.activeElement?.closest?.("[data-section]") ?? here();
    const at = named.findIndex((section) => section === now);
    const next = named[Math.max(0, Math.min(named.length - 1, at + by))];
    links.get(next?.dataset.section)?.click();
  };
  for (const button of document.querySelectorAll("[data-step]")) button.addEventListener("click", () => step(Number(button.dataset.step)));

  // What still lacks, at the right, and how far each section is, at the left.
  const list = document.querySelector("[data-missing]");
  const count = document.querySelector("[data-missing-count]");
  let lacking = [];
  function progress() {
    lacking = [];
    let counted = 0;
    let done = 0;
    for (const section of sections) {
      const fields = [...section.querySelectorAll("[data-field]")].filter((field) => !field.hidden);
      const asked = fields.filter((field) => field.hasAttribute("data-required") && controlsOf(field).length);
      const empty = asked.filter(isEmpty);
      lacking.push(...empty.map((field) => ({ field, section })));
      if (asked.length) counted += 1;
      if (asked.length && !empty.length) done += 1;
      const link = links.get(section.dataset.section);
      if (!link) continue;
      const begun = fields.some((field) => controlsOf(field).length && !isEmpty(field));
      const state = begun ? (empty.length ? "begun" : "done") : asked.length ? "empty" : "empty";
      if (link.dataset.state === state) continue;
      link.dataset.state = state;
      link.firstElementChild.replaceWith(icon({ done: "circle-check", begun: "edit", empty: "circle-dashed" }[state]));
    }
    document.querySelector("[data-progress-done]").textContent = done;
    document.querySelector("[data-progress-all]").textContent = counted;
    document.querySelector("[data-progress-bar]").setAttribute("width", counted ? (done * 100) / counted : 100);
    count.hidden = !lacking.length;
    count.textContent = lacking.length;
    list.replaceChildren(...lacking.slice(0, 12).map(({ field, section }) => {
      const label = field.querySelector("label")?.textContent.replace("*", "").trim() ?? field.dataset.field;
      const heading = section.querySelector("h2")?.textContent ?? "";
      const row = make("li", { class: "warning" }, icon("alert-triangle"), make("a", { href: `#f-${field.dataset.field}` }, make("b", {}, label), heading));
      row.querySelector("a").addEventListener("click", (event) => { event.preventDefault(); goTo(first(field)); });
      return row;
    }));
    if (!lacking.length) list.replaceChildren(make("li", { class: "done" }, icon("circle-check"), make("span", {}, say("Đủ các mục bắt buộc"))));
  }
  form.addEventListener("input", progress);
  form.addEventListener("restored", progress);
  document.querySelector("[data-next-missing]")?.addEventListener("click", () => {
    const problems = [...form.querySelectorAll(".has-problem")].map((field) => first(field)).filter(Boolean);
    const all = [...problems, ...lacking.map(({ field }) => first(field)).filter((control) => control && !problems.includes(control))];
    if (all.length) goTo(all[(all.indexOf(document.activeElement) + 1) % all.length]);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-problem]");
    if (!link) return;
    event.preventDefault();
    const [name] = link.dataset.problem.split(".");
    goTo(form.elements[link.dataset.problem]?.focus ? form.elements[link.dataset.problem] : fieldOf(name) && first(fieldOf(name)));
  });

  // What the server worked out of the last save: calculations, questions that stand or fall, texts that it cannot read.
  form.addEventListener("saved", ({ detail }) => {
    for (const output of form.querySelectorAll("[data-computed]")) output.value = detail.computed?.[output.dataset.computed] ?? "";
    const hidden = new Set(detail.hidden ?? []);
    for (const field of form.querySelectorAll("[data-field]")) {
      const id = field.dataset.field.replace(/_m[pt]$/, "");
      field.hidden = hidden.has(field.dataset.field) || hidden.has(id);
    }
    for (const place of form.querySelectorAll("[data-problem-of]")) {
      const text = detail.wrong?.[place.dataset.problemOf] ?? "";
      place.hidden = text === "";
      place.lastElementChild.textContent = text;
      place.closest("[data-field]").classList.toggle("has-problem", text !== "");
    }
    progress();
  });

  // A printed number picks its choice; Backspace takes the choice away.
  form.addEventListener("keydown", (event) => {
    const group = event.target.closest?.("[data-digits]");
    if (!group || event.target.type !== "radio" || event.ctrlKey || event.altKey) return;
    if (event.key === "Backspace" || event.key === "Delete") {
      for (const radio of group.querySelectorAll("input")) radio.checked = false;
      changed(event.target);
      event.preventDefault();
    }
    const radio = /^\d$/.test(event.key) && group.querySelector(`input[data-digit="${event.key}"]`);
    if (!radio) return;
    radio.checked = true;
    radio.focus();
    changed(radio);
    event.preventDefault();
  });

  // Rows: writing into the last one makes the next.
  function addRow(table) {
    const template = table.parentElement.querySelector("template[data-row]");
    if (!template) return null;
    const at = table.tBodies[0].rows.length;
    const row = template.content.firstElementChild.cloneNode(true);
    for (const part of row.querySelectorAll("[name], [id], [for]")) {
      for (const attribute of ["name", "id", "for"]) {
        if (part.hasAttribute(attribute)) part.setAttribute(attribute, part.getAttribute(attribute).replace(".#.", `.${at}.`));
      }
    }
    for (const box of row.querySelectorAll("input[type=checkbox], input[type=radio]")) form.elements.ticks.value += `\n${box.name}`;
    table.tBodies[0].append(row);
    document.dispatchEvent(new CustomEvent("htmx:after:swap"));
    return row;
  }
  form.addEventListener("input", (event) => {
    const table = event.target.closest?.("[data-table]");
    const row = event.target.closest?.("tr");
    if (table && row && row === table.tBodies[0].rows[table.tBodies[0].rows.length - 1] && valueOf(event.target)) addRow(table);
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row]");
    if (button) first(addRow(button.parentElement.querySelector("[data-table]")) ?? form)?.focus();
  });

  // Beside the field: what stood there last time, results, the sentence that nothing is wrong.
  let last = null;
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea, input:not([type=checkbox]):not([type=radio]):not([type=hidden])")) last = event.target;
  });
  function put(control, text, { replace = false } = {}) {
    if (!control) return;
    const from = replace ? 0 : control.selectionStart ?? control.value.length;
    const to = replace ? control.value.length : control.selectionEnd ?? from;
    const before = control.value.slice(0, from);
    const glue = !replace && before && !/[\s]$/.test(before) ? (control.matches("textarea") ? "\n" : "; ") : "";
    control.setRangeText(glue + text, from, to, "end");
    changed(control);
    control.focus();
  }
  const target = () => last ?? form.querySelector("textarea");
  document.addEventListener("click", (event) => {
    const one = event.target.closest("[data-insert]");
    if (one) put(target(), one.dataset.insert);
    if (event.target.closest("[data-insert-all]")) {
      const goal = form.querySelector('[name*="tom_tat"], [name*="cls"]') ?? target();
      put(last?.matches("textarea") ? last : goal, [...document.querySelectorAll("[data-insert]")].map((line) => line.dataset.insert).join("\n"));
    }
    const review = event.target.closest("[data-review]");
    if (review) {
      const sender = document.getElementById("reviewed");
      sender.elements.field.value = review.dataset.review;
      sender.requestSubmit();
    }
    const taken = event.target.closest("[data-take]");
    if (taken) takeOver(fieldOf(taken.dataset.take));
  });
  function takeOver(field) {
    if (!field?.dataset.previous) return;
    const radio = [...field.querySelectorAll("input[type=radio]")].find((choice) => choice.value === field.dataset.previous);
    if (radio) {
      radio.checked = true;
      changed(radio);
      radio.focus();
    } else put(first(field), field.dataset.previous, { replace: true });
  }
  document.querySelector("[data-take-here]")?.addEventListener("click", () => takeOver(document.activeElement?.closest?.("[data-field]") ?? last?.closest("[data-field]")));
  document.querySelector("[data-normal-here]")?.addEventListener("click", () => {
    const control = document.activeElement?.matches?.("textarea") ? document.activeElement : last?.matches("textarea") ? last : null;
    if (control) put(control, say("Chưa ghi nhận bất thường"), { replace: control.value.trim() === "" });
  });
  document.querySelector("[data-save-now]")?.addEventListener("click", () => document.querySelector("[data-saved]")?.click());

  // A disease chosen by its code brings its name along when nobody has written one.
  form.addEventListener("pick", (event) => {
    const name = event.target.name?.replace(/_ma$/, "");
    const words = name !== event.target.name && form.elements[name];
    if (words && words.value?.trim() === "") {
      words.value = event.detail.value;
      changed(words);
    }
    changed(event.target);
  });

  progress();
  mark();
}
