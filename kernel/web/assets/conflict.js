// Two people changed the same field: both texts side by side, and neither is lost.
import { make, say } from "./words.js";

/** Asks field by field; resolves to [name, value] pairs. The dialog has no way out but a choice. */
export function askBoth(fields, theirs) {
  return new Promise((done) => {
    const rows = fields.map((field) => {
      const mine = make("textarea", { class: "form-control", "aria-label": `${field.label}: ${say("Của tôi")}` });
      const other = make("textarea", { class: "form-control", readonly: true, "aria-label": `${field.label}: ${say("Của {} lúc {}", theirs.by || say("người khác"), theirs.at || "…")}` });
      mine.value = field.mine;
      other.value = field.theirs;
      const choose = (label, value) => {
        const button = make("button", { class: "btn btn-s", type: "button" }, say(label));
        button.addEventListener("click", () => { mine.value = value; mine.focus(); });
        return button;
      };
      return {
        name: field.name,
        mine,
        view: make("section", {}, make("h3", { class: "pad-s" }, field.label), make("div", { class: "conflict" },
          make("div", {}, make("div", { class: "label" }, say("Của tôi")), mine, make("div", { class: "row-x" }, choose("Giữ của tôi", field.mine), choose("Lấy của người kia", field.theirs), choose("Ghép cả hai", `${field.theirs}\n${field.mine}`))),
          make("div", {}, make("div", { class: "label" }, say("Của {} lúc {}", theirs.by || say("người khác"), theirs.at || "…")), other))),
      };
    });
    const save = make("button", { class: "btn btn-primary", type: "button", "data-key": "F8" }, say("Lưu lựa chọn"), " ", make("kbd", {}, "F8"));
    const dialog = make("dialog", { class: "float", "aria-label": say("Hai người cùng sửa") },
      make("header", {}, make("span", { class: "grow" }, say("Hai người cùng sửa"))),
      make("div", { class: "body" }, ...rows.map((row) => row.view)), make("footer", {}, save));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    save.addEventListener("click", () => { dialog.close(); dialog.remove(); done(rows.map((row) => [row.name, row.mine.value])); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
