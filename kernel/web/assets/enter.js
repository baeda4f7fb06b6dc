// Enter moves to the next field and never sends a half-made form. F8 and Ctrl+Enter send.
import { isShown } from "./words.js";

const FIELDS = "input:not([type=hidden]):not([type=button]):not([type=submit]):not([readonly]), select, textarea";

/** The button that sends a form, wherever on the page it stands. */
export const mainButton = (form) => [...form.elements].find((element) => element.matches("[data-submit], button.btn-primary:not([type=button])") && isShown(element));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const field = event.target;
  const form = field.form ?? field.closest?.("form");
  if (!form || !field.matches("input, select") || field.matches("[type=submit], [type=button]")) return;
  if (form.hasAttribute("data-plain-enter")) return;
  event.preventDefault();
  const line = field.closest("[data-line]");
  const scope = line ?? form;
  const fields = [...scope.querySelectorAll(FIELDS)].filter((candidate) => isShown(candidate) && !candidate.disabled);
  // A group of radio buttons is one stop.
  const stops = fields.filter((candidate) => candidate.type !== "radio" || candidate.checked || !fields.some((other) => other.name === candidate.name && other !== candidate && (other.checked || fields.indexOf(other) < fields.indexOf(candidate))));
  const at = stops.findIndex((stop) => stop === field || (stop.type === "radio" && stop.name === field.name));
  const next = stops[at + 1];
  if (next) {
    next.focus();
    if (next.matches("input:not([type=checkbox]):not([type=radio])")) next.select();
    return;
  }
  if (form.dataset.enter === "add-line" || line) {
    const isEmpty = fields.every((candidate) => candidate.type === "checkbox" || candidate.type === "radio" || candidate.value.trim() === "");
    if (isEmpty) form.querySelector("[data-line-home]")?.focus();
    else form.querySelector("[data-add-line]")?.click();
    return;
  }
  // At the end of a form the focus rests on its main button, so that the next Enter is a decision.
  const button = mainButton(form);
  if (button) button.focus();
  else {
    // A single field that acts when it changes (a quantity): the change counts now, the cursor stays.
    field.blur();
    if (field.isConnected) field.focus();
  }
});
