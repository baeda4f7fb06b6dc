// Vital signs while they are typed: a value outside the range for the age stands out at once, before the server has
// told what it means. The limits come with each field, in whole steps: "alarm low|low|high|alarm high".
import { say } from "./words.js";

const WORDS = {
  temperature: { high: "Sốt", alarmHigh: "Sốt nguy hiểm", low: "Hạ thân nhiệt", alarmLow: "Hạ thân nhiệt" },
  pulse: { high: "Nhanh", alarmHigh: "Rất nhanh", low: "Chậm", alarmLow: "Rất chậm" },
  breaths: { high: "Nhanh", alarmHigh: "Rất nhanh", low: "Thấp", alarmLow: "Rất chậm" },
};
const COMMON = { high: "Cao", alarmHigh: "Rất cao", low: "Thấp", alarmLow: "Rất thấp" };

/** Whole steps of a typed number; NaN while it is none. */
function steps(text, decimals) {
  const plain = text.trim().replace(",", ".");
  return /^\d+(\.\d+)?$/.test(plain) ? Math.round(Number(plain) * 10 ** decimals) : NaN;
}

function judge(value, limits) {
  if (Number.isNaN(value) || !limits) return "";
  const [alarmLow, low, high, alarmHigh] = limits.split("|").map((part) => (part === "" ? null : Number(part)));
  if (alarmLow !== null && value <= alarmLow) return "alarmLow";
  if (alarmHigh !== null && value >= alarmHigh) return "alarmHigh";
  if (low !== null && value < low) return "low";
  if (high !== null && value > high) return "high";
  return "";
}

function colour(card) {
  const decimals = Number(card.dataset.decimals);
  let worst = "";
  let field = "";
  for (const input of card.querySelectorAll("input")) {
    const level = judge(steps(input.value, decimals), input.dataset.limits ?? card.dataset.limits);
    if (level && (!worst || level.startsWith("alarm"))) [worst, field] = [level, input.name];
  }
  const alarm = worst.startsWith("alarm");
  card.classList.toggle("crit", alarm);
  card.classList.toggle("warn", worst !== "" && !alarm);
  const badge = card.querySelector("[data-word]");
  if (!badge) return;
  badge.hidden = worst === "";
  badge.className = `badge ${alarm ? "critical" : "warning"}`;
  badge.querySelector("span").textContent = worst ? say((WORDS[field] ?? COMMON)[worst]) : "";
}

for (const form of document.querySelectorAll("form[data-vitals]")) {
  const all = () => form.querySelectorAll(".vital").forEach(colour);
  form.addEventListener("input", (event) => { const card = event.target.closest(".vital"); if (card) colour(card); });
  form.addEventListener("restored", all);
  // Questions at the right belong to the form but stand outside it; the form must hear them to keep the draft.
  for (const field of form.elements) if (!form.contains(field)) field.addEventListener("input", () => form.dispatchEvent(new Event("input")));
  all();
}
