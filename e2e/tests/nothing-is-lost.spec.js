// What people type survives: a killed browser, a dead line, two people at one note, an impatient hand.
import { expect, test } from "@playwright/test";
import { burst, examine, pick, picture, signIn } from "../world.js";

test.describe.configure({ mode: "serial" });

/** A new person in a room; answers the visit's id. */
async function arrive(browser, name, birth) {
  const page = await signIn(browser, "tiepnhan.84101");
  await page.goto("/app/reception/new");
  await page.locator("#f-name").fill(name);
  await page.locator("#f-birth").fill(birth);
  await page.locator("#f-sex").selectOption("male");
  await page.locator("#f-phone").fill("0900000777");
  await pick(page, "#f-room", "Nội 2");
  await pick(page, "#f-service", "Khám Nội");
  await page.locator("#f-reason").fill("Ho");
  await page.keyboard.press("F8");
  await expect(page).toHaveURL(/visit=/);
  const visit = new URL(page.url()).searchParams.get("visit");
  await page.context().close();
  return visit;
}

/** A doctor with the visit open in room Nội 2. */
async function doctorAt(browser, login, visit) {
  const page = await signIn(browser, login);
  await page.goto("/app/room");
  await page.getByRole("button", { name: "Nội 2" }).click();
  await page.goto("/app/encounters");
  // The first of the two calls the patient in; the visit is then "being examined".
  const call = page.locator('.page-head button[data-key="F3"]:not([aria-disabled])');
  if (await call.count()) {
    await page.keyboard.press("F3");
    await expect(page).toHaveURL(/encounters\/[0-9a-f-]{36}/);
  }
  await page.goto(`/app/encounters/${visit}`);
  return page;
}

let visit = "";

test("a form with mistakes keeps every letter and leads to the first mistake", async ({ browser }) => {
  const page = await signIn(browser, "tiepnhan.84101");
  await page.goto("/app/reception/new");
  await page.locator("#f-name").fill("Trần Ngọc Bích Trâm");
  await page.locator("#f-birth").fill("31/02/2024");
  await page.locator("#f-cccd").fill("08932400123");
  await page.locator("#f-address_line").fill("Ấp Long Trị");
  await page.keyboard.press("F8");
  await expect(page.locator(".problem").first()).toBeVisible();
  await expect(page.locator("#f-name")).toHaveValue("Trần Ngọc Bích Trâm");
  await expect(page.locator("#f-address_line")).toHaveValue("Ấp Long Trị");
  await page.keyboard.press("F7");
  await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  await picture(page, "24-loi-o-nhap");
});

test("a browser killed in mid-word gives the words back", async ({ browser }) => {
  visit = await arrive(browser, "Lê Văn Giữ Chữ", "02/03/1970");
  const page = await doctorAt(browser, "bacsi.84101", visit);
  const note = page.locator("textarea").first();
  await note.fill("Đã lưu trên máy chủ.");
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong");
  // From here nothing leaves the computer any more, and the window dies.
  await page.route("**/note", (route) => route.abort());
  await note.fill("Đã lưu trên máy chủ. Gõ tiếp rồi mất điện");
  await page.waitForTimeout(150);
  const context = page.context();
  await page.close();
  const again = await context.newPage();
  await again.goto(`/app/encounters/${visit}`);
  await expect(again.locator("textarea").first()).toHaveValue("Đã lưu trên máy chủ. Gõ tiếp rồi mất điện");
  await expect(again.locator("#saved")).toContainText("Đã lưu");
  await picture(again, "25-lay-lai-chu");
});

test("without a network the page says so, keeps the words, and sends them later", async ({ browser }) => {
  const page = await doctorAt(browser, "bacsi.84101", visit);
  await page.context().setOffline(true);
  await page.locator("textarea").first().fill("Gõ lúc mất mạng");
  await expect(page.locator("#saved")).toContainText("Giữ ở máy này");
  await page.screenshot({ path: new URL("../../docs/screens/26-mat-mang.png", import.meta.url).pathname });
  await page.context().setOffline(false);
  await expect(page.locator("#saved")).toContainText("Đã lưu vừa xong", { timeout: 20_000 });
});

test("two doctors at one note: the second is told, and neither loses text", async ({ browser }) => {
  const phuc = await doctorAt(browser, "bacsi.84101", visit);
  const lan = await doctorAt(browser, "bacsi.lan.84101", visit);
  await phuc.locator("textarea").first().fill("Lời của bác sĩ Phúc");
  await expect(phuc.locator("#saved")).toContainText("Đã lưu vừa xong");
  await lan.locator("textarea").first().fill("Lời của bác sĩ Lan");
  const dialog = lan.locator("dialog[open]");
  await expect(dialog).toContainText("Hai người cùng sửa");
  await expect(dialog.locator("textarea").nth(0)).toHaveValue("Lời của bác sĩ Lan");
  await expect(dialog.locator("textarea").nth(1)).toHaveValue("Lời của bác sĩ Phúc");
  await picture(lan, "27-hai-nguoi-cung-sua");
  await dialog.getByRole("button", { name: "Ghép cả hai" }).click();
  await lan.keyboard.press("F8");
  await expect(lan.locator("textarea").first()).toHaveValue(/bác sĩ Phúc[\s\S]*bác sĩ Lan/);
  await expect(lan.locator("#saved")).toContainText("Đã lưu vừa xong");
});

test("random keys in the prescription never send a half-made form", async ({ browser }) => {
  const page = await doctorAt(browser, "bacsi.84101", visit);
  await page.keyboard.press("Alt+4");
  await page.locator("#rx-sentence").focus();
  const sent = [];
  page.on("request", (request) => { if (request.method() === "POST") sent.push(request.url()); });
  for (const key of ["x", "q", "Enter", "z", "1", "Enter", "Tab", "Enter", "k", "Enter", "Escape", "Enter"]) await page.keyboard.press(key);
  await page.waitForTimeout(500);
  await expect(page.locator("#prescription tbody tr")).toHaveCount(0);
  expect(sent.filter((url) => /finished|issued/.test(url))).toEqual([]);
});

test("a broken card is refused in words, not with a fault", async ({ browser }) => {
  const page = await signIn(browser, "tiepnhan.84101");
  await page.goto("/app/reception");
  await burst(page, "084192|||hỏng|99999999");
  await expect(page.locator(".toast-note.bad, .problem, .check").first()).toBeVisible();
  await examine(page, "a broken card");
});
