// Reads a QR code with the camera: the browser's own reader where it has one, else jsQR, fetched only then.
import { floatUp } from "./keys.js";
import { caps, make, say } from "./words.js";
import { toast } from "./undo.js";

const EVERY_MS = 120;

async function reader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats?.().catch(() => []))?.includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue;
  }
  if (!window.jsQR) {
    await new Promise((done, failed) => {
      const script = make("script", { src: new URL("vendor/jsqr.js", import.meta.url).href });
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });
  }
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    if (!canvas.width) return undefined;
    pen.drawImage(video, 0, 0);
    const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(data, canvas.width, canvas.height)?.data || undefined;
  };
}

/** The text of the code held before the camera, or null when the person closed it. */
export async function readByCamera() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch {
    toast({ text: say("Không mở được máy ảnh. Cho phép dùng máy ảnh trong trình duyệt rồi thử lại."), bad: true });
    return null;
  }
  const video = make("video", { class: "fill", playsinline: true, muted: true });
  video.srcObject = stream;
  const dialog = floatUp(make("dialog", { class: "float", "aria-label": say("Đưa mã QR vào khung") },
    make("header", {}, make("span", { class: "grow" }, say("Đưa mã QR vào khung")), make("button", { class: "btn btn-s", type: "button", "data-key": "Esc" }, say("Đóng"), " ", caps("Esc"))),
    make("div", { class: "body" }, video)));
  try {
    await video.play();
    const read = await reader();
    while (dialog.open) {
      const code = await read(video).catch(() => undefined);
      if (code) return code;
      await new Promise((rest) => setTimeout(rest, EVERY_MS));
    }
    return null;
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    if (dialog.open) dialog.close();
  }
}
