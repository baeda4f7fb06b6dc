// Golden journeys in Debian's Chromium against a running server. YBA_URL names one that is up already; otherwise the
// demonstration is started from YBA_BIN (or the debug build) on a free data folder and stopped afterwards.
import { defineConfig } from "@playwright/test";
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const port = process.env.YBA_PORT ?? "4884";
const url = process.env.YBA_URL ?? `http://127.0.0.1:${port}`;
const binary = process.env.YBA_BIN ?? join(process.env.CARGO_TARGET_DIR ?? "../target", "debug", "yba");
const data = process.env.YBA_DATA ?? mkdtempSync(join(tmpdir(), "yba-e2e-"));
// PostgreSQL never runs as root; where root runs the tests its own user must be able to enter.
if (!process.env.YBA_DATA) chmodSync(data, 0o755);

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  timeout: 120_000,
  expect: { timeout: 10_000 },
  // One clinic, one day: the journeys share queue and drawer, so they go one after the other.
  workers: 1,
  fullyParallel: false,
  // A machine that builds at the same time may miss a deadline once; a real fault fails twice.
  retries: process.env.CI ? 1 : 0,
  reporter: [["list"]],
  use: {
    baseURL: url,
    viewport: { width: 1366, height: 768 },
    actionTimeout: 10_000,
    locale: "vi-VN",
    timezoneId: "Asia/Ho_Chi_Minh",
    // axe is put into the page by the test, which the policy of our pages rightly forbids.
    bypassCSP: true,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--lang=vi", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    },
  },
  webServer: process.env.YBA_URL
    ? undefined
    : {
        command: `${binary} demo --port ${port} --sandbox-port ${Number(port) + 1} --data ${data} --people 300 --visits 200`,
        url: `${url}/readyz`,
        env: { YBA_SANDBOX_URL: `http://127.0.0.1:${Number(port) + 1}` },
        timeout: 300_000,
        stdout: "ignore",
        stderr: "pipe",
        gracefulShutdown: { signal: "SIGTERM", timeout: 15_000 },
      },
});
