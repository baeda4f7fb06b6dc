// Tables and lists by keyboard: ↑↓ move, Enter opens, Space ticks, Home and End.
import { isShown, isTyping } from "./words.js";

const rowsOf = (box) => [...box.querySelectorAll("tbody tr[tabindex], li > a, li[tabindex]")].filter(isShown);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.isComposing) return;
  const row = event.target.closest?.("[data-rows] tr[tabindex], [data-rows] li > a, [data-rows] li[tabindex]");
  if (!row) {
    // From the page itself ↓ enters the first list.
    if ((event.key === "ArrowDown") && !isTyping() && document.activeElement === document.body) {
      const box = document.querySelector("[data-rows]");
      const rows = box ? rowsOf(box) : [];
      const start = rows.find((candidate) => candidate.matches(".is-current, [aria-current]")) ?? rows[0];
      if (start) { start.focus(); event.preventDefault(); }
    }
    return;
  }
  if (isTyping(event.target) && event.target !== row) return;
  const rows = rowsOf(row.closest("[data-rows]"));
  const at = rows.indexOf(row);
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (goal !== undefined) {
    rows[Math.max(0, Math.min(goal, rows.length - 1))]?.focus();
    event.preventDefault();
  } else if (event.target === row && event.key === "Enter" && row.matches("tr, li")) {
    open(row, event);
  } else if (event.target === row && event.key === " ") {
    const tick = row.querySelector("input[type=checkbox], input[type=radio]");
    if (tick) { tick.click(); event.preventDefault(); }
  }
});

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("tr[data-href]");
  if (row && !event.target.closest("a, button, input, label, summary")) open(row, event);
});

function open(row, event) {
  if (!row.dataset.href) { row.querySelector("a, button")?.click(); return; }
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) window.open(row.dataset.href);
  else location.assign(row.dataset.href);
}
