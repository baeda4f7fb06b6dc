// A booking from a citizen's phone to the examination room: a time is chosen, the phone proved, the desk calls and
// confirms, one message comes, a screen in the hall takes the person in at the kept number, the doctor sees what was asked.
import { expect, test } from "@playwright/test";
import { picture, signIn } from "../world.js";

test.describe.configure({ mode: "serial" });

const sandbox = process.env.YBA_SANDBOX_URL ?? `http://127.0.0.1:${Number(process.env.YBA_PORT ?? 4884) + 1}`;
// Somebody new for every run.
const phone = `09${String(Date.now()).slice(-8)}`;
const syllable = () => "bcdghklmnt"[Math.floor(Math.random() * 10)] + "aăâeêioôơuư"[Math.floor(Math.random() * 11)];
const given = [...Array(3)].map(syllable).join("");
const name = `Trương Văn ${given[0].toUpperCase()}${given.slice(1)}`;
const offer = `Khám ngày đêm ${String(Date.now()).slice(-5)}`;
const small = { viewport: { width: 390, height: 844 }, hasTouch: true };
let link, code, number, hall;

/** What the stand-in phone got last that looks like `pattern`; the worker carries it a moment after the click. */
async function message(request, pattern) {
  for (let i = 0; i < 60; i++) {
    const messages = await (await request.get(`${sandbox}/api/messages?to=${phone}`)).json();
    const found = messages.map((m) => m.text.match(pattern)).find(Boolean);
    if (found) return found;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`no message like ${pattern} arrived`);
}

test("the house opens a time for booking, day and night", async ({ browser }) => {
  const admin = await signIn(browser, "quantri.84101");
  await admin.goto("/app/schedule/offers/new");
  await admin.locator("[name=name]").fill(offer);
  await admin.locator("[name=specialty]").selectOption("dermatology");
  await admin.locator("[name=notice_minutes]").fill("0");
  await admin.locator("[name=cutoff_minutes]").fill("0");
  await admin.keyboard.press("F8");
  await admin.waitForURL(/offers\/[0-9a-f-]{36}$/);
  for (const day of ["1", "2", "3", "4", "5", "6", "7"]) await admin.locator(`[name=weekdays][value="${day}"]`).check();
  await admin.locator("[name=starts]").fill("00:00");
  await admin.locator("[name=ends]").fill("23:55");
  await admin.locator("[name=slot_minutes]").fill("5");
  await admin.locator("[name=capacity]").fill("5");
  const room = await admin.locator("[name=room] option", { hasText: "Nội 2" }).first().getAttribute("value");
  await admin.locator("[name=room]").selectOption(room);
  await admin.getByRole("button", { name: "Thêm buổi" }).click();
  await expect(admin.getByText("00:00–23:55").first()).toBeVisible();
  await picture(admin, "C0-dich-vu-nhan-dat-lich");
  await admin.goto("/app/schedule");
  await picture(admin, "C1-lich-lam-viec");

  await admin.goto("/app/kiosks");
  await admin.locator("[name=name]").fill(`Sảnh ${given}`);
  await admin.keyboard.press("F8");
  hall = new URL(await admin.locator("#address").innerText()).pathname;
});

test("a citizen books on a small phone and proves the number", async ({ browser, request }) => {
  const context = await browser.newContext(small);
  const page = await context.newPage();
  await page.goto("/booking");
  await picture(page, "C2-tim-gio-kham");
  await page.locator("[name=q]").first().fill(offer.replace("Khám ngày đêm", "kham ngay dem"));
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: new RegExp(offer) }).first().click();
  await picture(page, "C3-chon-gio");
  // Today's next time, or tomorrow's when the day is over.
  await page.locator("button.cz-time").first().click();
  await page.waitForURL(/\/b\//);
  await page.locator("[name=name]").fill(name);
  await page.locator("[name=birth]").fill("12/03/1961");
  await page.locator("label", { has: page.locator("[name=sex][value=male]") }).click();
  await page.locator("[name=phone]").first().fill(phone);
  // Nothing that was typed is lost when the question of danger was forgotten.
  await page.getByRole("button", { name: "Tiếp tục" }).click();
  await expect(page.getByText("Trả lời câu này")).toBeVisible();
  await expect(page.locator("[name=name]")).toHaveValue(name);
  await page.locator("label", { has: page.locator("[name=danger][value=no]") }).click();
  await picture(page, "C4-ai-kham");
  await page.getByRole("button", { name: "Tiếp tục" }).click();
  await page.locator("[name=code]").fill("000000");
  await page.getByRole("button", { name: "Đặt lịch" }).click();
  await expect(page.getByText(/Mã chưa đúng, còn 4 lần/)).toBeVisible();
  const [, digits] = await message(request, /la (\d{6}),/);
  await page.locator("[name=code]").fill(digits);
  await page.getByRole("button", { name: "Đặt lịch" }).click();
  await expect(page.getByText(/sẽ gọi số/)).toBeVisible();
  link = new URL(page.url()).pathname;
  await picture(page, "C5-cho-xac-nhan");
});

