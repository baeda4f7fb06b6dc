// Journey (f): an ultrasound from the order to the doctor's chart, with the browser's own fake camera.
import { expect, test } from "@playwright/test";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { burst, pick, picture, signIn } from "../world.js";

test.describe.configure({ mode: "serial" });

let visit = "";
let study = "";
const folder = mkdtempSync(join(tmpdir(), "yba-ultrasound-"));

/** What another program says of a file; nothing where it is not installed. */
function told(program, ...rest) {
  try { return execFileSync(program, rest, { encoding: "utf8" }); } catch (trouble) { if (trouble.code === "ENOENT") return null; throw trouble; }
}
/** A file behind an address of ours, with the cookies of the page. */
async function fetched(page, path, name) {
  const answer = await page.request.get(path);
  expect(answer.status(), path).toBe(200);
  const body = await answer.body();
  const file = join(folder, name);
  writeFileSync(file, body);
  return { body, file };
}

test("the doctor orders an ultrasound and the room sees it at once", async ({ browser }) => {
  const desk = await signIn(browser, "tiepnhan.84101");
  await desk.goto("/app/reception");
  await burst(desk, "084179012345||Lâm Thị Ngọc Diệp|12081979|Nữ|Ấp Phú Hòa, xã Long Hồ, tỉnh Vĩnh Long|10062025");
  await expect(desk.locator("#f-name")).toHaveValue("Lâm Thị Ngọc Diệp");
  await pick(desk, "#f-room", "Nội 2");
  await pick(desk, "#f-service", "Khám Nội");
  await desk.locator("#f-reason").fill("Đau hạ sườn phải sau ăn");
  await desk.keyboard.press("F8");
  await expect(desk).toHaveURL(/visit=/);
  visit = new URL(desk.url()).searchParams.get("visit");

  const room = await signIn(browser, "sieuam.84101");
  await room.goto("/app/imaging?room=all");
  const doctor = await signIn(browser, "bacsi.84101");
  await doctor.goto(`/app/encounters/${visit}?tab=3`);
  await doctor.locator("#order-find").focus();
  await doctor.keyboard.type("sa bung", { delay: 40 });
  await expect(doctor.locator("#orders").getByRole("option").first()).toBeVisible();
  await doctor.keyboard.press("Enter");
  await expect(doctor.locator("#orders tbody tr").first()).toContainText("Siêu âm ổ bụng");
  await doctor.getByRole("button", { name: /Gửi 1 chỉ định/ }).focus();
  await doctor.keyboard.press("Enter");
  await expect(doctor.locator("#orders")).toContainText("Đã chỉ định");
  // Nobody reloads the list of the room.
  await expect(room.locator("tr", { hasText: "Lâm Thị Ngọc Diệp" })).toBeVisible();
  await picture(room, "40-sieu-am-danh-sach-cho");
});

test("four frames by key, space bar and pedal are four different pictures", async ({ browser }) => {
  const page = await signIn(browser, "sieuam.84101");
  await page.goto("/app/imaging?room=all");
  await page.locator("tr", { hasText: "Lâm Thị Ngọc Diệp" }).getByRole("button", { name: "Bắt đầu" }).click();
  await expect(page).toHaveURL(/studies\/[0-9a-f-]{36}/);
  study = page.url().match(/studies\/([0-9a-f-]{36})/)[1];
  await expect(page.locator("[data-scope-state]")).toContainText("Trực tiếp");
  await expect(page.locator("#device option")).not.toHaveCount(0);
  await page.waitForFunction(() => document.querySelector("#live").videoWidth > 0);
  const kept = page.locator('.shot[data-state="kept"]');
  const take = async (key, count) => {
    await page.keyboard.press(key);
    await expect(kept).toHaveCount(count);
    await page.waitForTimeout(400);
  };
  await take("F9", 1);
  await take("Space", 2);
  // A pedal of one's own, learned once: this one types F2.
  await page.locator("[data-pedal]").click();
  await page.keyboard.press("F2");
  await take("F2", 3);
  // While a word is being typed the key still takes a picture, and the word stays.
  await page.locator("#f-s\\.liver").focus();
  await page.keyboard.type("Gan");
  await take("F9", 4);
  await expect(page.locator("#f-s\\.liver")).toHaveValue("Gan");
  const hashes = new Set();
  for (const id of await kept.evaluateAll((shots) => shots.map((shot) => shot.dataset.picture))) {
    const { body, file } = await fetched(page, `/app/imaging/studies/${study}/pictures/${id}`, `${id}.jpg`);
    expect(body.subarray(0, 3).toString("hex")).toBe("ffd8ff");
    hashes.add(createHash("sha256").update(body).digest("hex"));
    const kind = told("file", file);
    if (kind) expect(kind).toContain("JPEG image data");
  }
  expect(hashes.size).toBe(4);
});

