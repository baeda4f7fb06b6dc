// The screen in the hall: reads the scanner, has keys of its own, says when the network is gone, and forgets whoever
// stood there.
const body = document.body;
const home = body.dataset.home;
const REST_S = 30;
const WARN_S = 10;
let left = REST_S;

/** Back to the beginning, with nothing of the last person in the history. */
function wipe() {
  for (const field of document.querySelectorAll("input:not([type=hidden])")) field.value = "";
  location.replace(home);
}

if (body.dataset.step !== "home") {
  const shown = document.querySelector("[data-countdown]");
  setInterval(() => {
    left -= 1;
    if (shown) {
      shown.hidden = left > WARN_S;
      shown.textContent = `(${left})`;
    }
    if (left <= 0 && navigator.onLine) wipe();
  }, 1000);
}
for (const touch of ["pointerdown", "keydown", "input"]) addEventListener(touch, () => { left = REST_S; }, { capture: true });
// A page kept by the browser would show the last person again.
addEventListener("pageshow", (event) => { if (event.persisted) wipe(); });

function network() { body.classList.toggle("is-offline", !navigator.onLine); }
addEventListener("online", network);
addEventListener("offline", network);
network();
for (const form of document.forms) {
  form.addEventListener("submit", (event) => {
    if (!navigator.onLine || form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
}

// A reader types like a keyboard and ends with Enter: at the beginning it goes straight to the scan.
let burst = "";
let last = 0;
addEventListener("keydown", (event) => {
  if (document.querySelector("[data-kiosk-scan]") || event.ctrlKey || event.altKey) return;
  const now = performance.now();
  if (now - last > 120) burst = "";
  last = now;
  if (event.key === "Enter" && burst.length >= 6 && !document.activeElement?.matches("input")) {
    event.preventDefault();
    const form = Object.assign(document.createElement("form"), { method: "post", action: `${home}/scan` });
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "code", value: burst }));
    body.append(form);
    form.submit();
  } else if (event.key.length === 1) burst += event.key;
});

const pad = document.querySelector(".k-pad");
if (pad) {
  let field = document.querySelector("#k-phone");
  for (const input of document.querySelectorAll(".k-input")) input.addEventListener("focus", () => { field = input; });
  pad.addEventListener("click", (event) => {
    const digit = event.target.closest("button")?.dataset.digit;
    if (!digit) return;
    field.value = digit === "back" ? field.value.slice(0, -1) : field.value + digit;
    if (field.id === "k-phone" && field.value.length === 10 && digit !== "back") field = document.querySelector("#k-year");
    field.focus();
  });
}

document.querySelector("[data-print-here]")?.addEventListener("click", () => window.print());
document.querySelector("[data-large]")?.addEventListener("click", () => {
  const large = body.classList.toggle("is-large");
  sessionStorage.setItem("large", large ? "1" : "");
});
if (sessionStorage.getItem("large")) body.classList.add("is-large");

const clock = document.querySelector("[data-clock]");
if (clock) setInterval(() => { clock.textContent = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" }).format(new Date()); }, 15000);
