// Journey (a): a person goes from the door to the receipt, and everybody on the way works as at a desk: mostly by keys.
import { expect, test } from "@playwright/test";
import { burst, pick, picture, signIn, tab } from "../world.js";

test.describe.configure({ mode: "serial" });

let visit = "";
let roomId = "";

test("the sign-in shows who may be at this computer", async ({ browser }) => {
  const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
  await page.goto("/sign-in");
  await picture(page, "01-dang-nhap");
  await page.getByLabel("Tên đăng nhập").fill("tiepnhan.84101");
  await page.locator("#f-password").fill("sai");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Tên đăng nhập hoặc mật khẩu không đúng")).toBeVisible();
  await expect(page.getByLabel("Tên đăng nhập")).toHaveValue("tiepnhan.84101");
});

test("the receptionist finds Nguyễn Văn An without accents and gives him a number, once", async ({ browser }) => {
  const page = await signIn(browser, "tiepnhan.84101");
  await page.goto("/app/reception");
  await picture(page, "02-hom-nay-trong");
  const find = page.getByRole("combobox", { name: "Quét hoặc tìm người bệnh" });
  await find.pressSequentially("nguyen van an 85", { delay: 30 });
  await expect(page.getByRole("option").first()).toContainText("Nguyễn Văn An");
  await picture(page, "03-tim-khong-dau");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/reception\/new\?patient=/);
  await pick(page, "#f-room", "Nội 1");
  await pick(page, "#f-service", "Khám Nội");
  await page.locator("#f-reason").fill("Sốt, đau họng ngày thứ 2");
  await picture(page, "04-tiep-nhan-luot-moi");
  // The second press of the same key is a nervous hand, not a second visit.
  await page.keyboard.press("F8");
  await page.keyboard.press("F8");
  await expect(page).toHaveURL(/reception\?.*visit=/);
  visit = new URL(page.url()).searchParams.get("visit");
  await expect(page.locator("#day tbody tr", { hasText: "Nguyễn Văn An" })).toHaveCount(1);
  await picture(page, "05-da-cap-so");
});

test("a citizen card read by a scanner fills the form, whatever field has the focus", async ({ browser }) => {
  const page = await signIn(browser, "tiepnhan.84101");
  await page.goto("/app/reception");
  await page.locator("#find").fill("chữ đang gõ");
  await burst(page, "084192004321||Trần Thị Bích|02071992|Nữ|Ấp Phú Hòa, xã Long Hồ, tỉnh Vĩnh Long|10062025");
  await expect(page).toHaveURL(/reception\/new/);
  await expect(page.locator("#f-name")).toHaveValue("Trần Thị Bích");
  await expect(page.locator("#f-birth")).toHaveValue("02/07/1992");
  await picture(page, "06-quet-cccd");
  await pick(page, "#f-room", "Nội 1");
  await pick(page, "#f-service", "Khám Nội");
  await page.locator("#f-reason").fill("Đau bụng");
  // The form is not sent by Enter, however often.
  for (let i = 0; i < 5; i++) await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/reception\/new/);
  await page.keyboard.press("F8");
  await expect(page).toHaveURL(/visit=/);
});

test("the nurse measures by keys; what is abnormal stands out", async ({ browser }) => {
  const page = await signIn(browser, "dieuduong.84101");
  await page.goto(`/app/vitals/${visit}`);
  await expect(page.locator("input[name=systolic]")).toBeFocused();
  for (const value of ["128", "82", "96", "38,2", "97", "18", "68", "173"]) {
    await page.keyboard.type(value);
    await page.keyboard.press("Enter");
  }
  await expect(page.locator("label.vital.warn", { hasText: "Nhiệt độ" })).toBeVisible();
  await expect(page.locator("#meaning")).toContainText("NEWS2");
  await page.getByRole("radio", { name: "Tỉnh" }).check({ force: true });
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong");
  await picture(page, "07-sinh-hieu");
  await page.keyboard.press("F8");
  await page.waitForLoadState();
  await expect(page.locator(".problem")).toHaveCount(0);
});

