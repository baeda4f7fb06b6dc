// A stay from the bed to the signed paper: what the ward writes, who signs it, what a stranger can prove about it, what
// still has to be completed, and how it is found again. The ways that must stay closed are tried at each step.
import { expect, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pick, picture, signIn } from "../world.js";

test.describe.configure({ mode: "serial" });

// Somebody new for every run, so that a second run of the journey begins where the first did.
const syllable = () => "bcdghklmnt"[Math.floor(Math.random() * 10)] + "aăâeêioôơuư"[Math.floor(Math.random() * 11)];
const given = [...Array(3)].map(syllable).join("");
const name = `Lâm Văn ${given[0].toUpperCase()}${given.slice(1)}`;
const folder = mkdtempSync(join(tmpdir(), "yba-record-"));
const phone = `09${String(Date.now()).slice(-8)}`;
// A man born in 1961 in Vĩnh Long, as the twelve digits say.
const cccd = `084061${String(Date.now()).slice(-6)}`;
const sandbox = process.env.YBA_SANDBOX_URL ?? `http://127.0.0.1:${Number(process.env.YBA_PORT ?? 4884) + 1}`;
let stay, record, sheet, pdf, patient;

/** The clinic's own program at the door: gives a call with its token. */
async function machine(request) {
  const answer = await request.post("/oauth/token", { form: { grant_type: "client_credentials", client_id: "demo-his", client_secret: "demo-secret" } });
  const { access_token: token } = await answer.json();
  return async (path, data) => {
    const reply = await request.post(path, { headers: { authorization: `Bearer ${token}` }, data });
    expect(reply.ok(), `${path}: ${await reply.text()}`).toBe(true);
    return reply.json();
  };
}

/** What the stand-in phone got last that looks like `pattern`; the worker carries it a moment after the click. */
async function message(request, pattern) {
  for (let i = 0; i < 50; i++) {
    const messages = await (await request.get(`${sandbox}/api/messages?to=${phone}`)).json();
    const found = messages.map((m) => m.text.match(pattern)).find(Boolean);
    if (found) return found[0];
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`no message like ${pattern} arrived`);
}

