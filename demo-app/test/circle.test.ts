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
});
