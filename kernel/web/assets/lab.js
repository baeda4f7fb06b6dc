// Typing results: Enter and ↓ go down the column, each cell is sent as it is left, and what the server thinks of it
// stands beside the value. A cell that was not taken keeps what was typed.
import { icon, proof, say } from "./words.js";

const RETRY_MS = 4000;
const grid = document.querySelector("[data-lab-grid]");
const said = document.querySelector("[data-lab-said]");
const inputs = () => [...grid.querySelectorAll("input[data-cell]")];
const waiting = new Map();

for (const input of grid ? inputs() : []) input.dataset.sent = input.value;

function move(input, steps) {
  const column = inputs().filter((other) => other.dataset.column === input.dataset.column && !other.disabled);
  const next = column[column.indexOf(input) + steps];
  if (!next) return false;
  next.focus();
  next.select();
  return true;
}

// Before enter.js, which would go along the row.
grid?.addEventListener("keydown", (event) => {
  const input = event.target;
  if (!input.matches("input[data-cell]") || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const steps = { Enter: event.shiftKey ? -1 : 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!steps || (input.list && event.key !== "Enter")) return;
  event.preventDefault();
  event.stopPropagation();
  if (!move(input, steps)) send(input);
}, true);

grid?.addEventListener("focusout", (event) => { if (event.target.matches("input[data-cell]")) send(event.target); });
grid?.addEventListener("focusin", (event) => { if (event.target.matches("input[data-cell]")) event.target.select(); });

async function send(input) {
  const typed = input.value;
  if (typed === input.dataset.sent || input.dataset.busy) return;
  input.dataset.busy = "1";
  try {
    const answer = await fetch(`/app/lab/results/${input.dataset.cell}`, {
      method: "PUT",
      headers: { ...proof(), "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
      body: new URLSearchParams({ value: typed, version: input.dataset.version }),
      signal: AbortSignal.timeout(15000),
    });
    const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
    if (answer.ok) {
      problem(input, "");
      waiting.delete(input);
      for (const cell of told.cells) paint(cell, typed);
    } else if (answer.status === 409) {
      // The other person's value stands; what was typed here is named, so that nothing is lost.
      paint(told.cell, typed);
      problem(input, `${told.problem} (${typed})`);
    } else if (answer.status === 422) {
      input.dataset.sent = typed;
      problem(input, told.problem ?? say("Chưa lưu được, thử lại"));
    } else throw new Error(String(answer.status));
  } catch {
    problem(input, say("Chưa lưu được, thử lại"));
    waiting.set(input, setTimeout(() => { delete input.dataset.busy; send(input); }, RETRY_MS));
  } finally {
    delete input.dataset.busy;
    ready(input.closest("[data-sample]"));
    // Typed on while it was under way.
    if (input.value !== typed && document.activeElement !== input) send(input);
  }
}

/** Shows a cell as the server has it. */
function paint(cell, typed) {
  const input = grid.querySelector(`input[data-cell="${cell.id}"]`);
  if (!input) return;
  const box = input.closest("td");
  if (document.activeElement !== input || input.value === typed) input.value = cell.shown;
  input.dataset.sent = cell.shown;
  input.dataset.version = cell.version;
  box.classList.remove("off", "crit", "delta", "computed");
  if (cell.class) box.classList.add(cell.class);
  box.classList.toggle("delta", cell.delta);
  box.classList.toggle("computed", cell.calculated);
  box.querySelector("[data-mark]").textContent = cell.mark;
  if (said && cell.mark) said.textContent = `${input.getAttribute("aria-label")} ${cell.shown}: ${cell.flag}`;
  ready(input.closest("[data-sample]"));
}

function problem(input, text) {
  const box = input.closest("td");
  box.querySelector(".problem")?.remove();
  box.classList.toggle("has-problem", text !== "");
  input.setAttribute("aria-invalid", text !== "");
  if (!text) return;
  const told = Object.assign(document.createElement("span"), { className: "problem", textContent: text });
  told.setAttribute("role", "alert");
  box.append(told);
}

const STATES = {
  critical: ["critical solid", "alert-octagon", "Nguy kịch: gọi bác sĩ"],
  working: ["info", "loader", "Đang làm"],
  look: ["warning", "alert-triangle", "Cần xem"],
  full: ["done", "circle-check", "Đủ, chờ duyệt"],
};

/** The badge at the end of the row. */
function state(row, isFull) {
  const box = row.querySelector("[data-state]");
  if (!box) return;
  const key = row.querySelector(".crit") ? "critical" : !isFull ? "working" : row.querySelector(".off, .delta") ? "look" : "full";
  const [look, name, words] = STATES[key];
  const badge = Object.assign(document.createElement("span"), { className: `badge ${look}` });
  badge.append(icon(name), say(words));
  box.replaceChildren(badge);
}

/** A sample whose cells are all filled and accepted is ticked for validation. */
function ready(row) {
  const tick = row?.querySelector("[data-ready]");
  if (!tick) return;
  const own = [...row.querySelectorAll("input[data-cell]")];
  tick.checked = own.length > 0 && own.every((input) => input.value.trim() !== "" && input.value === input.dataset.sent && !input.closest(".has-problem"));
  state(row, tick.checked);
  const count = document.querySelectorAll("[data-ready]:checked").length;
  const label = document.querySelector("[data-lab-count]");
  if (label) label.textContent = count ? say("Duyệt {} mẫu đủ kết quả", count) : say("Duyệt mẫu đã chọn");
}

addEventListener("beforeunload", (event) => { if (waiting.size) event.preventDefault(); });
// Validation waits for the cell that is being left.
document.getElementById("technical")?.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.sure) return;
  const open = inputs().filter((input) => input.value !== input.dataset.sent);
  if (!open.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  await Promise.all(open.map(send));
  form.dataset.sure = "1";
  if (!grid.querySelector(".has-problem")) form.requestSubmit();
  else delete form.dataset.sure;
}, true);
