import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";

describe("together", () => {
  const stage = setStage();
  let alice: Person;
  let bob: Person;
  beforeEach(async () => {
    [alice, bob] = [await stage.arrive(), await stage.arrive()];
    await bob.see("Together");
    await bob.page.getByLabel("Circle", { exact: true }).fill(await alice.circle());
    await bob.page.getByText("The owner of this circle has not opened it to you.").waitFor();
    await alice.see("Together");
    await alice.page.getByText("It is not open yet.").waitFor();
    await alice.button("Open mine to anyone").click();
    await alice.page.getByText("It is not open yet.").waitFor({ state: "detached" });
    await bob.button("Look again").click();
  });

  it("[PG10] a guestbook that one peer opens is signed by another, and both see it at once", async () => {
    await bob.page.getByLabel("Write something").fill("Hello <b>Alice</b>");
    await bob.button("Sign").click();
    for (const { page } of [alice, bob]) await page.getByText("Hello <b>Alice</b>").waitFor();
  });

  it("[PG10] a whiteboard is drawn on by pointer and by keyboard, and both see it at once", async () => {
    for (const person of [alice, bob]) await person.button("Whiteboard").click();
    const board = bob.page.getByRole("application", { name: "Whiteboard with 0 lines" });
    const box = await board.boundingBox();
    if (!box) throw new Error("expected a whiteboard");
    await bob.page.mouse.move(box.x + 20, box.y + 20);
    await bob.page.mouse.down();
    await bob.page.mouse.move(box.x + 120, box.y + 90, { steps: 5 });
    await bob.page.mouse.up();
    for (const { page } of [alice, bob])
      await page.getByRole("application", { name: "Whiteboard with 1 line" }).waitFor();
    await alice.page.getByRole("application").focus();
    for (const key of ["Space", "ArrowRight", "ArrowDown", "Space"]) await alice.page.keyboard.press(key);
    for (const { page } of [alice, bob])
      await page.getByRole("application", { name: "Whiteboard with 2 lines" }).waitFor();
  });

  it("[PG10] the source of each stands beside it, and is short", async () => {
    await bob.page.getByText("View source: all of it").click();
    const source = await bob.page.getByRole("region", { name: "Source of the guestbook" }).textContent();
    expect(source).toContain("emit(");
    expect(source?.split("\n").length).toBeLessThan(100);
  });
});
