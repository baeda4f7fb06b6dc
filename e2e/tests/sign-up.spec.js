// Journey (k): a clinic finds Yba, signs itself up, pays a transfer code at the stand-in bank, works within its package,
// buys the bigger one, takes its data along; a clinic that wants PREMIUM is called back by the operator.
import { expect, test } from "@playwright/test";
import { readFileSync } from "node:fs";
import { pick, picture, signIn } from "../world.js";

test.describe.configure({ mode: "serial" });

const sandbox = process.env.YBA_SANDBOX_URL ?? `http://127.0.0.1:${Number(process.env.YBA_PORT ?? "4884") + 1}`;
// A number and a code of their own for every run, so that the journey may be walked again in the same world.
const run = String(Date.now()).slice(-5);
const phone = `0912${run.padStart(6, "0")}`.replace(/000[123]$/, "0009");
const code = `8${run.slice(-4)}`;
const password = "mưa rơi trên phố cũ";
let clinic;

/** What the stand-in phone received last for this number. */
async function lastCode(request) {
  for (let i = 0; i < 50; i++) {
    const messages = await (await request.get(`${sandbox}/api/messages?to=${phone}`)).json();
    const digits = messages[0]?.text.match(/\b\d{6}\b/)?.[0];
    if (digits) return digits;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("no message arrived");
}

/** Pays the code on the page at the stand-in bank. */
async function pay(page, request) {
  const href = await page.getByRole("link", { name: "Trả thử bằng ngân hàng giả lập" }).getAttribute("href");
  const qr = new URL(href, page.url()).searchParams.get("qr");
  const told = await (await request.post(`${sandbox}/api/pay`, { data: { qr, mode: "twice" } })).json();
  expect(told.map((t) => t.status)).toEqual([200, 200]);
}

test("the public site tells the story and the prices, on a desk and on a phone", async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Một ngày khám");
  await picture(page, "70-trang-cong-khai");
  await page.getByRole("navigation").getByRole("link", { name: "Bảng giá" }).click();
  await expect(page.getByText("350.000 đ")).toBeVisible();
  await page.locator("#bang-gia").scrollIntoViewIfNeeded();
  await picture(page, "71-bang-gia");
  const small = await (await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true })).newPage();
  await small.goto("/");
  await picture(small, "72-trang-cong-khai-dien-thoai");
});

test("a clinic signs itself up and pays; it is live in under a minute", async ({ browser, request }) => {
  clinic = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
  const began = Date.now();
  await clinic.goto("/sign-up?package=BASIC");
  await clinic.getByLabel("Số di động hoặc thư điện tử").fill(phone);
  await picture(clinic, "73-dang-ky-lien-he");
  await clinic.keyboard.press("Enter");
  await expect(clinic).toHaveURL(/sign-up\/code/);
  await expect(clinic.getByText("cổng giả lập")).toBeVisible();
  await clinic.getByLabel("Mã xác nhận").fill("000000");
  await clinic.keyboard.press("Enter");
  await expect(clinic.getByText("còn 4 lần thử")).toBeVisible();
  await picture(clinic, "74-dang-ky-ma");
  await clinic.getByLabel("Mã xác nhận").fill(await lastCode(request));
  await clinic.keyboard.press("Enter");
  await expect(clinic).toHaveURL(/sign-up\/clinic/);
  await clinic.getByLabel("Tên phòng khám").fill("Phòng khám Gia đình Bình Minh");
  await clinic.getByLabel("Mã cơ sở khám chữa bệnh").fill("84101");
  await clinic.getByLabel("Mã số thuế").fill("1501234567");
  await clinic.getByLabel("Số giấy phép hoạt động").fill("000555/VL-GPHĐ");
  await clinic.locator("#f-licence").setInputFiles({ name: "giay-phep.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 giấy phép") });
  await clinic.locator("#f-commune_name").pressSequentially("long ho", { delay: 25 });
  await clinic.getByRole("option", { name: /Xã Long Hồ/ }).first().click();
  await clinic.getByLabel("Số nhà, đường").fill("12 Trần Phú");
  await clinic.getByLabel("Điện thoại phòng khám").fill("0270 000 0555");
  await clinic.getByLabel("Người phụ trách chuyên môn").fill("Trần Thị Bình");
  await clinic.getByRole("button", { name: "Tiếp tục" }).click();
  await expect(clinic.getByText("đã có phòng khám trên Yba")).toBeVisible();
  await picture(clinic, "75-dang-ky-ma-co-so-da-co");
  await clinic.getByLabel("Mã cơ sở khám chữa bệnh").fill(code);
  await clinic.getByRole("button", { name: "Tiếp tục" }).click();
  await expect(clinic).toHaveURL(/sign-up\/owner/);
  await clinic.locator("#f-password").fill(password);
  await clinic.locator("#f-repeated").fill(password);
  await clinic.getByText("Trả tiền ngay").click();
  await clinic.getByText("Tôi đại diện cơ sở").click();
  await picture(clinic, "76-dang-ky-tai-khoan");
  await clinic.getByRole("button", { name: "Mở phòng khám" }).click();
  await expect(clinic).toHaveURL(/sign-up\/pay/);
  await picture(clinic, "77-dang-ky-vietqr");
  const paid = Date.now();
  await pay(clinic, request);
  await expect(clinic).toHaveURL(/first-steps/);
  expect(Date.now() - paid).toBeLessThan(60_000);
  test.info().annotations.push({ type: "figure", description: `money to first page ${Date.now() - paid} ms, whole sign-up ${Date.now() - began} ms` });
  await expect(clinic.getByText("1/6")).toBeVisible();
  await picture(clinic, "78-nhung-buoc-dau");
});

