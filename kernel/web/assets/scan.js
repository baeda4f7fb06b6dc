// A reader types faster than any hand and ends with Enter. Such a burst is a scan: it goes to the resolver, never into
// the field that happened to have the focus.
import { icon, proof, say } from "./words.js";
import { toast } from "./undo.js";

const GAP_MS = 45;
const SHORTEST = 6;
let burst = null;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) { if (event.key.length > 1) return; burst = null; return; }
  const now = performance.now();
  if (event.key === "Enter" || event.key === "Tab") {
    const found = burst;
    burst = null;
    if (!found || found.text.length < SHORTEST || now - found.last > GAP_MS * 2) return;
    // A hand needs 60 ms and more from key to key; a reader about ten.
    if ((found.last - found.first) / (found.text.length - 1) > GAP_MS) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const field = found.field;
    // What the reader could not send as keys (marks through an input method) has arrived in the field.
    const arrived = field && field.value.startsWith(found.before) ? field.value.slice(found.before.length) : "";
    if (field) {
      field.value = found.before;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    resolve(arrived.length > found.text.length || found.unsure ? arrived || found.text : found.text);
    return;
  }
  if (event.key.length !== 1) {
    if (burst && (event.key === "Process" || event.key === "Unidentified" || event.key === "Dead")) { burst.unsure = true; burst.last = now; }
    return;
  }
  if (!burst || now - burst.last > GAP_MS * 2) {
    const field = event.target.matches?.("input, textarea") && typeof event.target.value === "string" ? event.target : null;
    burst = { text: "", first: now, last: now, field, before: field?.value ?? "" };
  }
  burst.text += event.key;
  burst.last = now;
}, true);

/** Asks the server what a code is. A page that understands it itself listens for `scan` and prevents the default. */
export async function resolve(code) {
  const told = new CustomEvent("scan", { bubbles: true, cancelable: true, detail: { code } });
  if (!(document.querySelector("[data-scan-here]") ?? document).dispatchEvent(told)) return;
  const note = toast({ text: say("Đang đọc mã…") });
  try {
    const answer = await fetch("/app/scan", { method: "POST", headers: { ...proof(), Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ code }) });
    note.remove();
    if (answer.redirected) return location.assign(answer.url);
    const said = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
    if (answer.ok && said.go) return location.assign(said.go);
    toast({ text: said.detail || said.text || said.problem || say("Không đọc được mã này. Quét lại hoặc gõ tay."), bad: true });
  } catch {
    note.remove();
    toast({ text: say("Chưa gửi được: máy chủ không trả lời. Nội dung vẫn còn trên màn hình."), bad: true });
  }
}

// A form that takes scans itself (a till) gets the code into its field `code` and sends it.
document.addEventListener("scan", (event) => {
  const form = event.target;
  if (!form.matches?.("form[data-scan-here]")) return;
  event.preventDefault();
  form.elements.code.value = event.detail.code;
  form.requestSubmit();
});

// A scan typed by hand or pasted into a scan field and sent with Enter goes the same way when it looks like a code.
document.addEventListener("paste", (event) => {
  if (!event.target.matches?.("[data-scan]")) return;
  const text = event.clipboardData?.getData("text").trim() ?? "";
  if (/^\d{12}\|/.test(text) || (text.endsWith("$") && text.split("|").length > 5)) { event.preventDefault(); resolve(text); }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-camera]");
  if (!button) return;
  const { readByCamera } = await import("./camera.js");
  const code = await readByCamera();
  if (code) resolve(code);
});
for (const button of document.querySelectorAll("[data-camera]:empty")) button.append(icon("camera"));