test("the desk calls, asks and confirms, and one message brings number and code", async ({ browser, request }) => {
  const desk = await signIn(browser, "tiepnhan.84101");
  await desk.goto("/app/care-desk");
  await desk.getByRole("link", { name: new RegExp(name) }).first().click();
  await desk.getByRole("button", { name: /Nhận gọi/ }).click();
  for (const group of await desk.locator("fieldset.ask").all()) await group.locator("label", { hasText: "Không" }).first().click();
  await desk.locator("[name=note]").fill("Nổi mẩn 2 ngày, chưa dùng thuốc.");
  await picture(desk, "C6-sang-loc");
  await desk.locator("[name=outcome][value=confirmed]").click();
  await expect(desk.getByText(/Chưa nhận cuộc gọi nào|Cuộc gọi này đã xong/).first()).toBeVisible();
  const told = await message(request, /STT (\d+), ma ([0-9A-Z-]{11})/);
  [number, code] = [told[1], told[2]];
  const all = await (await request.get(`${sandbox}/api/messages?to=${phone}`)).json();
  expect(all.filter((m) => /STT/.test(m.text)).length, "exactly one confirmation").toBe(1);
  expect(all.every((m) => !/man ngua|noi man/i.test(m.text)), "nothing clinical").toBe(true);

  const context = await browser.newContext(small);
  const page = await context.newPage();
  await page.goto(link);
  await expect(page.getByText(code)).toBeVisible();
  await picture(page, "C7-da-xac-nhan");
  const calendar = await (await request.get(`${link}/calendar.ics`)).text();
  expect(calendar).toContain("DTSTART;TZID=Asia/Ho_Chi_Minh:");
  // The code alone, with another phone, opens nothing.
  await page.goto("/booking/find");
  await page.locator("[name=code]").fill(code);
  await page.locator("[name=phone]").fill("0911111111");
  await page.getByRole("button", { name: "Xem lịch" }).click();
  await expect(page.getByText("Không có lịch hẹn nào với mã")).toBeVisible();
  await desk.goto("/app/messages");
  await expect(desk.getByText("Tổng đài tin nhắn giả lập")).toBeVisible();
  await picture(desk, "C8-tin-nhan");
});

test("the screen in the hall takes the person in at the kept number, and the desk and the doctor see it", async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 1080, height: 1920 } });
  const screen = await context.newPage();
  await screen.goto(hall);
  await picture(screen, "C9-kiosk");
  await screen.getByRole("link", { name: /Tôi đã đặt lịch/ }).click();
  await screen.locator("[name=code]").fill(code.toLowerCase());
  await screen.getByRole("button", { name: "Tiếp tục" }).click();
  await expect(screen.locator(".k-number, h1").last()).toBeVisible();
  // A booking of tomorrow (the day was nearly over) is sent to the counter; everybody else has the number.
  const taken = await screen.locator(".k-number").count();
  if (taken) {
    await expect(screen.locator(".k-number")).toHaveText(number);
    await picture(screen, "CA-kiosk-so");
  } else {
    await expect(screen.getByText("Lịch hẹn này vào ngày khác")).toBeVisible();
  }
  const desk = await signIn(browser, "tiepnhan.84101");
  await desk.goto(`/app/appointments?q=${code}`);
  await desk.waitForURL(/appointments\/[0-9a-f-]{36}/);
  await picture(desk, "CB-lich-hen");
  if (!taken) return;
  await expect(desk.getByText("Đã đến").first()).toBeVisible();
  const visit = await desk.getByRole("link", { name: "Xem ở tiếp nhận" }).getAttribute("href");
  const doctor = await signIn(browser, "bacsi.84101");
  await doctor.goto(`/app/encounters/${visit.split("visit=")[1]}`);
  await expect(doctor.getByText("Sàng lọc trước khám").first()).toBeVisible();
  await expect(doctor.getByText("Nổi mẩn 2 ngày").first()).toBeVisible();
  await picture(doctor, "CC-bac-si-thay-sang-loc");
});

test("a planner closes a day and everybody gets another time", async ({ browser }) => {
  const admin = await signIn(browser, "quantri.84101");
  const day = new Date(Date.now() + 7 * 3600e3 + 9 * 86400e3).toISOString().slice(0, 10).split("-").reverse().join("/");
  await admin.goto("/app/schedule");
  await admin.locator("[name=from_day]").fill(day);
  await admin.locator("[name=reason]").fill("Tập huấn cả ngày");
  await admin.getByRole("button", { name: "Đóng lịch" }).click();
  await admin.waitForURL(/closures\//);
  await expect(admin.getByText("Không còn ai vướng lịch")).toBeVisible();
  await admin.getByRole("button", { name: "Mở lại" }).click();
  await admin.waitForURL(/\/app\/schedule$/);
});
