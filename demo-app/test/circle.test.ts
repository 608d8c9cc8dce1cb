import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";

describe("what is in a circle", () => {
  const stage = setStage();
  let alice: Person;
  beforeEach(async () => {
    alice = await stage.arrive();
  });

  it("[PG12] documents are made, read, changed and deleted, and take room", async () => {
    await alice.see("My circle");
    await alice.page.getByText("There is none yet.").waitFor();
    await alice.page.getByLabel("New document").fill("notes/today");
    await alice.button("Make").click();
    const content = alice.page.getByLabel("Content of notes/today, as JSON");
    await content.fill("{ not JSON");
    await alice.button("Save").click();
    await alice.page.getByRole("alert").waitFor();
    await content.fill('{ "weather": "sunny" }');
    await alice.button("Save").click();
    await alice.page.getByText("saved", { exact: true }).waitFor();
    await expect.poll(() => alice.page.locator(".storage").textContent()).toMatch(/^\d+\.\d KiB of 256 MiB used$/);
    await alice.done("data.get('notes/today').weather");
    await alice.page.getByText('"sunny"').waitFor();
    await alice.see("My circle");
    await alice.button("notes/today").click();
    await alice.button("Delete").click();
    await alice.page.getByText("There is none yet.").waitFor();
  });

  it("[PG12] more documents than a page holds are all there", async () => {
    await alice.done("for (let i = 1000; i < 1450; i++) data.set(`many/${i}`, i)");
    await alice.see("My circle");
    await alice.button("many/1000").waitFor();
    await alice.button("More").click();
    await alice.button("many/1399").waitFor();
    await alice.button("More").click();
    await alice.button("many/1449").waitFor();
    expect(await alice.button("More").count()).toBe(0);
    expect(await alice.page.locator(".names button").count()).toBe(450);
  });

  it("[PG12] functions are published, and what is wrong with them is marked", async () => {
    await alice.see("My circle");
    await alice.write("Library", "export function double(n) { return 2 * n; ");
    await alice.button("Publish").click();
    await alice.page.getByRole("alert").waitFor();
    await alice.write("Library", "export function double(n) { return 2 * n; }");
    await alice.button("Publish").click();
    await alice.page.getByText("published", { exact: true }).waitFor();
    await alice.done("circle.double(21)");
    await alice.page.locator(".value-number").getByText("42").waitFor();
  });

  it("[PG13] activity shows each play as it ends, by outcome, without those by which the page looks", async () => {
    await alice.done("data.set('a', 1)");
    await alice.run("nothing.there");
    await alice.page.getByText(/^failed after/).waitFor();
    await alice.see("Activity");
    const records = alice.page.getByRole("list", { name: "Records, newest first" }).getByRole("listitem");
    await expect.poll(() => records.count()).toBe(2);
    await alice.page.getByLabel("Outcome").selectOption("error");
    await expect.poll(() => records.count()).toBe(1);
    await alice.page.getByLabel("Outcome").selectOption("all");
    const bob = await stage.arrive();
    await bob.run("1", { target: await alice.circle() });
    await bob.page.getByRole("alert").waitFor();
    await alice.page.getByText("one play").waitFor(); // nobody looked again
    await alice.page.getByLabel("With this in it").fill("data/a.json");
    await expect.poll(() => records.count()).toBe(1);
    await alice.page.getByLabel("Show how this page looks").check();
    await alice.page.getByLabel("With this in it").fill("");
    await expect.poll(() => records.count()).toBeGreaterThan(4);
  });

  it("[PG13] the log is held to the answers that the browser kept", async () => {
    for (let i = 0; i < 3; i++) await alice.done(`data.set('a', ${i})`);
    await alice.see("Activity");
    await alice.page
      .getByText(/^✓ Records 1 to \d+ are numbered without a gap, and 3 answers that this browser kept stand/)
      .waitFor();
    await alice.page.evaluate(() => {
      const name = Object.keys(localStorage).find((key) => key.startsWith("circles-heads-")) ?? "";
      const [head, ...heads] = JSON.parse(localStorage.getItem(name) ?? "") as { seq: number; hash: string }[];
      localStorage.setItem(name, JSON.stringify([{ ...head, hash: "0".repeat(64) }, ...heads])); // as if the log were another
    });
    await alice.page.getByText(/The log is not what it was: record \d+ is not the one that was answered/).waitFor();
  });
});
