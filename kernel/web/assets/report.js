// The report of a study: normal sentences and phrases by one key, measurements inside sentences, pictures chosen and put
// in order, computed values as they come back from the server.
import { icon, say } from "./words.js";
import { toast } from "./undo.js";

const form = document.querySelector("#report");
const film = document.querySelector("#film");
const chosen = document.querySelector("#chosen");
const BLANK = "…";

/** Tells the form that something outside its own box changed; the autosave listens there. */
const touched = () => form.dispatchEvent(new Event("input", { bubbles: true }));

// ── Sections ───────────────────────────────────────────────────────────────────────────────────────────────────────

const organs = () => [...form.querySelectorAll("[data-organ]")];
const textOf = (organ) => organ.querySelector("textarea");
/** The section where the cursor is, or the last one it was in. */
let here = null;

function showState(organ) {
  const text = textOf(organ).value.trim();
  const badge = organ.querySelector("[data-organ-state]");
  const normal = text === textOf(organ).dataset.normal;
  badge.hidden = !text;
  badge.className = `badge ${normal ? "done" : "warning"}`;
  badge.textContent = normal ? say("Bình thường") : say("Bất thường");
}

/** A ready sentence with the measurements written in; what is not measured yet stays a blank to be filled. */
function filled(sentence) {
  return sentence.replace(/\{(\w+)\}/g, (whole, key) => {
    const field = form.querySelector(`[data-measure="${key}"]`);
    return field ? field.value.trim() || BLANK : whole;
  });
}

function write(organ, sentence, { instead = false } = {}) {
  const field = textOf(organ);
  const before = field.value.trim();
  const keeps = !instead && before && before !== field.dataset.normal;
  field.value = keeps ? `${before} ${sentence}` : sentence;
  field.focus();
  const blank = field.value.indexOf(BLANK);
  // The cursor goes to the first blank, so that the next word typed fills it.
  if (blank >= 0) field.setSelectionRange(blank, blank + 1);
  else field.setSelectionRange(field.value.length, field.value.length);
  showState(organ);
  touched();
}

form.addEventListener("focusin", (event) => { here = event.target.closest("[data-organ]") ?? here; });
form.addEventListener("input", (event) => {
  const organ = event.target.closest?.("[data-organ]");
  if (organ) showState(organ);
});
form.addEventListener("restored", () => { organs().forEach(showState); showFilm(); });

form.addEventListener("click", (event) => {
  const organ = event.target.closest("[data-organ]");
  if (event.target.closest("[data-write-normal]")) write(organ, textOf(organ).dataset.normal, { instead: true });
  const phrase = event.target.closest("[data-phrase]");
  if (phrase) write(organ, filled(phrase.dataset.phrase));
  if (event.target.closest("[data-go-organ]")) {
    const field = textOf(organ);
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    field.scrollIntoView({ block: "nearest" });
  }
  const keep = event.target.closest("[data-keep-phrase]");
  if (keep) {
    const box = document.querySelector("#phrase-new");
    box.elements.section.value = keep.dataset.keepPhrase;
    box.elements.body.value = textOf(organ).value;
  }
  const end = event.target.closest("[data-end-phrase]");
  if (end) {
    const box = document.querySelector("#phrase-end");
    box.action = `/app/imaging/phrases/${end.dataset.endPhrase}/ended`;
    box.requestSubmit();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.altKey && !event.ctrlKey && event.code === "KeyB" && here) {
    event.preventDefault();
    write(here, textOf(here).dataset.normal, { instead: true });
  }
});

document.querySelector("[data-fill-normal]")?.addEventListener("click", () => {
  for (const organ of organs()) {
    const field = textOf(organ);
    if (!field.value.trim()) field.value = field.dataset.normal;
    showState(organ);
  }
  const conclusion = form.elements.conclusion;
  if (!conclusion.value.trim() && organs().every((organ) => textOf(organ).value.trim() === textOf(organ).dataset.normal)) {
    conclusion.value = form.dataset.normalConclusion;
  }
  conclusion.focus();
  touched();
});

form.addEventListener("saved", (event) => {
  const derived = document.querySelector("#derived");
  if (derived && event.detail.derived != null) derived.innerHTML = event.detail.derived;
});

