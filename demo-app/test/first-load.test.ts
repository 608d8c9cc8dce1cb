import { describe, expect, it } from "vitest";
import { setStage } from "./stage.ts";

const MOST_BYTES = 150 * 1024;
/** Text and headers that a page of this size may have to say before anything is seen. */
const MOST_REQUESTS = 6;

describe("the first visit", () => {
  const stage = setStage();

  it("[PG16] loads less than 150 kB gzip before the editor, which comes by itself later", async () => {
    const { page } = await stage.arrive();
    await page.locator(".editor-host:not([hidden])").waitFor();
    const loaded = await page.evaluate(() =>
      [performance.getEntriesByType("navigation"), performance.getEntriesByType("resource")]
        .flat()
        .map((entry) => [entry.name, (entry as PerformanceResourceTiming).encodedBodySize] as const)
        .filter(([name]) => name.startsWith("http")),
    );
    const sizes = new Map(loaded);
    expect(Array.from(sizes.values()).every((size) => size > 0)).toBe(true);
    const [editor, first] = [/code-mirror/, /^(?!.*code-mirror)/].map((of) =>
      Array.from(sizes).filter(([url]) => of.test(url)),
    );
    expect(editor).toHaveLength(1);
    const bytes = (first ?? []).reduce((sum, [, size]) => sum + size, 0);
    process.stdout.write(
      `demo: first load ${bytes} bytes gzip in ${first?.length} files, editor ${editor?.[0]?.[1]}\n`,
    );
    expect(bytes).toBeLessThan(MOST_BYTES);
    expect(first?.length).toBeLessThanOrEqual(MOST_REQUESTS);
  });

  it("[PG16] nothing jumps while the page comes and its editor replaces the plain field", async () => {
    const { page } = await stage.arrive();
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.reload();
    await page.locator(".editor-host:not([hidden])").waitFor();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByText(/^done after/).waitFor();
    const shifted = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
    // "Good" by the Cumulative Layout Shift of web.dev/articles/cls is below 0.1.
    expect(shifted.reduce((sum, value) => sum + value, 0)).toBeLessThan(0.1);
  });
});