test("a first visit works at once, inside the package and not beyond it", async () => {
  // A doctor joins; the step ticks by itself.
  await clinic.goto("/app/staff/new");
  await clinic.locator("#f-name").fill("Trần Thị Bình");
  await clinic.locator("#f-title").fill("BS.");
  await clinic.locator("#f-licence_no").fill("000777/VL-GPHN");
  await clinic.locator("#f-login").fill(`bacsi.${code}`);
  await clinic.locator("#f-password").fill(password);
  await clinic.locator('input[name="roles"][value="doctor"]').check();
  await clinic.keyboard.press("F8");
  await clinic.waitForURL((url) => url.pathname === "/app/staff");
  await clinic.goto("/app/reception/new");
  await clinic.locator("#f-name").fill("Phạm Văn Tư");
  await clinic.locator("#f-birth").fill("02/09/1970");
  await clinic.locator("#f-sex").selectOption("male");
  await pick(clinic, "#f-room", "Phòng khám 1");
  await pick(clinic, "#f-service", "Khám Nội");
  await clinic.locator("#f-reason").fill("Ho ba ngày");
  await clinic.keyboard.press("F8");
  await expect(clinic).toHaveURL(/visit=/);
  await clinic.goto("/app/first-steps");
  await expect(clinic.getByText("3/6")).toBeVisible();
  await picture(clinic, "78b-buoc-dau-tu-danh-dau");
  // What was not bought is not in the menu, and its address answers 403 all the same.
  await expect(clinic.locator("nav.rail")).not.toContainText("Kho");
  const closed = await clinic.request.get("/app/inventory");
  expect([403, 404]).toContain(closed.status());
  await clinic.goto("/app/subscription");
  await expect(clinic.getByText("Đã trả tiền").first()).toBeVisible();
  await picture(clinic, "79-goi-su-dung");
});

test("the bigger package is prorated to the đồng and opens with the next click", async ({ request }) => {
  await clinic.getByRole("button", { name: /Nâng gói/ }).click();
  await expect(clinic).toHaveURL(/invoices\//);
  await expect(clinic.getByText("300.000 đ").first()).toBeVisible();
  await picture(clinic, "80-hoa-don-nang-goi");
  await pay(clinic, request);
  await expect(clinic.getByText("có hiệu lực ngay")).toBeVisible();
  await clinic.goto("/app/subscription");
  await expect(clinic.getByRole("heading", { name: "STANDARD", level: 2 })).toBeVisible();
  // Going down is for the end of the period, and says what it will hide.
  await expect(clinic.getByText("Sẽ ẩn, không xóa:")).toBeVisible();
});

test("the clinic takes everything along", async () => {
  await clinic.goto("/app/subscription/exports");
  await clinic.getByRole("button", { name: "Tạo tệp mới" }).click();
  const fetch = clinic.getByRole("link", { name: "Tải về" });
  await expect(async () => {
    await clinic.reload();
    await expect(fetch).toBeVisible({ timeout: 500 });
  }).toPass();
  await picture(clinic, "81-tai-toan-bo-du-lieu");
  const [download] = await Promise.all([clinic.waitForEvent("download"), fetch.click()]);
  expect(readFileSync(await download.path()).subarray(0, 2).toString()).toBe("PK");
});

test("who wants PREMIUM is called back, and the operator activates the contract", async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
  await page.goto("/pricing");
  await page.getByRole("link", { name: "Nhận tư vấn PREMIUM 1" }).click();
  await page.getByLabel("Họ và tên").fill("Phan Thị Hoa");
  await page.getByLabel("Tên cơ sở").fill("Phòng khám Đa khoa Hòa Bình");
  await page.getByLabel("Điện thoại").fill("0912 345 678");
  await picture(page, "82-nhan-tu-van");
  await page.getByRole("button", { name: "Gửi yêu cầu" }).click();
  await expect(page.getByText("Đã nhận yêu cầu")).toBeVisible();
  const operator = await signIn(browser, "vanhanh.yba");
  await expect(operator.getByText("Phòng khám Đa khoa Hòa Bình").first()).toBeVisible();
  await picture(operator, "83-ban-van-hanh");
  await operator.goto(`/app/operator/customers/${code}`);
  await operator.locator("#f-package").selectOption("PREMIUM2");
  await operator.getByLabel("Số hợp đồng, hoặc lý do ngừng").fill("HĐ 12/2026");
  await operator.keyboard.press("F8");
  await expect(operator.getByText("HĐ 12/2026")).toBeVisible();
  await picture(operator, "84-hop-dong");
  await clinic.goto("/app/subscription");
  await expect(clinic.getByRole("heading", { name: "PREMIUM 2", level: 2 })).toBeVisible();
  const small = await (await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, storageState: await clinic.context().storageState() })).newPage();
  await small.goto("/app/subscription");
  await picture(small, "85-goi-su-dung-dien-thoai");
});
