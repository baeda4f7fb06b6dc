// Nothing typed is lost. Every change is written at once into a journal of this browser and, a moment later, to the
// server; the journal entry goes when the server has said that it has it.
//
//   <form data-autosave="/app/…/note">  PUT of the fields with `version`; a newer version elsewhere is answered by 409
//   <form data-draft="reception-new">   kept as the person's draft under /app/drafts/{name}
import { askBoth } from "./conflict.js";
import { clock, icon, proof, say } from "./words.js";
import { toast } from "./undo.js";

const REST_MS = 700;
const RETRY_MS = [2000, 4000, 8000, 15000];
const owner = document.body.dataset.account ?? "";
const NEVER = new Set(["csrf", "version", "password", "otp", "code"]);
const forms = new Set();

const mark = document.querySelector("[data-saved]");
function show(state, text) {
  if (!mark) return;
  const [look, name] = { saved: ["saved", "cloud-check"], saving: ["saving", "loader"], kept: ["kept", "device-floppy"], unsaved: ["unsaved", "alert-octagon"] }[state];
  mark.className = `state ${look}`;
  mark.replaceChildren(icon(name), Object.assign(document.createElement("span"), { textContent: text }));
}
function showAll() {
  const states = [...forms].map((form) => form.state);
  const kept = states.filter((state) => state === "kept").length;
  if (states.includes("unsaved")) show("unsaved", say("Chưa lưu được, thử lại"));
  else if (kept) show("kept", say("Giữ ở máy này {} mục", kept));
  else if (states.includes("saving")) show("saving", say("Đang lưu…"));
  else if (states.includes("saved")) show("saved", say("Đã lưu vừa xong"));
}

/** The fields a person fills, as [name, value] pairs; secrets and plumbing are left out. */
function fieldsOf(form) {
  return [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !NEVER.has(name) && !form.elements[name]?.closest?.("[data-no-draft]"));
}
const encode = (pairs) => new URLSearchParams(pairs).toString();

function fill(form, pairs) {
  const values = new Map();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || NEVER.has(field.name) || field.type === "file" || field.type === "submit") continue;
    const given = values.get(field.name);
    if (field.type === "checkbox" || field.type === "radio") field.checked = given?.includes(field.value) ?? false;
    else if (given) field.value = given.shift() ?? field.value;
  }
}

class Kept {
  constructor(form) {
    this.form = form;
    this.isDraft = !form.dataset.autosave;
    this.url = form.dataset.autosave || `/app/drafts/${encodeURIComponent(form.dataset.draft)}`;
    this.key = `yba:${owner}:${form.dataset.autosaveId ?? this.url}`;
    this.base = encode(fieldsOf(form));
    this.sent = this.base;
    this.tries = 0;
    this.state = "";
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("submit", () => this.submitted());
    forms.add(this);
    this.restore();
  }

  get version() { return this.form.elements.version?.value ?? ""; }
  read() { try { return JSON.parse(localStorage.getItem(this.key)); } catch { return null; } }
  write(entry) { try { localStorage.setItem(this.key, JSON.stringify(entry)); } catch { /* full or closed: the server copy remains */ } }
  forget() { try { localStorage.removeItem(this.key); } catch { /* nothing to forget */ } }