test("the board shows the call within a second", async ({ browser }) => {
  const doctor = await signIn(browser, "bacsi.84101");
  await doctor.goto("/app/room");
  const chosen = doctor.getByRole("button", { name: "Nội 1" });
  roomId = await chosen.getAttribute("value");
  await chosen.click();
  await doctor.goto("/app/encounters");
  await picture(doctor, "08-hang-kham");
  const board = await (await browser.newContext({ viewport: { width: 1920, height: 1080 } })).newPage();
  await board.goto(`/board/${roomId}`);
  await doctor.keyboard.press("F3");
  await expect(board.locator(".room.calling .no")).toBeVisible({ timeout: 2500 });
  await expect(board.locator("body")).not.toContainText("Nguyễn Văn An");
  await picture(board, "09-bang-goi-so");
  await expect(doctor).toHaveURL(/encounters\/[0-9a-f-]{36}/);
});

test("the doctor works the whole visit by keyboard", async ({ browser }) => {
  const page = await signIn(browser, "bacsi.84101");
  await page.goto(`/app/encounters/${visit}`);
  await expect(page.locator(".banner")).toContainText("Sulfamid");
  await page.keyboard.press("Alt+1");
  await page.locator("textarea").first().focus();
  await page.keyboard.type("Khởi phát cách 2 ngày: sốt 38–38,5 °C, nuốt đau, không ho.");
  await page.getByLabel("Khám", { exact: true }).focus();
  await page.keyboard.type(".hong ");
  await expect(page.getByLabel("Khám", { exact: true })).not.toHaveValue(/\.hong/);
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong");
  await tab(page, 2);
  await expect(page.locator("#icd")).toBeFocused();
  await page.keyboard.type("viem hong c", { delay: 40 });
  await expect(page.getByRole("option", { name: /J02\.9/ })).toBeVisible();
  await picture(page, "10-chan-doan");
  await page.keyboard.press("Enter");
  await expect(page.locator("#diagnoses")).toContainText("J02.9");

  await tab(page, 3);
  await page.locator("#order-find").focus();
  await page.keyboard.type("ctm", { delay: 40 });
  await expect(page.locator("#orders").getByRole("option").first()).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.locator("#orders tbody tr").first()).toContainText("Tổng phân tích");
  await picture(page, "11-chi-dinh");
  await page.getByRole("button", { name: /Gửi 1 chỉ định/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#orders")).toContainText("Đã chỉ định");

  await tab(page, 4);
  await page.locator("#rx-sentence").focus();
  // He is allergic to sulfamides: the check stands beside the work and blocks only the signature.
  await page.keyboard.type("cotrim 480 s1 c1 5n", { delay: 25 });
  await expect(page.locator("#rx-reading .check")).toContainText(/[Dd]ị ứng/);
  await picture(page, "12-ke-don-di-ung");
  await page.keyboard.press("Enter");
  await expect(page.locator("#prescription .check.critical, #prescription .check.allergy").first()).toContainText(/[Dd]ị ứng/);
  await page.locator("h1, .banner b").first().click();
  await page.keyboard.press("1");
  await expect(page.locator("#prescription tbody tr")).toHaveCount(0);
  await page.locator("#rx-sentence").focus();
  await page.keyboard.type("amox 500 s1 c1 5n", { delay: 25 });
  await expect(page.locator("#rx-reading")).toContainText("10 viên");
  await picture(page, "13-doc-lai-cau-lieu");
  await page.keyboard.press("Enter");
  await expect(page.locator("#prescription tbody tr").first()).toContainText("Amoxicilin 500 mg");
  await expect(page.locator("#rx-sentence")).toBeFocused();
  await page.keyboard.type("para 500 s1 tr1 t1 3n", { delay: 25 });
  await expect(page.locator("#rx-reading")).toContainText("viên");
  await page.keyboard.press("Enter");
  await expect(page.locator("#prescription tbody tr", { hasText: "Paracetamol" })).toBeVisible();
  await picture(page, "14-don-thuoc");
  await page.getByRole("button", { name: /Phát hành/ }).focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#prescription")).toContainText("Đã phát hành");

  await tab(page, 5);
  await page.getByRole("radio", { name: "Về, hẹn khám lại" }).focus();
  await page.keyboard.press("Space");
  await page.locator("#f-go\\.follow_up_on, [name='go.follow_up_on']").fill(inAWeek());
  await page.locator("[name='go.advice']").fill("Uống nhiều nước, súc họng nước muối ấm.");
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong");
  await picture(page, "15-ket-thuc");
  await page.keyboard.press("F8");
  await expect(page.locator(".banner")).toContainText("Đã kết thúc");
  await picture(page, "16-da-ket-thuc");
});

test("a finished visit is amended by a new version; the old one still opens", async ({ browser }) => {
  const page = await signIn(browser, "bacsi.84101");
  await page.goto(`/app/encounters/${visit}`);
  await page.locator("[name=amend_reason]").fill("Bổ sung tiền sử dị ứng");
  await page.getByRole("button", { name: /Sửa hồ sơ/ }).click();
  await expect(page.locator(".banner")).toContainText("Đang sửa hồ sơ");
  await page.getByLabel("Khám", { exact: true }).fill("Họng đỏ, amydan sưng độ II, có giả mạc.");
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong");
  await page.keyboard.press("F8");
  await expect(page.locator(".banner")).toContainText("Đã kết thúc");
  await page.goto(`/app/encounters/${visit}/versions/1`);
  await expect(page.locator("body")).not.toContainText("có giả mạc");
  await picture(page, "17-ban-cu");
});

test("the cashier opens a shift and collects what arose by itself", async ({ browser }) => {
  const page = await signIn(browser, "thungan.84101");
  await page.goto("/app/cashier/shift");
  if (await page.getByRole("button", { name: /Mở ca/ }).count()) {
    await page.locator("form input[inputmode=numeric]").first().fill("500.000");
    await page.keyboard.press("F8");
    await expect(page.getByRole("link", { name: /Kết ca/ })).toBeVisible();
  }
  await page.goto(`/app/cashier/${visit}`);
  await expect(page.locator("#bill")).toContainText("Khám Nội");
  await expect(page.locator("#bill")).toContainText("Amoxicilin");
  await picture(page, "18-thu-ngan");
  await page.getByRole("radio", { name: /VietQR/ }).check({ force: true });
  await expect(page.locator("#pay .qr svg")).toBeVisible();
  await picture(page, "19-vietqr");
  // The stand-in bank pays; the screen learns it by itself.
  const [bank] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: /Trả thử/ }).click()]);
  await bank.waitForLoadState();
  await bank.getByRole("button", { name: "Trả đúng" }).click();
  await expect(page.locator("#pay")).toContainText("Đã thu", { timeout: 20_000 });
  await picture(page, "20-da-thu");
});