document.querySelectorAll("[data-submit]").forEach((field) => field.addEventListener("change", () => field.form.requestSubmit()));

// ── Pictures ───────────────────────────────────────────────────────────────────────────────────────────────────────

const shots = () => [...film.querySelectorAll('[data-kind="still"]')];
const isChosen = (shot) => shot.querySelector("[data-pick-shot]")?.getAttribute("aria-pressed") === "true";

/** Numbers on the chosen ones, in the order in which they will be printed. */
function showFilm() {
  let number = 0;
  for (const shot of shots()) {
    const on = isChosen(shot);
    shot.classList.toggle("chosen", on);
    shot.querySelector(".shot-no").textContent = on ? String(++number) : "";
  }
  document.querySelector("[data-chosen-count]").textContent = String(number);
}
function keepFilm() {
  showFilm();
  const now = shots().filter(isChosen).map((shot) => shot.dataset.picture).join(",");
  if (now === chosen.value) return;
  chosen.value = now;
  touched();
}
function toggle(shot) {
  const most = Number(chosen.dataset.most);
  if (!isChosen(shot) && shots().filter(isChosen).length >= most) return toast({ text: say("Nhiều nhất {} hình một kết quả. Bỏ bớt một hình trước.", most), bad: true });
  shot.querySelector("[data-pick-shot]").setAttribute("aria-pressed", String(!isChosen(shot)));
  keepFilm();
}

film.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pick-shot]");
  if (button) toggle(button.closest(".shot"));
});
film.addEventListener("input", touched);
film.addEventListener("keydown", (event) => {
  const shot = event.target.closest(".shot");
  if (event.target !== shot) return;
  const beside = event.key === "ArrowLeft" ? shot.previousElementSibling : event.key === "ArrowRight" ? shot.nextElementSibling : null;
  if (beside && event.shiftKey) {
    beside[event.key === "ArrowLeft" ? "before" : "after"](shot);
    shot.focus();
    keepFilm();
  } else if (beside) beside.focus();
  else if (event.key === "Enter" && shot.dataset.kind === "still") toggle(shot);
  else if (event.key === "Delete") shot.querySelector("[data-drop-shot]:not([hidden])")?.click();
  else return;
  event.preventDefault();
});

let dragged = null;
film.addEventListener("dragstart", (event) => { dragged = event.target.closest(".shot"); event.dataTransfer.effectAllowed = "move"; });
film.addEventListener("dragover", (event) => {
  const over = event.target.closest(".shot");
  if (!dragged) return;
  event.preventDefault();
  if (!over || over === dragged) return;
  const box = over.getBoundingClientRect();
  over[event.clientX < box.left + box.width / 2 ? "before" : "after"](dragged);
});
film.addEventListener("drop", (event) => { event.preventDefault(); keepFilm(); });
film.addEventListener("dragend", () => { dragged = null; keepFilm(); });
document.addEventListener("film", keepFilm);

// ── Beside the work ────────────────────────────────────────────────────────────────────────────────────────────────

const prior = document.querySelector("[data-prior]");
prior?.addEventListener("click", () => {
  const box = document.querySelector("#prior");
  box.hidden = !box.hidden;
  prior.setAttribute("aria-expanded", String(!box.hidden));
});

// Somebody else saved or signed while this page was open.
document.querySelector("[data-other-hand]")?.addEventListener("live", async () => {
  const state = await fetch(form.dataset.autosave, { headers: { Accept: "application/json" } }).then((answer) => (answer.ok ? answer.json() : null), () => null);
  if (!state || state.mine) return;
  document.querySelector("[data-hand-told]")?.remove();
  const strip = document.createElement("div");
  strip.className = "strip";
  strip.setAttribute("role", "status");
  strip.dataset.handTold = "";
  strip.append(icon("users"), Object.assign(document.createElement("b"), { textContent: say(state.released ? "{} vừa ký kết quả này lúc {}. Tải lại trang để xem." : "{} đang viết kết quả này (lưu lúc {}).", state.by, state.at) }));
  document.querySelector(".stage").prepend(strip);
});

organs().forEach(showState);
showFilm();
