// A second click while the first is under way does nothing; after an error the button works again.
const underWay = new WeakSet();

function hold(form, submitter) {
  underWay.add(form);
  submitter?.classList.add("busy");
  submitter?.setAttribute("aria-busy", "true");
}
function release(form) {
  underWay.delete(form);
  for (const button of [form, ...form.querySelectorAll?.("[aria-busy]") ?? []]) {
    button.classList?.remove("busy");
    button.removeAttribute?.("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (underWay.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  // htmx sends its own forms and tells when it is done; a form whose background questions go through htmx
  // (hx-trigger="input") is still sent by the browser.
  const trigger = form.getAttribute("hx-trigger");
  if (form.hasAttribute("hx-post") && (!trigger || trigger.includes("submit"))) return;
  hold(form, event.submitter);
  // A download leaves the page where it is; nobody would release the button.
  if (form.target || form.hasAttribute("data-download")) setTimeout(() => release(form), 2000);
}, true);

document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request, sourceEvent } = event.detail.ctx;
  // Only what a person sends; questions asked while typing may overtake each other.
  if (request.method === "GET" || !["click", "submit", "pick"].includes(sourceEvent?.type)) return;
  if (underWay.has(sourceElement)) event.preventDefault();
  else hold(sourceElement, sourceElement.matches("button, a") ? sourceElement : event.detail.ctx.sourceEvent?.submitter);
});
document.addEventListener("htmx:finally:request", (event) => release(event.detail.ctx.sourceElement));
// Coming back through the history: the page is as it was left, with its buttons held.
addEventListener("pageshow", () => document.querySelectorAll("form").forEach(release));
