// Journey (g): a box of pills from the invoice to the patient and back, with two pharmacists, a doctor and a recall.
import { expect, test } from "@playwright/test";
import { burst, picture, signIn } from "../world.js";

test.describe.configure({ mode: "serial" });

const DRUG = "Amoxicilin 500 mg";
let item = "";
let store = "";
let receipt = "";
let visit = "";
let prescription = "";
let lot = "";

/** The clinic's own program at the door: registers, opens the visit and issues the prescription through the API. */
async function program(request) {
  const answer = await request.post("/oauth/token", { form: { grant_type: "client_credentials", client_id: "demo-his", client_secret: "demo-secret" } });
  const { access_token: token } = await answer.json();
  return async (path, data) => {
    const reply = await request.post(path, { headers: { authorization: `Bearer ${token}` }, data });
    expect(reply.ok(), `${path}: ${await reply.text()}`).toBe(true);
    return reply.json();
  };
}

async function openRoom(browser) {
  const doctor = await signIn(browser, "bacsi.84101");
  await doctor.goto("/app/room");
  const room = await doctor.getByRole("button", { name: "Nội 2" }).getAttribute("value");
  await doctor.context().close();
  return room;
}

test("the pharmacist types an invoice: two lots, boxes and blisters, and cannot approve it herself", async ({ browser }) => {
  const page = await signIn(browser, "duocsi.84101");
  await page.goto("/app/stock/suppliers");
  await page.locator("#f-code").fill("NCC-G");
  await page.locator("#f-name").fill("Công ty Dược Hậu Phúc");
  await page.locator("#f-tax_code").fill("1500123459");
  await page.keyboard.press("F8");
  await expect(page.locator("tr", { hasText: "Công ty Dược Hậu Phúc" })).toBeVisible();

  await page.goto("/app/stock/documents");
  await page.locator("#f-store").selectOption({ label: "Quầy thuốc ngoại trú" });
  await page.keyboard.press("F5");
  await page.waitForURL(/\/app\/stock\/documents\/[0-9a-f-]{36}/);
  receipt = new URL(page.url()).pathname;
  await page.locator("#f-supplier").selectOption({ label: await page.locator("#f-supplier option", { hasText: "Hậu Phúc" }).first().innerText() });
  await page.locator("#f-invoice_no").fill("0001873");
  await page.locator("#f-invoice_date").fill(new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh" }).format(new Date()));
  await page.locator("#f-invoice_no").focus();
  await expect(page.locator("#head-said")).toContainText("Đã lưu nháp");
  // The first lot is refused for its expiry, and nothing of what was typed is lost.
  for (const [lotNo, expires, quantity] of [["A1", "01/2020", "1"], ["A1", "31/01/2027", "1"], ["B2", "30/06/2027", "10"]]) {
    await page.locator("#f-goods").fill("amoxicilin 500");
    await page.locator(".suggest-box [role=option]").first().click();
    await page.locator("#f-lot_no").fill(lotNo);
    await page.locator("#f-expires").fill(expires);
    await page.locator("#f-quantity").fill(quantity);
    await page.locator("#f-unit").fill("vỉ");
    await page.locator("#f-price").fill("6.000");
    await page.locator("#f-vat").fill("5");
    await page.locator("[data-add-line]").click();
    if (expires === "01/2020") {
      await expect(page.locator(".has-problem #f-expires")).toHaveValue("01/2020");
      await expect(page.locator("#f-lot_no")).toHaveValue("A1");
    } else {
      await expect(page.locator("#grid tbody tr", { hasText: lotNo })).toBeVisible();
    }
  }
  await expect(page.locator("#grid tbody tr", { hasText: "B2" })).toContainText("100");
  await picture(page, "86-phieu-nhap");
  await page.keyboard.press("F8");
  await expect(page.getByText("Người lập phiếu không tự duyệt.")).toBeVisible();
});

test("a second person approves, and the shelf holds 110", async ({ browser }) => {
  const page = await signIn(browser, "duocsi2.84101");
  await page.goto(receipt);
  await picture(page, "87-duyet-phieu-nhap");
  await page.keyboard.press("F8");
  await expect(page.locator(".page-head .badge")).toContainText("Đã duyệt");
  await page.goto("/app/stock?q=amoxicilin+500");
  const row = page.locator("tbody tr", { hasText: DRUG }).first();
  await expect(row).toContainText("110");
  item = (await row.getAttribute("data-href")).split("/").pop();
});

test("the doctor's fourteen capsules are proposed as ten of the lot that ends first and four of the next", async ({ browser, request }) => {
  const ask = await program(request);
  const room = await openRoom(browser);
  const person = await ask("/api/v1/patients", { name: "Huỳnh Thị Bảy", birth: "11/06/1971", sex: "female", phone: "0900000771" });
  const opened = await ask("/api/v1/encounters", { patient_id: person.id, room_id: room, reason: "Viêm họng" });
  visit = opened.id;
  const doctor = await signIn(browser, "bacsi.84101");
  await doctor.goto(`/app/encounters/${visit}?tab=2`);
  await doctor.locator("#icd").pressSequentially("J02.9", { delay: 20 });
  await expect(doctor.locator(".suggest-box [role=option]").first()).toContainText("J02.9");
  await doctor.keyboard.press("Enter");
  await expect(doctor.locator("#diagnoses")).toContainText("J02.9");
  const written = await ask(`/api/v1/encounters/${visit}/prescriptions`, { lines: [{ sentence: "amoxicilin 500 s1 c1 7n" }], advice: "Uống nhiều nước", issue: true });
  prescription = written.id;
  await doctor.goto(`/app/encounters/${visit}?tab=4`);
  await expect(doctor.getByText(/Còn|còn/).first()).toBeVisible();
  await doctor.context().close();

  const page = await signIn(browser, "duocsi.84101");
  await page.goto("/app/pharmacy");
  await expect(page.getByText("Huỳnh Thị Bảy").first()).toBeVisible();
  await picture(page, "88-quay-thuoc");
  // Labels print by themselves; a headless browser has nothing to print them with.
  await page.route("**/labels", (route) => route.abort());
  await page.goto(`/app/pharmacy/prescriptions/${prescription}`);
  const lots = page.locator("table", { hasText: "Lấy" }).first();
  await expect(lots.locator("tr", { hasText: "A1" })).toContainText("10");
  await expect(lots.locator("tr", { hasText: "B2" })).toContainText("4");
  await picture(page, "89-phat-thuoc");
  await page.keyboard.press("F8");
  await page.waitForURL(/\/app\/pharmacy\/dispenses\//);
  await expect(page.locator("tr", { hasText: "B2" })).toContainText("4");
  // The stopped printing says so in a toast; the picture is of the page.
  await page.locator("#toasts").evaluate((toasts) => toasts.replaceChildren());
  await picture(page, "90-da-phat");
});

test("sealed capsules come back into their lot", async ({ browser }) => {
  const page = await signIn(browser, "duocsi.84101");
  await page.goto(`/app/pharmacy/prescriptions/${prescription}`);
  await page.locator("a[href^='/app/pharmacy/dispenses/']").first().click();
  await page.waitForURL(/\/app\/pharmacy\/dispenses\//);
  await page.waitForLoadState();
  await page.keyboard.press("F6");
  const back = page.locator("#back .field", { hasText: "B2" }).locator("input[name=quantity]");
  await back.fill("9");
  await page.locator("#f-reason").fill("Người bệnh đổi ý, vỉ còn nguyên");
  await page.locator("#back [data-submit]").click();
  await expect(page.locator("#back .problem").first()).toBeVisible();
  // The refusal keeps the part open and what was typed in it.
  await expect(back).toHaveValue("9");
  await back.fill("4");
  await page.locator("#back [data-submit]").click();
  await expect(page.locator("tr", { hasText: "B2" })).toContainText("đã trả 4");
});

test("the stock card tells the whole story and its balance is the sum of its lines", async ({ browser }) => {
  const page = await signIn(browser, "duocsi.84101");
  await page.goto(`/app/stock/items/${item}`);
  const card = page.locator("a[href*='/card/']").first();
  store = (await card.getAttribute("href")).split("/").pop();
  await page.goto(`/app/stock/items/${item}/card/${store}`);
  const rows = page.locator("tbody tr");
  const numbers = async (label) => (await rows.locator(`td[data-label='${label}']`).allInnerTexts()).map((text) => Number(text.replace(/\D/g, "")) || 0);
  const [came, went, left] = [await numbers("Nhập"), await numbers("Xuất"), await numbers("Tồn")];
  expect(came.reduce((a, b) => a + b, 0) - went.reduce((a, b) => a + b, 0)).toBe(left[0]);
  expect(left[0]).toBe(100);
  await picture(page, "91-the-kho");
  lot = (await rows.filter({ hasText: "B2" }).first().getAttribute("data-href")).split("/").pop();
});

test("a stocktake by two counters posts its difference only after a third person's approval", async ({ browser }) => {
  const first = await signIn(browser, "duocsi.84101");
  await first.goto("/app/stock/documents?kind=stocktake");
  await first.locator("#f-store").selectOption({ label: "Tủ trực cấp cứu" });
  await first.keyboard.press("F5");
  await first.waitForURL(/\/app\/stock\/documents\/[0-9a-f-]{36}/);
  const sheet = new URL(first.url()).pathname;
  await picture(first, "92-kiem-ke");
  const second = await signIn(browser, "duocsi2.84101");
  await second.goto("/app/stock/documents?kind=stocktake");
  await second.locator("#f-store").selectOption({ label: "Tủ trực cấp cứu" });
  await second.keyboard.press("F5");
  await expect(second.locator(".problem, .check.critical").first()).toBeVisible();
  for (const page of [first, second]) {
    await page.goto(sheet);
    const fields = page.locator("input[name=counted]");
    for (let i = 0; i < (await fields.count()); i++) await fields.nth(i).fill("9");
    await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("/counts")), page.keyboard.press("F8")]);
  }
  // Two equal counts that differ from the books ask why, line by line.
  await first.goto(sheet);
  const reasons = first.locator("#counts input[name=reason]:visible");
  for (let i = 0; i < (await reasons.count()); i++) await reasons.nth(i).fill("đếm lại theo vỉ");
  await Promise.all([first.waitForResponse((answer) => answer.url().endsWith("/counts")), first.keyboard.press("F8")]);
  await first.goto(sheet);
  await first.locator("#f-committee").fill("DS. Trương Gia Bảo\nDS. Nguyễn Hoài Thương");
  await first.getByRole("button", { name: "Gửi duyệt chênh lệch" }).click();
  await expect(first.locator(".page-head .badge")).toContainText("Chờ duyệt");
  const owner = await signIn(browser, "quantri.84101");
  await owner.goto(sheet);
  await owner.keyboard.press("F8");
  await expect(owner.locator(".page-head .badge")).toContainText("Đã duyệt");
  await picture(owner, "93-kiem-ke-da-duyet");
});

test("a recalled lot leaves every door", async ({ browser }) => {
  const page = await signIn(browser, "duocsi.84101");
  await page.goto(`/app/stock/lots/${lot}`);
  await page.locator("#f-cause").selectOption({ index: 1 });
  await page.locator("#f-paper").fill("CV 77/QLD-CL");
  await page.locator("#f-reason").fill("Thu hồi theo công văn");
  await page.keyboard.press("F8");
  await expect(page.getByText("Lô đang bị khóa")).toBeVisible();
  await picture(page, "94-lo-bi-thu-hoi");
  await page.goto("/app/stock?q=amoxicilin+500");
  await expect(page.locator("tbody tr", { hasText: DRUG }).first()).toContainText("Hết");
  await page.goto("/app/stock/alerts");
  await picture(page, "95-canh-bao-kho");
  // The label of the lot leads to it from anywhere.
  await page.goto(`/app/stock/lots/${lot}`);
  const label = (await page.locator(".tally div", { hasText: "Nhãn lô" }).locator("b").innerText()).trim();
  await page.goto("/app/pharmacy");
  await burst(page, label);
  await expect(page).toHaveURL(new RegExp(`/app/stock/lots/${lot}`));
});
