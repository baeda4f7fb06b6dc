// A doctor comes in by the hospital's own accounts, through a real OpenID Connect provider, and goes out of both; and who
// signs out over there is signed out here.
import { expect, test } from "@playwright/test";
import Provider from "oidc-provider";
import { picture, signIn } from "../world.js";

async function provider(ours) {
  const port = 4900 + Math.floor(Math.random() * 80);
  const issuer = `http://127.0.0.1:${port}`;
  const oidc = new Provider(issuer, {
    clients: [{
      client_id: "yba", client_secret: "khoa-cua-benh-vien-khong-that", grant_types: ["authorization_code"], response_types: ["code"],
      redirect_uris: [`${ours}/sign-in/sso/return`], post_logout_redirect_uris: [`${ours}/sign-in`],
      backchannel_logout_uri: `${ours}/sign-in/sso/84001/logout`, backchannel_logout_session_required: true,
    }],
    claims: { openid: ["sub"], profile: ["preferred_username"], email: ["email", "email_verified"] },
    features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true }, devInteractions: { enabled: true } },
    cookies: { keys: ["chi de thu"] },
    // It refuses to call its own machine, where this journey has us both.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id }) }),
  });
  // Loopback without TLS, as in no real hospital.
  const server = await new Promise((done) => { const s = oidc.listen(port, "127.0.0.1", () => done(s)); });
  const untold = [];
  oidc.on("backchannel.error", (_, error) => untold.push(String(error)));
  return { issuer, untold, stop: () => server.close() };
}

async function comeIn(page, login) {
  await page.goto("/sign-in?switch=1");
  await page.getByRole("link", { name: "Tài khoản Bệnh viện tỉnh" }).click();
  // The provider's own page; it may know the person already.
  if (await page.locator("input[name=login]").count()) {
    await page.locator("input[name=login]").fill(login);
    await page.locator("input[name=password]").fill("bất kỳ");
    await page.locator("button[type=submit]").click();
  }
  if (page.url().includes("/interaction/")) await page.locator("button[type=submit]").click();
  await page.waitForURL(/\/app/);
}

test("the hospital's account opens our door, and one sign-out closes both", async ({ browser, baseURL }) => {
  const bv = await provider(baseURL);
  try {
    const admin = await signIn(browser, "quantri.84001");
    await admin.goto("/app/staff/sso");
    await admin.getByLabel("Địa chỉ cổng (issuer)").fill(bv.issuer);
    await admin.getByLabel("Mã ứng dụng (client_id)").fill("yba");
    await admin.getByLabel("Khóa bí mật (client_secret)").fill("khoa-cua-benh-vien-khong-that");
    await admin.getByLabel("Chữ trên nút đăng nhập").fill("Tài khoản Bệnh viện tỉnh");
    await admin.locator("button[form=sso]").click();
    await admin.waitForLoadState("networkidle");
    await expect(admin.getByLabel("Địa chỉ cổng (issuer)")).toHaveValue(bv.issuer);
    await picture(admin, "sso-settings");

    const page = await (await browser.newContext({ viewport: { width: 1366, height: 768 } })).newPage();
    await page.goto("/sign-in");
    await picture(page, "sso-door");
    await comeIn(page, "bacsi");
    await page.goto("/account");
    await expect(page.locator("body")).toContainText("bacsi.84001");

    // Out from here, and over there.
    await page.evaluate(() => { const f = document.createElement("form"); f.method = "post"; f.action = "/sign-out"; const i = document.createElement("input"); i.name = "csrf"; i.value = document.querySelector("meta[name=csrf]")?.content ?? ""; f.append(i); document.body.append(f); f.submit(); });
    await page.waitForURL(/session\/end/);
    await page.locator("button[value=yes], button[name=logout]").first().click();
    await page.waitForURL(/\/sign-in/);
    await page.goto("/account");
    await expect(page).toHaveURL(/sign-in/);

    // Out from over there: our session ends without us being asked.
    await comeIn(page, "bacsi");
    await page.goto(`${bv.issuer}/session/end`);
    await page.locator("button[value=yes], button[name=logout]").first().click();
    await page.waitForURL(/session\/end\/success/);
    expect(bv.untold, "words of sign-out that did not arrive").toEqual([]);
    await expect.poll(async () => { await page.goto("/account"); return page.url(); }).toMatch(/sign-in/);

    // Who has no account here is told so.
    await page.goto("/sign-in");
    await page.getByRole("link", { name: "Tài khoản Bệnh viện tỉnh" }).click();
    await page.locator("input[name=login]").fill("nguoi.la");
    await page.locator("input[name=password]").fill("bất kỳ");
    await page.locator("button[type=submit]").click();
    await page.locator("button[type=submit]").click();
    await expect(page.getByText("chưa có tài khoản tương ứng")).toBeVisible();
    await picture(page, "sso-nobody");
  } finally {
    bv.stop();
  }
});
