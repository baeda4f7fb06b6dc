// Pictures from the machine: live preview, stills by key, space bar or pedal, clips of fifteen seconds. Nothing taken is
// lost: every picture lies in this browser until the server has said that it has it, whatever happens to the device,
// the line or the page.
import { chordOf } from "./keys.js";
import { icon, isTyping, proof, say } from "./words.js";
import { toast } from "./undo.js";

const CLIP_MS = 15_000;
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
const owner = document.body.dataset.account ?? "";
const scope = document.querySelector("#scope");
const study = scope?.dataset.study ?? "";
const film = document.querySelector("#film");

// ── What waits for the server ──────────────────────────────────────────────────────────────────────────────────────

/** The store of this browser; a browser without one (private window, full disk) falls back to memory. */
const opened = new Promise((done) => {
  try {
    const request = indexedDB.open("yba-pictures", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("waiting", { keyPath: "id" });
    request.onsuccess = () => done(request.result);
    request.onerror = () => done(null);
  } catch { done(null); }
});
const memory = new Map();
async function ask(mode, act) {
  const db = await opened;
  if (!db) return undefined;
  return new Promise((done, failed) => {
    const request = act(db.transaction("waiting", mode).objectStore("waiting"));
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}
async function remember(entry) {
  memory.set(entry.id, entry);
  await ask("readwrite", (store) => store.put(entry)).catch(() => toast({ text: say("Ổ đĩa của máy này đầy: hình chỉ giữ tới khi đóng trang. Đừng đóng trang trước khi gửi xong."), bad: true }));
}
async function forget(id) {
  memory.delete(id);
  await ask("readwrite", (store) => store.delete(id)).catch(() => {});
}
async function waiting() {
  const kept = (await ask("readonly", (store) => store.getAll()).catch(() => [])) ?? [];
  for (const entry of kept) memory.set(entry.id, entry);
  return [...memory.values()].filter((entry) => entry.account === owner).sort((a, b) => a.at.localeCompare(b.at));
}

let sending = false;
let tries = 0;
let timer;
/** Sends what waits, one after the other, oldest first; on trouble waits a little and tries again for ever. */
async function drain() {
  clearTimeout(timer);
  if (sending) return;
  sending = true;
  try {
    for (let entry; (entry = (await waiting()).find((one) => !one.refused)); ) {
      await showWaiting();
      const answer = await fetch(`/app/imaging/studies/${entry.study}/pictures/${entry.id}?at=${encodeURIComponent(entry.at)}`, {
        method: "PUT", headers: { ...proof(), "Content-Type": entry.blob.type, Accept: "application/json" }, body: entry.blob, signal: AbortSignal.timeout(60000),
      });
      if (answer.status === 401 || answer.status === 429 || answer.status >= 500) throw new Error(String(answer.status));
      const said = await answer.json().catch(() => ({}));
      if (answer.ok) {
        await forget(entry.id);
        if (said.removed) shotOf(entry.id)?.remove();
        else markShot(entry.id, "kept");
      } else {
        // Sending the same again would not help; the picture stays here until the person throws it away.
        await remember({ ...entry, refused: said.text || say("Máy chủ không nhận hình này.") });
        markShot(entry.id, "refused", said.text);
        toast({ text: said.text || say("Máy chủ không nhận hình này."), bad: true });
      }
      tries = 0;
    }
  } catch {
    timer = setTimeout(drain, RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)]);
  } finally {
    sending = false;
    await showWaiting();
  }
}
addEventListener("online", drain);
document.addEventListener("net", (event) => { if (event.detail === "fine") drain(); });

const state = document.querySelector("[data-scope-state]");
let camera = { look: "loader", text: say("Đang mở nguồn hình…") };
function showState(look, text) {
  if (look) camera = { look, text };
  if (!state) return;
  state.className = `scope-state ${camera.look === "camera" ? "fine" : ""}`;
  state.replaceChildren(icon(camera.look), Object.assign(document.createElement("span"), { textContent: camera.text }));
}
async function showWaiting() {
  const left = (await waiting()).filter((entry) => !entry.refused).length;
  document.querySelector("[data-scope-waiting]")?.remove();
  if (!state || !left) return;
  const text = tries ? say("Giữ {} hình ở máy này, đang chờ mạng", left) : say("Đang gửi {} hình", left);
  state.after(Object.assign(document.createElement("span"), { className: "scope-waiting", textContent: text }));
  state.nextElementSibling.setAttribute("data-scope-waiting", "");
}

// ── The strip of captures ──────────────────────────────────────────────────────────────────────────────────────────

const shotOf = (id) => film?.querySelector(`[data-picture="${id}"]`);
function markShot(id, how, text = "") {
  const shot = shotOf(id);
  if (!shot) return;
  shot.dataset.state = how;
  const mark = shot.querySelector(".shot-state");
  if (mark) mark.textContent = how === "sending" ? say("đang gửi") : how === "refused" ? say("không nhận") : "";
  if (mark && text) mark.title = text;
  document.dispatchEvent(new CustomEvent("film"));
}
function addShot(entry) {
  if (!film || shotOf(entry.id)) return;
  const shot = document.querySelector(`#shot-${entry.kind}`).content.firstElementChild.cloneNode(true);
  shot.dataset.picture = entry.id;
  const url = URL.createObjectURL(entry.blob);
  const time = new Date(entry.at).toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
  if (entry.kind === "still") {
    shot.querySelector("img").src = url;
    shot.querySelector("img").alt = say("Hình lúc {}", time);
    shot.querySelector("input").name = `c.${entry.id}`;
  } else {
    shot.querySelector("a").href = url;
    shot.querySelector(".shot-caption").textContent = time;
  }
  film.append(shot);
  markShot(entry.id, entry.refused ? "refused" : "sending", entry.refused);
  shot.scrollIntoView({ block: "nearest", inline: "end" });
}

/** Takes a picture in: kept here first, shown at once, sent in the background. */
export async function keep(kind, blob) {
  const entry = { id: crypto.randomUUID(), study, account: owner, kind, blob, at: new Date().toISOString() };
  await remember(entry);
  addShot(entry);
  drain();
}

document.addEventListener("click", async (event) => {
  const drop = event.target.closest?.("[data-drop-shot]");
  if (!drop) return;
  const shot = drop.closest("[data-picture]");
  const id = shot.dataset.picture;
  if (shot.dataset.state === "refused") await forget(id);
  else {
    const answer = await fetch(`/app/imaging/studies/${study}/pictures/${id}/removed`, { method: "POST", headers: { ...proof(), "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok) return toast({ text: say("Chưa xóa được hình. Thử lại khi hình đã gửi xong."), bad: true });
    await forget(id);
  }
  shot.remove();
  document.dispatchEvent(new CustomEvent("film"));
});

// ── The camera ─────────────────────────────────────────────────────────────────────────────────────────────────────

const video = document.querySelector("#live");
const devices = document.querySelector("#device");
const help = document.querySelector("[data-scope-help]");
let stream;
let recorder;

const HELP = {
  NotAllowedError: ["Trình duyệt đang chặn nguồn hình", "Hình đã chụp và chữ đã gõ vẫn còn.", ["Bấm biểu tượng ổ khóa hoặc máy quay ở đầu thanh địa chỉ.", "Chọn “Cho phép” ở mục Máy ảnh.", "Bấm Thử lại. Nếu chưa được, tải hình từ máy siêu âm rồi chọn tệp."]],
  NotFoundError: ["Không thấy thiết bị lấy hình", "Hình đã chụp và chữ đã gõ vẫn còn.", ["Kiểm tra dây từ máy siêu âm tới hộp lấy hình và dây USB tới máy tính.", "Cắm xong, hình tự hiện lại; hoặc bấm Thử lại."]],
  NotReadableError: ["Thiết bị đang được chương trình khác dùng", "", ["Đóng chương trình xem hình hoặc họp trực tuyến đang mở.", "Bấm Thử lại."]],
  insecure: ["Trình duyệt chỉ mở nguồn hình trên địa chỉ https", "", ["Mở trang này bằng địa chỉ https của phòng khám.", "Trong lúc chờ, tải hình từ máy siêu âm rồi chọn tệp."]],
};
function showHelp(name) {
  const [title, text, steps] = HELP[name] ?? HELP.NotFoundError;
  help.querySelector("[data-help-title]").textContent = say(title);
  help.querySelector("[data-help-text]").textContent = text ? say(text) : "";
  help.querySelector("[data-help-steps]").replaceChildren(...steps.map((step) => Object.assign(document.createElement("li"), { textContent: say(step) })));
  help.hidden = false;
  showState("alert-triangle", say(title));
}

const remembered = () => { try { return localStorage.getItem("yba:imaging:device") ?? ""; } catch { return ""; } };

async function open(wanted = remembered()) {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  if (!navigator.mediaDevices?.getUserMedia) return showHelp("insecure");
  const size = { width: { ideal: 1920 }, height: { ideal: 1080 } };
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted ? { ...size, deviceId: { exact: wanted } } : size });
  } catch (trouble) {
    // The remembered device is not there today: any other is better than none.
    if (wanted && ["OverconstrainedError", "NotFoundError"].includes(trouble.name)) return open("");
    return showHelp(trouble.name);
  }
  const [track] = stream.getVideoTracks();
  track.addEventListener("ended", () => { stream = null; showHelp("NotFoundError"); });
  video.srcObject = stream;
  help.hidden = true;
  await video.play().catch(() => {});
  const { width, height } = track.getSettings();
  showState("camera", say("Trực tiếp") + (width ? ` · ${width}×${height}` : ""));
  await listDevices(track);
}

async function listDevices(track) {
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const now = track.getSettings().deviceId;
  devices.replaceChildren(...found.map((device, at) => new Option(device.label || say("Nguồn hình {}", at + 1), device.deviceId, false, device.deviceId === now)));
  devices.hidden = !found.length;
}

async function shoot() {
  if (!stream || !video.videoWidth) return toast({ text: say("Chưa có hình để chụp. Kiểm tra nguồn hình."), bad: true });
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const flash = document.querySelector(".scope-flash");
  flash?.classList.remove("on");
  requestAnimationFrame(() => flash?.classList.add("on"));
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.93));
  if (blob) await keep("still", blob);
}

