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
