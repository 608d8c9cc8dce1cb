import { type Browser, type BrowserContextOptions, chromium } from "playwright";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { findChromium } from "../../scripts/programs.ts";
import { DemoRelay } from "./demo-relay.ts";
import { Person } from "./person.ts";

/** Where the tests of one file take place: a relay with the page, and whoever arrives. */
export type Stage = {
  readonly relay: DemoRelay;
  /** Somebody in a browser of their own. They leave when the test ends; then no page is to have complained of anything. */
  arrive(options?: BrowserContextOptions): Promise<Person>;
};

/** To be called while tests are collected. */
export function setStage(): Stage {
  let relay: DemoRelay | undefined;
  let browser: Browser | undefined;
  const there: Person[] = [];
  beforeAll(async () => {
    relay = await DemoRelay.start();
    browser = await chromium.launch({ executablePath: findChromium() ?? "chromium" });
  });
  afterAll(async () => {
    await browser?.close();
    await relay?.stop();
  });
  afterEach(async () => {
    const complaints = there.flatMap((person) => person.complaints);
    for (const person of there.splice(0)) await person.leave();
    expect(complaints).toEqual([]);
  });
  return {
    get relay() {
      if (!relay) throw new Error("stage: expected a relay, which starts before the tests");
      return relay;
    },
    async arrive(options) {
      if (!browser || !relay) throw new Error("stage: expected a browser, which starts before the tests");
      const person = await Person.arrive(browser, relay.page, options);
      there.push(person);
      return person;
    },
  };
}
