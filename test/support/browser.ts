import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** The system's Chromium, as Debian's package installs it. */
const EXECUTABLE = process.env.SHERD_CHROMIUM ?? "/usr/bin/chromium";

/** Why there is no browser to test with, or null. In CI there must be one: the tests fail for want of it. */
export const whyNoBrowser: string | null =
  existsSync(EXECUTABLE) || process.env.CI ? null : `there is no ${EXECUTABLE}: apt-get install chromium`;

/** Starts it without a window, and without a word to anybody but the pages that tests open. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