function record() {
  if (recorder?.state === "recording") return recorder.stop();
  if (!stream) return toast({ text: say("Chưa có hình để quay. Kiểm tra nguồn hình."), bad: true });
  const type = ["video/webm;codecs=vp8", "video/webm"].find((kind) => window.MediaRecorder?.isTypeSupported(kind));
  if (!type) return toast({ text: say("Trình duyệt này không quay được. Dùng Chrome hoặc Edge."), bad: true });
  const parts = [];
  recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: 5_000_000 });
  const sign = document.querySelector("[data-rec]");
  const started = Date.now();
  const tick = setInterval(() => {
    const left = Math.max(0, CLIP_MS - (Date.now() - started));
    sign.querySelector("[data-rec-left]").textContent = say("{} giây", Math.ceil(left / 1000));
    if (!left && recorder.state === "recording") recorder.stop();
  }, 100);
  recorder.ondataavailable = (event) => { if (event.data.size) parts.push(event.data); };
  // Also reached when the device is pulled out in the middle: what was recorded until then is kept.
  recorder.onstop = () => {
    clearInterval(tick);
    sign.hidden = true;
    if (parts.length) keep("clip", new Blob(parts, { type: "video/webm" }));
  };
  sign.hidden = false;
  recorder.start(1000);
}

