import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineBrowserProvider } from "@vitest/browser";
import type { BrowserProvider, BrowserProviderOption } from "vitest/node";
import { findFirefox } from "./programs.ts";

/** So that Firefox does nothing of its own: no first page, no updates, no question whether it may end. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.shutdown.fastShutdownStage": 3,
};

/**
 * Runs vitest's page in a Firefox as its distribution ships it: Playwright drives builds of its own only. Vitest's page needs no
 * driver, it only has to be opened; so there are no clicks, screenshots or sessions of DevTools.
 */
export function firefox(): BrowserProviderOption {
  return defineBrowserProvider({
    name: "firefox",
    supportedBrowser: ["firefox"],
    providerFactory: () => new FirefoxProvider(),
  });
}

/** One window without a screen, on a profile of its own that goes with it. */
class FirefoxProvider implements BrowserProvider {
  readonly name = "firefox";
  readonly supportsParallelism = false;
  #child: ChildProcess | undefined;
  #profile: string | undefined;
  /** If vitest is ended from outside, nobody calls `close`. */
  readonly #kill = () => this.#child?.kill("SIGKILL");

  getCommandsContext(): Record<string, unknown> {
    return {};
  }

  async openPage(_sessionId: string, url: string): Promise<void> {
    await this.close();
    this.#profile = await mkdtemp(join(tmpdir(), "circles-firefox-"));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
    await writeFile(join(this.#profile, "user.js"), lines.join("\n"));
    const args = ["--headless", "--no-remote", "--profile", this.#profile, url];
    this.#child = spawn(findFirefox() ?? "firefox", args, { stdio: "ignore" });
    process.once("exit", this.#kill);
    process.once("SIGTERM", this.#kill);
    await once(this.#child, "spawn");
  }

  async close(): Promise<void> {
    const [child, profile] = [this.#child, this.#profile];
    [this.#child, this.#profile] = [undefined, undefined];
    process.off("exit", this.#kill);
    process.off("SIGTERM", this.#kill);
    if (child && child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    if (profile) await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
