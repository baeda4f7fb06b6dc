// A pad to draw a signature on, and one box that ticks the others of a list.

for (const pad of document.querySelectorAll("canvas[data-sign-pad]")) {
  const field = document.getElementById(pad.dataset.signPad);
  const pen = pad.getContext("2d");
  pen.lineWidth = 3;
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = "#12326b";
  let at = null, drawn = 0;
  const point = (event) => {
    const box = pad.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * pad.width, ((event.clientY - box.top) / box.height) * pad.height];
  };
  // Drawn before and sent back with a problem beside another field: it need not be drawn again.
  if (field.value) {
    const before = new Image();
    before.onload = () => pen.drawImage(before, 0, 0);
    before.src = field.value;
  }
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    at = point(event);
    event.preventDefault();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!at) return;
    const to = point(event);
    pen.beginPath();
    pen.moveTo(...at);
    pen.lineTo(...to);
    pen.stroke();
    drawn += Math.hypot(to[0] - at[0], to[1] - at[1]);
    at = to;
  });
  const lift = () => {
    at = null;
    // A dot is no signature.
    if (drawn > 40) field.value = pad.toDataURL("image/png");
  };
  pad.addEventListener("pointerup", lift);
  pad.addEventListener("pointercancel", lift);
  document.querySelector(`[data-clear-pad="${pad.id}"]`)?.addEventListener("click", () => {
    pen.clearRect(0, 0, pad.width, pad.height);
    field.value = "";
    drawn = 0;
  });
}

for (const all of document.querySelectorAll("[data-tick-all]")) {
  const boxes = () => document.querySelectorAll(`input[type=checkbox][name="${all.dataset.tickAll}"]`);
  all.addEventListener("change", () => {
    // No more than one signing takes.
    [...boxes()].forEach((box, n) => (box.checked = all.checked && n < 50));
  });
}
