// Every page each role can reach by its links: no serious finding, no fault, nothing off the side; then the same on a
// phone, in the dark and in English.
import { expect, test } from "@playwright/test";
import { examine, picture, signIn } from "../world.js";

const roles = ["tiepnhan.84101", "dieuduong.84101", "bacsi.84101", "thungan.84101", "quantri.84101", "duocsi.84101", "xetnghiem.84101", "sieuam.84101"];
const plain = (href) => href.replace(/[#?].*$/, "").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}");

async function walk(page, most) {
  const seen = new Set();
  const queue = ["/app"];
  while (queue.length && seen.size < most) {
    const href = queue.shift();
    if (seen.has(plain(href))) continue;
    seen.add(plain(href));
    const answer = await page.goto(href);
    expect.soft(answer.status(), href).toBeLessThan(400);
    await examine(page, href);
    const links = await page.locator("a[href]:not([data-print]):not([target=_blank]):not([download])").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    queue.push(...links.filter((link) => /^\/(app|account)/.test(link) && !/\.pdf|\.xlsx|\/pdf|\/paper|\/slips\/|\/sheet|\/labels|\/instructions|\/dicom\/|\/export|\/template$/.test(link)));
  }
  return seen.size;
}

for (const role of roles) {
  test(`every page of ${role}`, async ({ browser }) => {
    const page = await signIn(browser, role);
    expect(await walk(page, 60)).toBeGreaterThan(3);
  });
  test(`every page of ${role} on a phone`, async ({ browser }) => {
    const page = await signIn(browser, role, { viewport: { width: 390, height: 844 }, hasTouch: true });
    await walk(page, 14);
  });
}

test("pictures of the phone, the dark and the English pages", async ({ browser }) => {
  const phone = await signIn(browser, "tiepnhan.84101", { viewport: { width: 390, height: 844 }, hasTouch: true });
  await phone.goto("/app/reception");
  await picture(phone, "30-dien-thoai-tiep-nhan");
  const owner = await signIn(browser, "quantri.84101", { viewport: { width: 390, height: 844 }, hasTouch: true });
  await owner.goto("/app/reports");
  await picture(owner, "31-dien-thoai-chu-phong-kham");
  const dark = await signIn(browser, "bacsi.84101", { colorScheme: "dark" });
  await dark.goto("/app/encounters");
  await picture(dark, "32-giao-dien-toi");
  const english = await signIn(browser, "tiepnhan.84101");
  await english.locator("details.menu summary.who").click();
  await english.getByRole("button", { name: "English" }).click();
  await expect(english.locator("html")).toHaveAttribute("lang", "en");
  await english.goto("/app/reception");
  await expect(english.getByRole("heading", { level: 1 })).toHaveText("Today");
  await picture(english, "33-english");
});

test("the keys of a screen and the palette open and close by keyboard", async ({ browser }) => {
  const page = await signIn(browser, "tiepnhan.84101");
  await page.goto("/app/reception");
  await page.locator("h1").click();
  await page.keyboard.press("?");
  await expect(page.locator("dialog[open]")).toContainText("Tiếp nhận mới");
  await picture(page, "34-moi-phim-tat");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("hang", { delay: 30 });
  await expect(page.getByRole("option").first()).toBeVisible();
  await picture(page, "35-bang-lenh");
  await page.keyboard.press("Escape");
  await expect(page.locator("dialog[open]")).toHaveCount(0);
});

test("an address that is not there has a page and a way back", async ({ browser }) => {
  const page = await signIn(browser, "tiepnhan.84101");
  const answer = await page.goto("/app/khong-co-trang-nay");
  expect(answer.status()).toBe(404);
  await picture(page, "36-khong-tim-thay");
});