test("a lost line loses no picture; a clip comes after it", async ({ browser }) => {
  const page = await signIn(browser, "sieuam.84101");
  await page.goto(`/app/imaging/studies/${study}`);
  await page.waitForFunction(() => document.querySelector("#live").videoWidth > 0);
  await page.route("**/pictures/**", (route) => (route.request().method() === "PUT" ? route.abort() : route.continue()));
  await page.keyboard.press("F9");
  await expect(page.locator('.shot[data-state="sending"]')).toHaveCount(1);
  await expect(page.locator("[data-scope-waiting]")).toContainText("Giữ 1 hình ở máy này");
  await picture(page, "41-sieu-am-mat-mang");
  // The page is closed before the line is back; the picture waits in the browser.
  await page.unroute("**/pictures/**");
  await page.goto("/app/imaging?room=all");
  await page.goto(`/app/imaging/studies/${study}`);
  await expect(page.locator('.shot[data-state="kept"]')).toHaveCount(5);
  await page.waitForFunction(() => document.querySelector("#live").videoWidth > 0);
  await page.keyboard.press("F10");
  await expect(page.locator("[data-rec]")).toBeVisible();
  await page.waitForTimeout(1800);
  await page.keyboard.press("F10");
  await expect(page.locator('.shot[data-kind="clip"][data-state="kept"]')).toHaveCount(1);
  // A device that is pulled out is said so; nothing on the page goes.
  await page.evaluate(() => { const [track] = document.querySelector("#live").srcObject.getVideoTracks(); track.stop(); track.dispatchEvent(new Event("ended")); });
  await expect(page.locator("[data-scope-help]")).toContainText("Không thấy thiết bị lấy hình");
  await expect(page.locator(".shot")).toHaveCount(6);
  await page.locator("[data-retry]").click();
  await expect(page.locator("[data-scope-state]")).toContainText("Trực tiếp");
});

test("the report is written by keys, two pictures are chosen and put in order, and it is signed", async ({ browser }) => {
  const page = await signIn(browser, "sieuam.84101");
  await page.goto(`/app/imaging/studies/${study}`);
  await page.waitForFunction(() => document.querySelector("#live").videoWidth > 0);
  await page.locator("#f-s\\.liver").fill("");
  await page.locator("#f-m\\.gallstone_mm").fill("8");
  await page.keyboard.press("Alt+2");
  await expect(page.locator("#f-s\\.gallbladder")).toBeFocused();
  await page.keyboard.press("Alt+Shift+Digit1");
  await expect(page.locator("#f-s\\.gallbladder")).toHaveValue(/1 sỏi 8 mm kèm bóng lưng/);
  await page.keyboard.press("F6");
  await expect(page.locator("#f-s\\.liver")).toHaveValue(/Không to/);
  await expect(page.locator("#f-conclusion")).toBeFocused();
  await page.keyboard.type("Sỏi túi mật 8 mm, chưa thấy dấu hiệu viêm.");
  const shots = page.locator('.shot[data-kind="still"]');
  await shots.nth(1).locator("[data-pick-shot]").click();
  await shots.nth(3).locator("[data-pick-shot]").click();
  await shots.nth(1).locator("input").fill("Túi mật, sỏi 8 mm");
  await shots.nth(3).locator("input").fill("Thận phải");
  // The second chosen one goes before the first, by keys.
  await shots.nth(3).focus();
  for (let step = 0; step < 2; step++) await page.keyboard.press("Shift+ArrowLeft");
  await expect(shots.nth(1).locator("input")).toHaveValue("Thận phải");
  await expect(shots.nth(1).locator(".shot-no")).toHaveText("1");
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong");
  await picture(page, "42-sieu-am-chup-va-ket-qua");
  await fetched(page, `/app/imaging/studies/${study}/preview.pdf`, "preview.pdf");
  await page.keyboard.press("F8");
  await expect(page.locator("main")).toContainText("Sỏi túi mật 8 mm, chưa thấy dấu hiệu viêm.");
  await expect(page.locator(".report-pictures img")).toHaveCount(2);
  await picture(page, "43-sieu-am-da-tra-ket-qua");
});

test("the paper holds both pictures and every word", async ({ browser }) => {
  const page = await signIn(browser, "sieuam.84101");
  const { file, body } = await fetched(page, `/app/imaging/studies/${study}/report.pdf`, "report.pdf");
  expect(body.subarray(0, 5).toString()).toBe("%PDF-");
  const images = told("pdfimages", "-list", file);
  if (images) expect(images.trim().split("\n").slice(2).filter((line) => /jpeg/.test(line)).length).toBe(2);
  const text = told("pdftotext", file, "-");
  if (text) for (const words of ["LÂM THỊ NGỌC DIỆP", "Sỏi túi mật 8 mm, chưa thấy dấu hiệu viêm.", "Hình 1. Thận phải", "Hình 2. Túi mật, sỏi 8 mm", "Trịnh Ngọc Bích"]) expect(text.replace(/\s+/g, " ")).toContain(words);
});

