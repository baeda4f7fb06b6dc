// Papers: fetched as PDF into a hidden frame and printed from there, without leaving the screen.
import { icon, make, proof, say } from "./words.js";
import { toast } from "./undo.js";

const mark = document.querySelector("[data-printer]");
const tell = (text) => mark?.replaceChildren(icon("printer"), make("span", {}, text));

/** Prints one paper. Answers when the browser's print window was asked for. */
export async function print(address) {
  tell(say("Đang in…"));
  try {
    const answer = await fetch(address, { headers: proof() });
    if (!answer.ok || !answer.headers.get("content-type")?.includes("pdf")) throw new Error(String(answer.status));
    const url = URL.createObjectURL(await answer.blob());
    const frame = make("iframe", { class: "sr-only", title: say("Đang in…"), "aria-hidden": "true", tabindex: "-1", src: url });
    await new Promise((done) => { frame.addEventListener("load", done, { once: true }); document.body.append(frame); });
    try {
      frame.contentWindow.focus();
      frame.contentWindow.print();
    } catch {
      window.open(url);
    }
    // The print window may still be reading the frame; it is small and goes with the page.
    setTimeout(() => { frame.remove(); URL.revokeObjectURL(url); }, 600000);
  } catch {
    toast({ text: say("Chưa lấy được giấy để in. Hãy thử lại."), bad: true });
  } finally {
    tell(say("Máy in sẵn sàng"));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-print]");
  if (!button) return;
  event.preventDefault();
  print(button.dataset.print || button.href);
});
// A page that was opened in order to print: <body> or any element with data-print-now="/….pdf".
const now = document.querySelector("[data-print-now]");
if (now) print(now.dataset.printNow);
