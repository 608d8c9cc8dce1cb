import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";

describe("who one is", () => {
  const stage = setStage();
  let alice: Person;
  beforeEach(async () => {
    alice = await stage.arrive();
  });

  it("[PG1] makes a key on the first visit, and has it again after a reload", async () => {
    const mine = await alice.circle();
    expect(mine).toMatch(/^ws:\/\/localhost:\d+\/0[23][0-9a-f]{64}$/);
    await alice.page.reload();
    await alice.button("Run").waitFor();
    expect(await alice.circle()).toBe(mine);
  });

  it("[PG1] makes another identity, is that one, and is it after a reload", async () => {
    const mine = await alice.circle();
    await alice.identities(async (dialog) => {
      await dialog.getByLabel("Name of a new identity").fill("Work");
      await dialog.getByRole("button", { name: "Make", exact: true }).click();
      await dialog.getByRole("button", { name: "Be this one" }).click();
      await dialog.getByText("Back up Work").waitFor();
    });
    const work = await alice.circle();
    expect(work).not.toBe(mine);
    await alice.page.reload();
    await alice.button("Run").waitFor();
    expect(await alice.circle()).toBe(work);
  });

  it("[PG1] a backup brings a key to another browser, with its passphrase alone", async () => {
    const mine = await alice.circle();
    const backup = await alice.identities(async (dialog) => {
      await dialog.getByText("Back up Me").click();
      await dialog.getByLabel("Passphrase for a backup of Me").fill("correct horse");
      await dialog.getByRole("button", { name: "Back up", exact: true }).click();
      return dialog.getByLabel("Backup: keep this text").inputValue({ timeout: 30_000 });
    });
    await alice.identities(async (dialog) => {
      await dialog.getByText("Back up Me").click();
      expect(await dialog.getByLabel("Backup: keep this text").count()).toBe(0); // whoever opens it next is not shown it
    });
    const elsewhere = await stage.arrive();
    await elsewhere.identities(async (dialog) => {
      await dialog.getByText("Restore from a backup").click();
      await dialog.getByLabel("The backup's text").fill(backup);
      await dialog.getByLabel("Its passphrase").fill("wrong horse");
      await dialog.getByRole("button", { name: "Restore", exact: true }).click();
      await dialog.getByRole("alert").waitFor({ timeout: 30_000 });
      await dialog.getByLabel("Its passphrase").fill("correct horse");
      await dialog.getByRole("button", { name: "Restore", exact: true }).click();
      await dialog.getByRole("button", { name: "Be this one" }).click({ timeout: 30_000 });
      await dialog.getByText("Back up Restored").waitFor();
    });
    expect(await elsewhere.circle()).toBe(mine);
  });

  it("[PG1] forgets a key only when asked twice, and then has another one", async () => {
    const mine = await alice.circle();
    await alice.identities(async (dialog) => {
      await dialog.getByRole("button", { name: "Forget Me" }).click();
      await dialog.getByRole("button", { name: /^Really forget Me/ }).click();
      await expect.poll(() => dialog.getByText("For programs:").textContent()).not.toContain(mine);
    });
    expect(await alice.circle()).not.toBe(mine);
  });

  it("[PG9] a second pane is another identity, however fast it is asked for, and goes when it becomes the first or is forgotten", async () => {
    const panes = alice.page.locator("section.pane");
    await alice.button("Side by side").dblclick();
    await expect.poll(() => panes.count()).toBe(2);
    const keys = await alice.identities(async (dialog) => dialog.getByRole("listitem").count());
    expect(keys).toBe(2);
    await alice.identities(async (dialog) => {
      await dialog.getByRole("button", { name: "Be this one" }).click();
      await dialog.getByText("Back up Visitor").waitFor();
    });
    await expect.poll(() => panes.count()).toBe(1);
    await alice.button("Side by side").click();
    await expect.poll(() => panes.count()).toBe(2);
    const names = await panes.evaluateAll((all) => all.map((pane) => pane.getAttribute("aria-label")));
    expect(names).toEqual(["Visitor", "Me"]);
    await alice.identities(async (dialog) => {
      await dialog.getByRole("button", { name: "Forget Visitor" }).click();
      await dialog.getByRole("button", { name: /^Really forget Visitor/ }).click();
      await dialog.getByText("Back up Me").waitFor();
    });
    await expect.poll(() => panes.count()).toBe(1); // the second has become the first
  });

  it("[PG11] the link to one's circle has whoever opens it visit that circle, and runs nothing by itself", async () => {
    const target = await alice.circle();
    const link = await alice.identities(async (dialog) => {
      await dialog.getByRole("img", { name: "QR code of this link" }).locator("path[d*='M']").waitFor();
      await dialog.getByRole("button", { name: "Copy the link" }).click();
      await dialog.getByRole("button", { name: "Copied" }).waitFor();
      return alice.page.evaluate(() => navigator.clipboard.readText());
    });
    const bob = await stage.arrive();
    await bob.page.goto(link);
    await bob.button("Run").waitFor();
    expect(await bob.page.getByLabel("Circle", { exact: true }).inputValue()).toBe(target);
    await bob.page.getByText("Nothing has run yet.").waitFor();
    await bob.button("Run").click();
    await bob.page.getByText("The circle's owner does not allow that").waitFor();
  });
});