test("each still leaves the house as a DICOM object, and all of them as one", async ({ browser }) => {
  const page = await signIn(browser, "sieuam.84101");
  for (const [number, words] of [[1, "UltrasoundImageStorage"], [0, "UltrasoundMultiframeImageStorage"]]) {
    const { file } = await fetched(page, `/app/imaging/studies/${study}/dicom/${number}`, `${number}.dcm`);
    const said = told("dcmdump", file);
    if (said) {
      expect(said).toContain(words);
      expect(said).toContain("Lâm^Thị Ngọc Diệp");
      expect(said).toContain("JPEGBaseline");
    }
  }
});

test("pictures are looked at closely: window, zoom, measure", async ({ browser }) => {
  const page = await signIn(browser, "sieuam.84101");
  await page.goto(`/app/imaging/studies/${study}/viewer`);
  await expect(page.locator("#viewer")).toHaveAttribute("data-shown", "1", { timeout: 60_000 });
  const view = page.locator("#viewport");
  await expect(view.locator("canvas")).toBeVisible();
  const before = await view.screenshot();
  await page.keyboard.press("m");
  await expect(page.locator('[data-tool="Length"]')).toHaveAttribute("aria-pressed", "true");
  const box = await view.boundingBox();
  const drag = async (x1, y1, x2, y2) => {
    await page.mouse.move(box.x + box.width * x1, box.y + box.height * y1);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * x2, box.y + box.height * y2, { steps: 8 });
    await page.mouse.up();
  };
  await drag(0.4, 0.4, 0.6, 0.55);
  await expect(view.locator("svg line, svg path").first()).toBeAttached();
  await page.keyboard.press("w");
  await drag(0.3, 0.7, 0.45, 0.8);
  expect((await view.screenshot()).equals(before)).toBe(false);
  await picture(page, "44-xem-hinh-dicom");
});

test("the doctor who asked finds the result beside the patient", async ({ browser }) => {
  const page = await signIn(browser, "bacsi.84101");
  await page.goto(`/app/encounters/${visit}`);
  const panel = page.locator("section", { hasText: "Siêu âm, nội soi" }).first();
  await expect(panel).toContainText("Sỏi túi mật 8 mm, chưa thấy dấu hiệu viêm.");
  await expect(panel.locator("img")).toHaveCount(2);
  await picture(page, "45-bac-si-thay-ket-qua-sieu-am");
});

test("after the signature a picture cannot be deleted; a correction says why and keeps the old version", async ({ browser }) => {
  const page = await signIn(browser, "sieuam.84101");
  await page.goto(`/app/imaging/studies/${study}`);
  await expect(page.locator("[data-drop-shot]")).toHaveCount(0);
  await page.locator("#f-reason").fill("Gõ nhầm kích thước sỏi");
  await page.getByRole("button", { name: "Sửa kết quả" }).click();
  await expect(page.locator("#f-conclusion")).toHaveValue(/8 mm/);
  await expect(page.locator("[data-drop-shot]:visible")).toHaveCount(0);
  await page.locator("#f-conclusion").fill("Sỏi túi mật 9 mm, chưa thấy dấu hiệu viêm.");
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong");
  await page.keyboard.press("F8");
  await expect(page.locator("main")).toContainText("9 mm, chưa thấy");
  await page.getByRole("link", { name: "Bản 1" }).click();
  await expect(page.locator("main")).toContainText("8 mm, chưa thấy");
  await expect(page.locator("main")).toContainText("đã được thay bằng bản 2");
  await picture(page, "46-sieu-am-ban-cu");
});

test("a camera that the browser refuses is explained, and a file takes its place", async ({ browser }) => {
  const context = { permissions: [] };
  const page = await signIn(browser, "sieuam.84101", context);
  await page.addInitScript(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError")); });
  await page.goto(`/app/imaging/studies/${study}`);
  await page.locator("#f-reason").fill("Thêm hình từ máy siêu âm");
  await page.getByRole("button", { name: "Sửa kết quả" }).click();
  await expect(page.locator("[data-scope-help]")).toContainText("Trình duyệt đang chặn nguồn hình");
  const before = await page.locator('.shot[data-state="kept"]').count();
  await page.locator("#picture-file").setInputFiles(join(folder, "report.pdf"));
  await expect(page.locator("#toasts")).toContainText("không phải hình");
  const jpeg = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 400, height: 300 });
    canvas.getContext("2d").fillRect(20, 20, 200, 100);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg"));
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  await page.locator("#picture-file").setInputFiles({ name: "may-sieu-am.jpg", mimeType: "image/jpeg", buffer: Buffer.from(jpeg) });
  await expect(page.locator('.shot[data-state="kept"]')).toHaveCount(before + 1);
  await picture(page, "47-trinh-duyet-chan-may-anh");
  await page.getByRole("button", { name: "Thôi sửa" }).click();
});