  changed() {
    const body = encode(fieldsOf(this.form));
    if (body === this.sent && this.state !== "kept") return;
    this.write({ body, base: this.base, version: this.version, at: Date.now() });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), REST_MS);
  }

  /** Sends what is on the screen; one at a time, the last state wins. */
  async save({ last = false } = {}) {
    if (this.busy && !last) { this.again = true; return; }
    const pairs = fieldsOf(this.form);
    const body = encode(pairs);
    if (body === this.sent) return;
    this.busy = true;
    this.set("saving");
    try {
      const answer = await fetch(this.url, {
        method: "PUT",
        headers: { ...proof(), "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
        body: this.isDraft ? body : encode([...pairs, ["version", this.version]]),
        keepalive: last && body.length < 60000,
        signal: last ? undefined : AbortSignal.timeout(15000),
      });
      await this.answered(answer, body);
    } catch {
      this.later();
    } finally {
      this.busy = false;
      if (this.again) { this.again = false; this.save(); }
    }
  }

  async answered(answer, body) {
    const said = answer.headers.get("content-type")?.includes("json") ? await answer.json().catch(() => ({})) : {};
    if (answer.status === 409 && said.fields) return this.conflict(said);
    if (answer.status === 401 || answer.status >= 500 || answer.status === 429) return this.later();
    if (!answer.ok) {
      // Refused: sending the same again would not help; the next change tries anew.
      this.sent = body;
      this.refusal = said.errors?.[0]?.text ?? said.detail ?? "";
      if (this.refusal) toast({ text: this.refusal, bad: true });
      return this.set("unsaved");
    }
    this.tries = 0;
    this.sent = body;
    this.base = body;
    if (said.version != null && this.form.elements.version) this.form.elements.version.value = said.version;
    if (encode(fieldsOf(this.form)) === body) this.forget();
    this.set("saved");
    this.form.dispatchEvent(new CustomEvent("saved", { bubbles: true, detail: said }));
    for (const name of said.changed ?? []) document.body.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }

  later() {
    this.set("kept");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
  }

  set(state) { this.state = state; showAll(); }

  /** Somebody saved a newer version: fields only they changed are taken, fields both changed are shown side by side. */
  async conflict(theirs) {
    this.set("unsaved");
    const base = new Map(new URLSearchParams(this.base));
    const mine = new Map(fieldsOf(this.form));
    const both = [];
    for (const [name, value] of Object.entries(theirs.fields)) {
      if (value === (mine.get(name) ?? "")) continue;
      const field = this.form.elements[name];
      if (!field) continue;
      if (mine.get(name) === base.get(name)) mine.set(name, value);
      else if (value !== base.get(name)) both.push({ name, label: field.labels?.[0]?.textContent.trim() ?? name, mine: mine.get(name) ?? "", theirs: value });
    }
    if (both.length) {
      // Until the person has decided, the journal keeps both texts.
      this.write({ body: encode([...mine]), base: this.base, version: this.version, at: Date.now(), theirs });
      const chosen = await askBoth(both, theirs);
      for (const [name, value] of chosen) mine.set(name, value);
    }
    if (this.form.elements.version) this.form.elements.version.value = theirs.version;
    this.base = encode(Object.entries(theirs.fields));
    fill(this.form, [...mine]);
    this.sent = "";
    this.busy = false;
    await this.save();
  }

  /** Brings back what a killed browser or a lost line left behind. */
  async restore() {
    const left = this.read();
    const now = encode(fieldsOf(this.form));
    if (left && !left.submitted) {
      if (left.body === now) return this.forget();
      if (this.isDraft || left.version === this.version || left.base === now) return this.bringBack(left.body, left.at);
      // The server has moved on since; treat it as an edit by two.
      this.base = left.base;
      const theirs = { version: this.version, fields: Object.fromEntries(new URLSearchParams(now)), by: "", at: "" };
      fill(this.form, new URLSearchParams(left.body));
      return this.conflict(theirs);
    }
    if (!this.isDraft) return this.forget();
    const draft = await fetch(this.url, { headers: proof() }).then((answer) => (answer.ok ? answer.text() : ""), () => "");
    // A form that was sent and whose draft is gone was saved: its journal has done its work.
    if (!draft) return left?.submitted && this.forget();
    if (draft !== now && encode(fieldsOf(this.form)) === now) this.bringBack(draft, left?.at ?? null);
  }

  bringBack(body, at) {
    const before = fieldsOf(this.form);
    fill(this.form, new URLSearchParams(body));
    this.form.dispatchEvent(new CustomEvent("restored", { bubbles: true }));
    toast({ text: say("Đã lấy lại phần đang gõ lúc {}", clock(at ?? Date.now())), act: { label: say("Bỏ phần đó"), run: () => { fill(this.form, before); this.discard(); } } });
    if (body !== this.sent) { this.timer = setTimeout(() => this.save(), REST_MS); }
  }

  discard() {
    this.forget();
    clearTimeout(this.timer);
    if (this.isDraft) { this.sent = encode(fieldsOf(this.form)); fetch(this.url, { method: "DELETE", headers: proof() }); } else this.changed();
  }

  submitted() {
    clearTimeout(this.timer);
    // The page that is being left must not send the draft once more, or it would outlive what was saved.
    this.sent = encode(fieldsOf(this.form));
    const entry = this.read();
    if (entry) this.write({ ...entry, submitted: true });
  }
}

function meetAll() {
  for (const kept of forms) {
    if (!kept.form.isConnected) { clearTimeout(kept.timer); forms.delete(kept); }
  }
  const known = new Set([...forms].map((kept) => kept.form));
  document.querySelectorAll("form[data-autosave], form[data-draft]").forEach((form) => { if (!known.has(form)) new Kept(form); });
}

addEventListener("online", () => forms.forEach((kept) => kept.state === "kept" && kept.save()));
document.addEventListener("net", (event) => { if (event.detail === "fine") forms.forEach((kept) => kept.state === "kept" && kept.save()); });
document.addEventListener("visibilitychange", () => { if (document.hidden) forms.forEach((kept) => kept.save({ last: true })); });
document.addEventListener("htmx:after:swap", meetAll);
mark?.addEventListener("click", () => forms.forEach((kept) => kept.save()));
meetAll();