/** A file from the machine: JPEG and WebM as they are, any other picture as JPEG. */
async function takeFile(file) {
  if (file.type === "image/jpeg") return keep("still", file.slice(0, file.size, "image/jpeg"));
  if (file.type.startsWith("video/webm")) return keep("clip", file.slice(0, file.size, "video/webm"));
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return toast({ text: say("{} không phải hình. Chọn tệp JPEG, PNG hoặc đoạn phim WebM.", file.name), bad: true });
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.93));
  if (blob) await keep("still", blob);
  else toast({ text: say("{} quá lớn, trình duyệt không mở được. Giảm kích thước rồi chọn lại.", file.name), bad: true });
}

// A pedal types a key of its own, chosen once on this computer.
const pedalKey = () => { try { return localStorage.getItem("yba:imaging:pedal") ?? ""; } catch { return ""; } };
function showPedal() {
  const name = scope.querySelector(".pedal-name");
  name.textContent = pedalKey();
  name.hidden = !pedalKey();
}
let learning = false;
document.addEventListener("keydown", (event) => {
  if (!scope || event.isComposing || event.repeat) return;
  const chord = chordOf(event);
  if (learning && !["Shift", "Ctrl", "Alt", "Control", "Meta"].includes(event.key)) {
    learning = false;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (chord !== "Esc") { try { localStorage.setItem("yba:imaging:pedal", chord); } catch { /* only for today then */ } }
    showPedal();
    return toast({ text: chord === "Esc" ? say("Giữ bàn đạp như cũ") : say("Bàn đạp: {}", chord) });
  }
  const letters = event.key.length === 1 && isTyping(event.target);
  if (chord === pedalKey() && !letters) {
    event.preventDefault();
    event.stopImmediatePropagation();
    shoot();
  } else if (event.key === " " && !isTyping(event.target) && !event.target.closest?.("button, a, select, summary, label, dialog")) {
    event.preventDefault();
    shoot();
  }
}, true);

if (scope) {
  const files = document.querySelector("#picture-file");
  scope.querySelector("[data-shoot]").addEventListener("click", (event) => { shoot(); event.currentTarget.blur(); });
  scope.querySelector("[data-record]").addEventListener("click", (event) => { record(); event.currentTarget.blur(); });
  scope.querySelector("[data-retry]").addEventListener("click", () => open());
  scope.querySelector("[data-pedal]").addEventListener("click", (event) => { learning = true; event.currentTarget.blur(); toast({ text: say("Đạp bàn đạp, hoặc bấm phím muốn dùng. Esc: thôi.") }); });
  scope.querySelectorAll("[data-choose-file]").forEach((button) => button.addEventListener("click", () => files.click()));
  files.addEventListener("change", async () => { for (const file of files.files) await takeFile(file); files.value = ""; });
  devices.addEventListener("change", () => {
    try { localStorage.setItem("yba:imaging:device", devices.value); } catch { /* only for today then */ }
    open(devices.value);
    devices.blur();
  });
  navigator.mediaDevices?.addEventListener?.("devicechange", () => { if (!stream) open(); });
  addEventListener("pagehide", () => stream?.getTracks().forEach((track) => track.stop()));
  showPedal();
  open();
}

// Pictures left behind by a closed page, of this study and of others.
waiting().then((left) => {
  left.filter((entry) => entry.study === study).forEach(addShot);
  drain();
});