test("the owner sees today's money and the register", async ({ browser }) => {
  const page = await signIn(browser, "quantri.84101");
  await page.goto("/app/reports");
  await picture(page, "21-chu-phong-kham");
  await page.goto("/app/reports/visits");
  await expect(page.locator("table")).toContainText("Nguyễn Văn An");
  await picture(page, "22-so-kham-benh");
  await page.goto("/app/reports/revenue");
  await expect(page.getByText("Khớp sổ cái")).toBeVisible();
  await picture(page, "23-doanh-thu");
});

test("a second clinic that works at the same time sees nothing of it", async ({ browser }) => {
  const page = await signIn(browser, "tiepnhan.84102");
  await page.goto("/app/reception");
  await expect(page.locator("body")).not.toContainText("Nguyễn Văn An");
  const answers = await Promise.all([`/app/encounters/${visit}`, `/app/vitals/${visit}`, `/app/cashier/${visit}`, `/app/encounters/${visit}/ticket.pdf`].map((path) => page.request.get(path, { maxRedirects: 0 })));
  for (const answer of answers) expect([403, 404]).toContain(answer.status());
});

function inAWeek() {
  const day = new Date(Date.now() + 7 * 86_400_000);
  return day.toLocaleDateString("sv-SE", { timeZone: "Asia/Ho_Chi_Minh" });
}