test("from the emergency room to a bed that everybody sees", async ({ browser }) => {
  const desk = await signIn(browser, "tiepnhan.84001");
  await desk.goto(`/app/reception/new?name=${encodeURIComponent(name)}`);
  await desk.locator("[name=birth]").fill("12/03/1961");
  await pick(desk, "[name=sex]", "Nam");
  await desk.locator("[name=phone]").fill(phone);
  await desk.locator("[name=cccd]").fill(cccd);
  await pick(desk, "[name=room]", "Cấp cứu");
  await desk.locator("[name=reason]").fill("Sốt, ho, khó thở");
  await desk.keyboard.press("F8");
  await desk.waitForURL(/visit=/);

  const nurse = await signIn(browser, "dieuduong.84001");
  await nurse.goto("/app/wards");
  const ward = await nurse.getByRole("link", { name: /Nội/ }).first().getAttribute("href");
  await nurse.goto(ward);
  await expect(nurse.locator("main")).not.toContainText(name);

  const doctor = await signIn(browser, "bacsi.noi.84001");
  await doctor.goto("/app/admissions/new");
  await doctor.locator("#f-who").pressSequentially(name, { delay: 15 });
  await doctor.locator("#list-f-who [role=option]").first().waitFor();
  await doctor.keyboard.press("Enter");
  await doctor.waitForURL(/admissions\/new\?/);
  // Without a ward and a reason nobody is admitted, and nothing that was typed is lost.
  await doctor.locator("#f-diagnosis_code").fill("J18.9");
  await doctor.keyboard.press("Escape");
  await doctor.locator("#admission").evaluate((form) => { form.noValidate = true; });
  await doctor.keyboard.press("F8");
  await expect(doctor.locator(".problem").first()).toBeVisible();
  await expect(doctor.locator("#f-diagnosis_code")).toHaveValue("J18.9");
  await pick(doctor, "#f-ward", "Nội");
  await expect(doctor.locator("#f-bed option")).not.toHaveCount(1);
  const bed = await doctor.locator("#f-bed option", { hasText: "·" }).last().textContent();
  await pick(doctor, "#f-bed", bed);
  await pick(doctor, "#f-doctor", "Lê Thị Thu Vân");
  await doctor.locator("#f-reason").fill("Sốt, ho, khó thở");
  await doctor.keyboard.press("F8");
  await doctor.waitForURL(/\/app\/stays\//);
  stay = doctor.url().match(/[0-9a-f-]{36}/)[0];

  // The nurse's map changes by itself.
  await expect(nurse.locator("main")).toContainText(name);
  await expect(nurse.locator("main")).toContainText(bed.split(" ")[0]);
  await picture(nurse, "B0-so-do-giuong");
  await Promise.all([desk, nurse, doctor].map((page) => page.context().close()));
});

test("the day's sheet is written, finished, and signed with the doctor's own key", async ({ browser }) => {
  const doctor = await signIn(browser, "bacsi.noi.84001");
  await doctor.goto(`/app/stays/${stay}?write=1`);
  await doctor.locator("[name=progress]").fill("Sốt 38,5 °C, ho đàm vàng, ran nổ đáy phổi phải. SpO2 95 %.");
  await doctor.keyboard.press("F8");
  await doctor.waitForURL((url) => !url.search.includes("write"));
  await doctor.goto(`/app/stays/${stay}/record`);
  record = doctor.url().match(/records\/([0-9a-f-]{36})/)[1];
  const link = doctor.locator("a[href*='document=']").first();
  await expect(link).toContainText("điều trị");
  sheet = (await link.getAttribute("href")).match(/document=([0-9a-f-]+)/)[1];
  await picture(doctor, "B1-benh-an");
  await doctor.goto(`/app/documents/${sheet}`);
  await picture(doctor, "B2-to-dieu-tri");
  await doctor.keyboard.press("F8");
  await doctor.waitForURL((url) => !url.pathname.endsWith(sheet) || url.search !== "");

  await doctor.goto("/app/sign");
  await expect(doctor.locator("tbody")).toContainText(name);
  await picture(doctor, "B3-khay-ky");
  const row = doctor.locator("tbody tr", { hasText: name }).first();
  // A wrong PIN signs nothing, and says so.
  await row.locator("input[name=doc]").check();
  await doctor.locator("#f-pin").fill("9999");
  await doctor.keyboard.press("F8");
  await expect(doctor.locator("body")).toContainText(/PIN/);
  await doctor.goto("/app/sign");
  await expect(doctor.locator("tbody")).toContainText(name);
  await doctor.locator("tbody tr", { hasText: name }).first().locator("input[name=doc]").check();
  await doctor.locator("#f-pin").fill("1234");
  await doctor.keyboard.press("F8");
  await expect(doctor.locator("body")).toContainText(/Đã ký/);
  await picture(doctor, "B4-da-ky");
  await doctor.goto(`/app/records/${record}?document=${sheet}`);
  await picture(doctor, "B5-huy-hieu-chu-ky");
  const file = await doctor.request.get(`/app/documents/${sheet}/file`);
  expect(file.status()).toBe(200);
  pdf = join(folder, "to-dieu-tri.pdf");
  writeFileSync(pdf, await file.body());
  await doctor.context().close();
});

test("an outside program calls the signature valid, and a changed byte is found by it and by us", async ({ page }) => {
  const judge = (path) => execFileSync("pdfsig", ["-nocert", path], { encoding: "utf8" });
  expect(judge(pdf)).toContain("Signature is Valid");
  const bytes = readFileSync(pdf);
  const at = bytes.indexOf("stream") + 40;
  bytes[at] ^= 1;
  const changed = join(folder, "da-sua.pdf");
  writeFileSync(changed, bytes);
  expect(judge(changed)).toMatch(/Digest Mismatch|not verified|Invalid/i);
  for (const [path, words, picture_name] of [[pdf, /hợp lệ/i, "B6-kiem-tra-hop-le"], [changed, /không hợp lệ|đã bị sửa|không còn nguyên/i, "B7-kiem-tra-bi-sua"]]) {
    await page.goto("/v");
    await page.locator("input[type=file]").setInputFiles(path);
    await page.getByRole("button", { name: "Kiểm tra tệp" }).click();
    await expect(page.locator("main")).toContainText(words);
    await picture(page, picture_name);
  }
});

test("who has no business with the record does not see it", async ({ browser }) => {
  // A cashier of the same house has no right; a doctor of another house finds nothing, whatever the address.
  const cashier = await signIn(browser, "thungan.84001");
  expect((await cashier.request.get(`/app/records/${record}`)).status()).toBe(403);
  const stranger = await signIn(browser, "bacsi.84101");
  for (const path of [`/app/records/${record}`, `/app/documents/${sheet}`, `/app/documents/${sheet}/file`, `/app/stays/${stay}`]) {
    expect((await stranger.request.get(path)).status(), path).toBe(404);
  }
  await cashier.context().close();
  await stranger.context().close();
});

test("the patient leaves; what is missing stays on the list, and the record cannot be handed in before", async ({ browser }) => {
  const doctor = await signIn(browser, "bacsi.noi.84001");
  await doctor.goto(`/app/stays/${stay}/discharge`);
  await expect(doctor.locator("aside")).toContainText("Giấy tờ hoàn thiện sau ra viện");
  await doctor.locator("[name=course]").fill("Sốt, ho giảm dần từ ngày thứ hai, hết khó thở.");
  await doctor.locator("[name=treatment]").fill("Kháng sinh, hạ sốt.");
  await doctor.locator("[name=condition]").fill("Tỉnh, hết sốt, ăn uống được.");
  await doctor.keyboard.press("F8");
  await expect(doctor.locator("button", { hasText: "Người bệnh ra viện" }).or(doctor.locator("button", { hasText: "Lưu lại quyết định" })).first()).toBeVisible();
  await picture(doctor, "B8-ra-vien");

  // The ward lets the patient go once care and money are settled; papers have their own term.
  const nurse = await signIn(browser, "dieuduong.84001");
  await nurse.goto(`/app/stays/${stay}/discharge`);
  await picture(nurse, "B9-viec-con-lai");
  await nurse.keyboard.press("F8");
  await expect(nurse.locator("main")).toContainText("Đã ra viện");

  await doctor.goto(`/app/completion/${record}`);
  await expect(doctor.locator("main")).toContainText("Giấy ra viện");
  await picture(doctor, "BB-hoan-thien");
  await doctor.keyboard.press("F8");
  await expect(doctor.locator("main")).toContainText(/Chưa nộp được: .+ Bổ sung rồi nộp\./);
  // Nobody gets past the list by another door: planning has nothing to accept, and a doctor may not accept at all.
  const planner = await signIn(browser, "khth.84001");
  await planner.goto("/app/completion?step=submitted");
  await expect(planner.locator("main")).not.toContainText(name);
  await planner.context().close();
  await doctor.context().close();
  await nurse.context().close();
});

test("the record is found by what is written in it, without marks", async ({ browser }) => {
  const doctor = await signIn(browser, "bacsi.noi.84001");
  await doctor.goto(`/app/find-records?q=${encodeURIComponent("ran no day phoi phai")}`);
  await expect(doctor.locator("main")).toContainText(name);
  await picture(doctor, "BA-tim-trong-ho-so");
  await doctor.context().close();
});

test("another house asks, the patient says which paper on the phone, and takes it back", async ({ browser, request }) => {
  // The clinic knows the same person by the citizen number.
  const call = await machine(request);
  patient = (await call("/api/v1/patients", { name, birth: "12/03/1961", sex: "male", phone, cccd })).id;
  const asker = await signIn(browser, "bacsi.84101");
  await asker.goto(`/app/sharing/inquiries/new?patient=${patient}`);
  await pick(asker, "[name=holder]", "84001");
  await asker.locator("[name=note]").fill("Khám lại sau viêm phổi");
  await asker.keyboard.press("F8");
  await asker.waitForURL(/inquiries\/[0-9a-f-]{36}/);
  const inquiry = asker.url();

  const clerk = await signIn(browser, "khth.84001");
  await clerk.goto("/app/sharing");
  await clerk.getByRole("link", { name }).first().click();
  await clerk.waitForURL(/requests\//);
  await clerk.locator(".share-line", { hasText: "điều trị" }).first().locator("input").check();
  await picture(clerk, "BC-chia-se-chon-giay");
  await clerk.keyboard.press("F8");
  const link = await message(request, /https?:\/\/\S+\/consent\/\S+/);

  // The patient's own phone, signed in nowhere.
  const own = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  await own.goto(new URL(link).pathname);
  await expect(own.locator("main")).not.toContainText("Phiếu theo dõi điều trị");
  await own.getByRole("button", { name: "Gửi mã cho tôi" }).click();
  await own.locator("#f-code").fill("000000");
  await own.getByRole("button", { name: "Xem và trả lời" }).click();
  await expect(own.locator(".problem")).toBeVisible();
  await own.locator("#f-code").fill(await message(request, /\b\d{6}\b/));
  await own.getByRole("button", { name: "Xem và trả lời" }).click();
  await expect(own.locator("main")).toContainText("Phiếu theo dõi điều trị");
  // Nothing is chosen for the patient beforehand (Law 91/2025).
  await expect(own.locator("[name=documents]:checked")).toHaveCount(0);
  for (const paper of await own.locator("[name=documents]").all()) await paper.check();
  await picture(own, "BD-nguoi-benh-dong-y");
  await own.getByRole("button", { name: "Đồng ý cho xem" }).click();
  await expect(own.locator("main")).toContainText("Bạn đã đồng ý");

  await asker.goto(inquiry);
  await asker.locator("aside.left a", { hasText: "điều trị" }).click();
  await expect(asker.locator("main, .centre").first()).toContainText("Chữ ký số còn nguyên");
  const file = `${new URL(asker.url()).pathname}/file`;
  const read = await asker.request.get(file);
  expect(read.status()).toBe(200);
  expect((await read.body()).equals(readFileSync(pdf)), "the paper is the same, byte for byte").toBe(true);
  await picture(asker, "BE-doc-giay-duoc-chia-se");

  // The patient sees who has looked, and takes it back; the next opening is refused.
  await own.reload();
  await expect(own.locator(".share-seen")).toContainText("Lê Hoàng Phúc");
  await own.getByRole("button", { name: "Thu hồi quyền xem" }).click();
  await expect(own.locator("main")).toContainText("Quyền xem đã đóng");
  expect((await asker.request.get(file)).status()).toBe(403);
  await Promise.all([asker, clerk, own].map((page) => page.context().close()));
});

test("in an emergency the record opens at once, with a reason, a message to the patient, and a look by the auditor", async ({ browser, request }) => {
  const doctor = await signIn(browser, "bacsi.84101");
  const ask = async () => {
    await doctor.goto(`/app/sharing/inquiries/new?patient=${patient}`);
    await pick(doctor, "[name=holder]", "84001");
  };
  // Somebody who is not here, and no reason: both are refused.
  await ask();
  await doctor.locator("[name=note]").fill("Hôn mê, cần biết thuốc đang dùng");
  await doctor.getByRole("button", { name: "Mở khẩn cấp" }).click();
  await expect(doctor.locator(".problem, .check.critical, [role=alert]").first()).toBeVisible();
  await expect(doctor).not.toHaveURL(/inquiries\/[0-9a-f-]{36}/);
  await doctor.goto("/app/room");
  const room = await doctor.getByRole("button", { name: "Nội 1" }).getAttribute("value");
  const call = await machine(request);
  await call("/api/v1/encounters", { patient_id: patient, room_id: room, reason: "Hôn mê" });
  await ask();
  await doctor.locator("[name=note]").fill("Hôn mê, cần biết thuốc đang dùng");
  await doctor.getByRole("button", { name: "Mở khẩn cấp" }).click();
  await doctor.waitForURL(/inquiries\/[0-9a-f-]{36}/);
  await doctor.locator("aside.left a", { hasText: "điều trị" }).click();
  expect((await doctor.request.get(`${new URL(doctor.url()).pathname}/file`)).status()).toBe(200);
  await message(request, /đã mở hồ sơ của bạn để cấp cứu/);
  const auditor = await signIn(browser, "giamdoc.84001");
  await auditor.goto("/app/sharing/emergencies");
  await expect(auditor.locator("main")).toContainText(name);
  await picture(auditor, "BF-mo-khan-cap");
  await doctor.context().close();
  await auditor.context().close();
});
