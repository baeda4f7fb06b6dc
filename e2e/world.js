// The people of the demonstration and what all journeys do: sign in, look with axe, keep a picture.
import { expect } from "@playwright/test";
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const screens = join(here, "..", "docs", "screens");
mkdirSync(screens, { recursive: true });

/** A browser of one person: signed in, PDFs not really printed (a headless browser has no print window). */
export async function signIn(browser, login, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, ...options });
  await context.addInitScript(() => { window.print = () => {}; });
  const page = await context.newPage();
  const troubles = watch(page);
  await page.goto("/sign-in");
  await page.getByLabel("Tên đăng nhập").fill(login);
  await page.getByLabel("Mật khẩu", { exact: false }).first().fill("demo");
  const code = page.locator("#f-code");
  if (await code.count()) await code.fill("000000");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
  // Two-step accounts are asked for the code on a page of its own when the first did not show it.
  return Object.assign(page, { troubles });
}

/** Collects what must not happen while a person works: script errors and faults of the server. */
function watch(page) {
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(`script: ${error.message}`));
  page.on("response", (answer) => { if (answer.status() >= 500) troubles.push(`${answer.status()} ${answer.url()}`); });
  page.on("console", (message) => { if (/Content Security Policy/i.test(message.text())) troubles.push(message.text()); });
  return troubles;
}

/** No serious finding of axe, no sideways scrolling, nothing broken behind the page. */
export async function examine(page, name) {
  await page.waitForLoadState("networkidle").catch(() => {});
  await page.evaluate(axeSource);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = found.violations
    .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(" | ")}`);
  expect.soft(serious, `axe on ${name}`).toEqual([]);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect.soft(sideways, `sideways scrolling on ${name}`).toBeLessThanOrEqual(0);
  expect.soft(page.troubles ?? [], `troubles behind ${name}`).toEqual([]);
}

/** Keeps the picture of a step in docs/screens, after looking at it. */
export async function picture(page, name) {
  await examine(page, name);
  await page.screenshot({ path: join(screens, `${name}.png`) });
}

/** Chooses the option whose words begin so. */
export async function pick(page, selector, words) {
  const value = await page.locator(`${selector} option`, { hasText: words }).first().getAttribute("value");
  await page.locator(selector).selectOption(value);
}

/** Goes to a part of the visit by its key. */
export async function tab(page, number) {
  await page.keyboard.press(`Alt+${number}`);
  await expect(page.locator(`[data-tabs] [data-key="Alt+${number}"]`)).toHaveAttribute("aria-current", "page");
}

/** What a keyboard-wedge reader does: letters a few milliseconds apart, then Enter. */
export async function burst(page, code) {
  await page.evaluate((text) => {
    const field = document.activeElement;
    for (const key of [...text, "Enter"]) {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
      const kept = field.dispatchEvent(event);
      if (kept && key.length === 1 && "value" in field) field.value += key;
    }
  }, code);
}
