// The doctor's room: tabs that never lose what was typed, fields that belong to a choice.

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
  reveal(goal);
}

/** Brings a field into view; the search for codes high up, because its list opens below it. */
function reveal(field) {
  const scroller = field?.closest(".col-body");
  if (!scroller) return;
  if (field.id !== "icd") return field.scrollIntoView({ block: "nearest" });
  const above = field.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  if (above > 170) scroller.scrollTop += above - 170;
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
  reveal(field);
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
  icd?.addEventListener("focus", () => reveal(icd));

  // What still lacks, under the button, as it is typed and chosen.
  const lacking = () => {
    const lacks = {
      reason: !note.elements["section.reason"]?.value.trim(),
      diagnosis: !document.querySelector("#diagnoses li"),
      disposition: !kinds.some((kind) => kind.checked),
    };
    for (const word of document.querySelectorAll("[data-lack]")) word.hidden = !lacks[word.dataset.lack];
    // A reminder about an empty part goes as soon as the part is begun.
    for (const reminder of document.querySelectorAll("[data-while-empty]")) reminder.hidden = Boolean(note.elements[reminder.dataset.whileEmpty]?.value.trim());
    const line = document.getElementById("missing");
    if (line) line.hidden = !Object.values(lacks).includes(true);
  };
  for (const kind of ["input", "change", "restored"]) note.addEventListener(kind, lacking);
  document.addEventListener("htmx:after:swap", lacking);
}

// Another diagnosis changes favourites and checks of the prescription; it asks for itself anew.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target.id === "icd" || event.detail.ctx.target?.id === "diagnoses") document.body.dispatchEvent(new CustomEvent("diagnosed"));
});
