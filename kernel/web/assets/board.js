// The board in the waiting hall: follows the queue, plays a chime and speaks the call in Vietnamese.
import { say } from "./words.js";

const body = document.body;
const rooms = () => document.querySelector("#rooms");
const events = body.dataset.events;
let spoken = new Set();
let sound = null;
let tries = 0;

function rememberCalls() {
  spoken = new Set([...document.querySelectorAll("[data-call-id]")].map((call) => call.dataset.callId));
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { "X-Board": "piece" }, cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#rooms");
    if (!fresh || !rooms()) return;
    if (fresh.innerHTML !== rooms().innerHTML) rooms().replaceWith(fresh);
    callOut();
  } catch { /* the next event or the next minute brings it */ }
}

/** Speaks every call that was not on the wall before. */
function callOut() {
  for (const call of document.querySelectorAll("[data-call-id]")) {
    if (spoken.has(call.dataset.callId)) continue;
    spoken.add(call.dataset.callId);
    call.classList.add("calling");
    speak(call.dataset.call);
  }
}

function chime() {
  if (!sound || sound.state !== "running") return;
  for (const [at, pitch] of [[0, 659], [0.22, 523]]) {
    const tone = sound.createOscillator();
    const loudness = sound.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.25, sound.currentTime + at);
    loudness.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + at + 0.7);
    tone.connect(loudness).connect(sound.destination);
    tone.start(sound.currentTime + at);
    tone.stop(sound.currentTime + at + 0.75);
  }
}

function speak(sentence) {
  chime();
  if (!sentence || !("speechSynthesis" in window)) return;
  // Twice, as a nurse would call; slower than the default.
  for (let round = 0; round < 2; round++) {
    const words = new SpeechSynthesisUtterance(sentence);
    words.lang = "vi-VN";
    words.rate = 0.9;
    words.voice = speechSynthesis.getVoices().find((voice) => voice.lang.startsWith("vi")) ?? null;
    speechSynthesis.speak(words);
  }
}

function follow() {
  const source = new EventSource(events);
  source.addEventListener("hello", () => { body.dataset.link = "fine"; tries = 0; refresh(); });
  source.addEventListener("change", refresh);
  source.addEventListener("error", () => {
    body.dataset.link = "lost";
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(follow, Math.min(15000, 1000 * 2 ** tries++));
  });
}

// Browsers speak only after somebody touched the page once.
const button = document.querySelector("[data-sound]");
function turnOn() {
  sound ??= new AudioContext();
  sound.resume();
  if (button) button.hidden = true;
}
if (button) {
  button.textContent = say("Bật tiếng gọi");
  if (navigator.userActivation?.hasBeenActive) turnOn();
  addEventListener("pointerdown", turnOn, { once: true });
  addEventListener("keydown", turnOn, { once: true });
}

function tick() {
  const now = new Date();
  for (const face of document.querySelectorAll("[data-clock]")) face.textContent = now.toLocaleTimeString("vi-VN", { timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", hour12: false });
}
if (document.querySelector("[data-clock]:not([data-fixed-clock])")) setInterval(tick, 1000);

rememberCalls();
if (events) follow();
setInterval(refresh, 60000);
