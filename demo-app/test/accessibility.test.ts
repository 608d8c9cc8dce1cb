import { join } from "node:path";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";
import { VIEWS } from "./views.ts";

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };
/** What each view looked like; nothing reads them but people. */
const SCREENSHOTS = fileURLToPath(new URL("../../artifacts/screenshots", import.meta.url));

/** What axe has to say of the page as it stands. */
async function violations({ page }: Person): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

describe("for everybody", () => {
  const stage = setStage();

  it.each(VIEWS)("[PG15] axe finds nothing wrong with $name, in any light, on a desktop or a phone", async (view) => {
    const person = await stage.arrive({ viewport: DESKTOP, reducedMotion: "reduce" });
    await view.prepare(person, stage);
    for (const [device, size] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      for (const colorScheme of ["light", "dark"] as const) {
        await person.page.emulateMedia({ colorScheme });
        await person.page.setViewportSize(size);
        expect(await violations(person)).toEqual([]);
        expect(await person.page.evaluate(() => document.documentElement.scrollWidth)).toBe(size.width); // nothing is wider
        await person.page.screenshot({ path: join(SCREENSHOTS, `${view.name}-${device}-${colorScheme}.png`) });
      }
    }
  });

  it("[PG15] a script is written and run without a pointer", async () => {
    const { page } = await stage.arrive();
    await page.locator(".editor-host:not([hidden])").waitFor();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    for (let i = 0; i < 20 && !(await focused()).startsWith("Activity"); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Activity" }).waitFor();
    for (let i = 0; i < 20 && !(await focused()).startsWith("Play"); i++) await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await page.locator(".editor-host:not([hidden])").waitFor();
    const inEditor = () => page.evaluate(() => document.activeElement?.className === "editor-host");
    for (let i = 0; i < 20 && !(await inEditor()); i++) await page.keyboard.press("Tab");
    await page.keyboard.press("ControlOrMeta+A");
    await page.keyboard.type("'no pointer'");
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.getByText('"no pointer"').waitFor();
    // Tab indents in the editor; after Escape it leads on.
    await page.keyboard.press("Escape"); // the completion, where there is one
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    expect(await inEditor()).toBe(false);
  });

  it("[PG15] a dialog takes the focus and gives it back", async () => {
    const { page } = await stage.arrive();
    await page.locator("button.identity").click();
    const isInside = () => page.evaluate(() => document.activeElement?.closest("dialog") !== null);
    expect(await isInside()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("identity");
  });
});
