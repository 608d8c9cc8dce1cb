import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { build, createServer, preview } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RelayProcess, startRelayProcess } from "../../relay/test/relay-process.ts";
import { makeTemporaryFolder } from "../../relay/test/temporary-folder.ts";
import { findChromium } from "../../scripts/programs.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const server = { port: 0, strictPort: false };

/** Both ways to see the page: as `npm run demo` shows it, and as it is built. */
const sites = {
  async "in development"() {
    const vite = await createServer({ root, server, logLevel: "error" });
    await vite.listen();
    return { url: vite.resolvedUrls?.local[0] ?? "", close: () => vite.close() };
  },
  async built() {
    const folder = await makeTemporaryFolder();
    await build({ root, logLevel: "error", build: { outDir: folder.path } });
    const vite = await preview({ root, preview: server, build: { outDir: folder.path } });
    return {
      url: vite.resolvedUrls?.local[0] ?? "",
      async close() {
        await vite.close();
        await folder.remove();
      },
    };
  },
};

describe.each(Object.entries(sites))("the page, %s", (_, open) => {
  let site: Awaited<ReturnType<typeof open>>;
  let circles: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RelayProcess;
  let browser: Browser;
  let page: Page;
  /** What the page complained of, its Content-Security-Policy included. */
  let complaints: string[];
  beforeAll(async () => {
    site = await open();
    circles = await makeTemporaryFolder();
    const origin = new URL(site.url).origin;
    relay = await startRelayProcess(["--port", "0", "--open", "--allow-origin", origin, "--db-path", circles.path]);
    browser = await chromium.launch({ executablePath: findChromium() ?? "chromium" });
  });
  afterAll(async () => {
    await browser.close();
    await relay.kill("SIGTERM");
    await circles.remove();
    await site.close();
  });
  beforeEach(async () => {
    page = await browser.newPage();
    complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", ({ message }) => {
      complaints.push(message);
    });
    await page.goto(site.url);
    const address = page.getByLabel("Circle to play in");
    await address.fill((await address.inputValue()).replace("ws://localhost:8090", relay.url));
  });
  afterEach(() => page.close());

  const play = async (script: string) => {
    await page.getByRole("textbox", { name: "Script" }).fill(script);
    await page.getByRole("button", { name: "Run" }).click();
  };
  const output = () => page.getByRole("log").innerText();

  it("[PG1] shows the key that it made, and how to start a relay for it", async () => {
    expect(await page.locator("#public-key").innerText()).toMatch(/^0[23][0-9a-f]{64}$/);
    expect(await output()).toContain(`npm start -- --open --allow-origin ${new URL(site.url).origin}`);
    expect(complaints).toEqual([]);
  });

  it("[PG2] runs its example, and shows what it prints and what it returns", async () => {
    const key = await page.locator("#public-key").innerText();
    await page.getByRole("button", { name: "Run" }).click();
    await page.getByText("done").waitFor();
    expect(await output()).toContain(`in the circle of ${key}`);
    expect(await output()).toContain('"visits": 1');
    expect(await page.getByRole("progressbar").getAttribute("value")).toBe("1");
    expect(complaints).toEqual([]);
  });

  it("[PG3] shows what a script prints while it runs, and cancels it", async () => {
    // At the first line that appears, for the script has a second: a test's own click may come too late.
    await page.evaluate(() => {
      const cancel = document.getElementById("cancel");
      new MutationObserver(() => cancel?.click()).observe(document.getElementById("output") ?? document, {
        childList: true,
      });
    });
    await play("for (let n = 1; ; n++) if (n % 100_000 === 0) print('at ' + n)");
    await page.getByText("failed").waitFor();
    expect(await output()).toMatch(/^at 100000\n(.*\n)*cancelled/);
    expect(await page.getByRole("button", { name: "Run" }).isEnabled()).toBe(true);
  });

  it("[PG4] shows a script's error with its line, and plays on", async () => {
    await play("1 + 1;\n  missing()");
    await page.getByText("failed").waitFor();
    expect(await output()).toMatch(/missing is not defined\nline 2, column 3/);
    await play("1 + 1");
    await page.getByText("done").waitFor();
    expect(await output()).toBe("2");
  });

  it("[PG5] shows markup from a circle as text", async () => {
    const markup = '<img src="x" onerror="document.title = 1"><b>bold</b>';
    await play(`print('${markup}'); '${markup}'`);
    await page.getByText("done").waitFor();
    expect(await output()).toBe(`${markup}\n${markup}`);
    expect(await page.locator("#output b").count()).toBe(0);
  });

  it("[PG6] says what to do when no relay answers", async () => {
    await page
      .getByLabel("Circle to play in")
      .fill(`ws://localhost:9/${await page.locator("#public-key").innerText()}`);
    await play("1");
    await page.getByText("failed").waitFor();
    expect(await output()).toMatch(/could not be opened.*--allow-origin http:/s);
  });
});
