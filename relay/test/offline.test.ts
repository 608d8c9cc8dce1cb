import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { type Circle, connect } from "@circles/sdk";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../scripts/programs.ts";
import type { RunningRelay } from "../src/bin/relay.ts";
import { alice } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

/** What the page below keeps of what it hears. */
type Heard = { statuses: string[]; numbers: number[]; counts: unknown[] };
declare const heard: Heard;
declare const circle: Circle;
declare const net: { holdTimers: boolean };

const pageOf = (url: string, secret: string) => `
  import { connect, keypairFrom } from "/sdk.js";
  globalThis.heard = { statuses: [], numbers: [], counts: [] };
  globalThis.net = { holdTimers: false };
  const start = setTimeout;
  globalThis.setTimeout = (...args) => (net.holdTimers ? 0 : start(...args));
  const signer = keypairFrom("${secret}");
  globalThis.circle = await connect("${url}/" + signer.publicKey, { signer });
  for (const status of ["connecting", "open", "closed"]) circle.on(status, () => heard.statuses.push(status));
  const events = circle.subscribe("numbers");
  await circle.play("emit('numbers', 0)");
  for await (const { data } of events) heard.numbers.push(data);`;

/** Adds to a count, and answers it; three of them. */
const countThrice = () => {
  const plays = [1, 2, 3].map(() => circle.play("data.set('n', (data.get('n') ?? 0) + 1); data.get('n')"));
  heard.counts = plays.map(() => "under way");
  for (const [i, play] of plays.entries()) void play.then((count) => (heard.counts[i] = count));
};

// Vitest's own page would be cut off from vitest: this one is another.
describe("a page in Chromium that goes offline", () => {
  let relay: RunningRelay;
  let site: Server;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let circleHere: Circle;
  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("../../sdk/src/index.ts", import.meta.url))],
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
    });
    const files: Record<string, [type: string, body: string]> = {
      "/": ["text/html", '<!doctype html><title>offline</title><script type="module" src="/page.js"></script>'],
      "/sdk.js": ["text/javascript", outputFiles[0]?.text ?? ""],
    };
    site = createServer(({ url = "/" }, response) => {
      const page: [string, string] = ["text/javascript", pageOf(relay.url, alice.exportSecret())];
      const [type, body] = url === "/page.js" ? page : (files[url] ?? ["text/plain", ""]);
      response.setHeader("content-type", type).end(body);
    }).listen(0, "127.0.0.1");
    await once(site, "listening");
    browser = await chromium.launch({ executablePath: findChromium() ?? "chromium" });
  });
  afterAll(async () => {
    await browser.close();
    site.close();
  });
  beforeEach(async () => {
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    relay = await startRelayInProcess({ allowedOrigins: [origin] });
    circleHere = await connect(`${relay.url}/${alice.publicKey}`, { signer: alice });
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(origin);
    await page.waitForFunction(() => heard.numbers.length === 1);
  });
  afterEach(async () => {
    circleHere.close();
    await context.close();
    await relay.close();
  });

  const tell = async (...numbers: number[]) => {
    for (const n of numbers) await circleHere.play("emit('numbers', args)", n);
  };
  /** What was heard, once the page's plays have ended and it has so many numbers. */
  const heardInTheEnd = async (numbers: number) => {
    await page.waitForFunction(
      (count) => heard.numbers.length >= count && !heard.counts.includes("under way"),
      numbers,
    );
    await tell(numbers); // what is doubled comes before it
    await page.waitForFunction((last) => heard.numbers.includes(last), numbers);
    return page.evaluate(() => heard);
  };

  it("[S10] is connecting until it is back; its plays of meanwhile happen once, its subscription misses nothing", async () => {
    let dialled = 0;
    page.on("websocket", () => (dialled += 1));
    await tell(1);
    await context.setOffline(true);
    await page.waitForFunction(() => circle.status === "connecting");
    await page.evaluate(countThrice);
    await tell(2, 3, 4);
    await expect.poll(() => dialled).toBeGreaterThan(2); // in vain
    expect(await page.evaluate(() => [circle.status, heard.numbers, heard.counts])).toEqual([
      "connecting",
      [0, 1],
      ["under way", "under way", "under way"],
    ]);
    await context.setOffline(false);
    expect(await heardInTheEnd(5)).toEqual({
      statuses: ["connecting", "open"],
      numbers: [0, 1, 2, 3, 4, 5],
      counts: [1, 2, 3],
    });
  });

  it("[S10] dials as soon as it is back, however long the pause between tries has become", async () => {
    await page.evaluate(() => (net.holdTimers = true)); // no pause ends any more
    await context.setOffline(true);
    await page.waitForFunction(() => circle.status === "connecting");
    await page.evaluate(countThrice);
    await tell(1);
    await context.setOffline(false);
    expect(await heardInTheEnd(2)).toEqual({
      statuses: ["connecting", "open"],
      numbers: [0, 1, 2],
      counts: [1, 2, 3],
    });
  });
});
