// The books of a clinic as its owner reads them, on a screen and on a phone: they stand on the ledger, not on constants.
import { expect, test } from "@playwright/test";
import { picture, signIn } from "../world.js";

const yesterday = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Ho_Chi_Minh" }).format(Date.now() - 86_400_000);
const PAGES = [
  [`/app/reports/daily?from=${yesterday}`, "96-so-ngay"],
  ["/app/reports/debts", "97-cong-no"],
  ["/app/reports/drugs", "98-thuoc-da-dung"],
  ["/app/packages", "99-goi-dich-vu"],
  ["/app/discounts", "A0-mien-giam"],
  ["/app/payers", "A1-bang-gia-theo-nguon-tra"],
  ["/app/payouts", "A2-thu-lao"],
];

test("the owner sells a package, sets a discount and a payer; a mistake stays beside its field", async ({ browser }) => {
  const page = await signIn(browser, "quantri.84101");
  await page.goto("/app/packages");
  await page.locator("#f-code").fill("VLTL10");
  await page.locator("#f-name").fill("Vật lý trị liệu 10 buổi");
  await page.locator("#f-price").fill("không rõ");
  await page.locator("select[name=service]").first().selectOption({ index: 1 });
  await page.locator("input[name=pieces]").first().fill("10");
  await page.keyboard.press("F8");
  await expect(page.locator(".has-problem #f-price")).toHaveValue("không rõ");
  await expect(page.locator("#f-name")).toHaveValue("Vật lý trị liệu 10 buổi");
  await page.locator("#f-price").fill("1.200.000");
  await page.keyboard.press("F8");
  await expect(page.locator("tbody tr", { hasText: "VLTL10" })).toContainText("1.200.000");
  await page.goto("/app/discounts");
  await page.locator("#f-name").fill("Trẻ dưới 6 tuổi giảm tiền khám");
  await page.locator("#f-value").fill("10%");
  await page.locator("#f-age_to").fill("5");
  await page.keyboard.press("F8");
  await expect(page.locator("tbody tr", { hasText: "Trẻ dưới 6" })).toContainText("10");
  await page.goto("/app/payers");
  await page.locator("#f-code").fill("CTY01");
  await page.locator("#f-name").fill("Công ty May Cổ Chiên");
  await page.locator("#f-kind").selectOption({ index: 1 });
  await page.keyboard.press("F8");
  await expect(page.getByText("Công ty May Cổ Chiên").first()).toBeVisible();
});

test("the day's books, packages, discounts, payers and shares", async ({ browser }) => {
  const page = await signIn(browser, "quantri.84101");
  for (const [address, name] of PAGES) {
    const answer = await page.goto(address);
    expect(answer.status(), address).toBe(200);
    await picture(page, name);
  }
});

test("a day asked again gives the same book, and its sheet opens", async ({ browser }) => {
  const page = await signIn(browser, "quantri.84101");
  const book = async () => {
    await page.goto(`/app/reports/daily?from=${yesterday}`);
    return page.locator("main table").allInnerTexts();
  };
  const first = await book();
  expect(first.join("")).toMatch(/\d/);
  expect(await book()).toEqual(first);
});

test("the owner's day on a phone", async ({ browser }) => {
  const page = await signIn(browser, "quantri.84101", { viewport: { width: 390, height: 844 }, hasTouch: true });
  await page.goto("/app/owner");
  await picture(page, "A3-dien-thoai-chu");
});
