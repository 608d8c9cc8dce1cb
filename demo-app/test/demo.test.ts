import { type Browser, chromium } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../scripts/programs.ts";
import { DemoRelay } from "./demo-relay.ts";
import { Person } from "./person.ts";

describe("the demo app, as circles-relay --demo serves it", () => {
  let relay: DemoRelay;
  let browser: Browser;
  let alice: Person;
  const there: Person[] = [];
  const arrive = async () => {
    const person = await Person.arrive(browser, relay.page);
    there.push(person);
    return person;
  };
  beforeAll(async () => {
    relay = await DemoRelay.start();
    browser = await chromium.launch({ executablePath: findChromium() ?? "chromium" });
  });
  afterAll(async () => {
    await browser.close();
    await relay.stop();
  });
  beforeEach(async () => {
    alice = await arrive();
  });
  afterEach(async () => {
    const complaints = there.flatMap((person) => person.complaints);
    for (const person of there.splice(0)) await person.leave();
    expect(complaints).toEqual([]);
  });

  it("[PG1] makes a key on the first visit, and has it again after a reload", async () => {
    const mine = await alice.circle();
    expect(mine).toMatch(/^ws:\/\/localhost:\d+\/0[23][0-9a-f]{64}$/);
    await alice.page.reload();
    await alice.button("Run").waitFor();
    expect(await alice.circle()).toBe(mine);
  });

  it("[PG2] runs the first example at the press of a button, and shows what it says and returns", async () => {
    await alice.button("Run").click();
    await alice.page.getByText(/^done after/).waitFor();
    await expect.poll(() => alice.page.getByRole("log").textContent()).toMatch(/^in the circle of 0[23]/);
    await alice.page.getByText("visits: 1").waitFor();
  });

  it("[PG3] shows a play's words while it runs, and cancels it", async () => {
    await alice.run("print('on my way'); for (;;);");
    await alice.page.getByText("on my way", { exact: true }).waitFor();
    await alice.button("Cancel").click();
    await alice.page.getByText(/^cancelled after .*nothing was written$/).waitFor();
    await alice.button("Run").waitFor(); // the page has stayed responsive
  });

  it("[PG4] shows where a script failed", async () => {
    await alice.run("const a = 1;\n  missing(a)");
    await alice.page.getByText("line 2, column 3").waitFor();
  });

  it("[PG5] shows what strangers send as text", async () => {
    const html = `<img src=x onerror="document.title='stolen'">`;
    await alice.run("print(args); throw new Error(args)", { args: JSON.stringify(html) });
    await expect.poll(() => alice.page.getByRole("alert").textContent()).toContain(html);
    await alice.run("({ [args]: args })", { args: JSON.stringify(html) });
    await alice.page.getByText(/^done after/).waitFor();
    expect(await alice.page.title()).toBe("Circles");
    expect(await alice.page.locator("main img").count()).toBe(0);
  });

  it("[PG7] a peer is denied, is granted, and is denied again when the grant is revoked", async () => {
    const bob = await arrive();
    await alice.run("data.set('notes/today', 'sunny')");
    await alice.page.getByText(/^done after/).waitFor();
    const target = await alice.circle();
    const look = () => bob.run("data.get('notes/today')", { target });
    await look();
    await bob.page.getByText("The circle's owner does not allow that").waitFor();
    await alice.see("Who may do what");
    await alice.page.getByRole("combobox", { name: /^May/ }).selectOption("read");
    await alice.page.getByLabel("Which").fill("notes/**");
    await alice.button("Allow").click();
    const revoke = alice.page.getByRole("button", { name: "Revoke: Anyone may read everything below notes" });
    await revoke.waitFor();
    await look();
    await bob.page.getByText('"sunny"').waitFor();
    await revoke.click();
    await alice.page.getByText("Nobody else may do anything here.").waitFor();
    await look();
    await bob.page.getByText("The circle's owner does not allow that").waitFor();
  });

  it("[PG8] a peer's play asks, is seen at once, and goes on when it is allowed", async () => {
    const bob = await arrive();
    const target = await alice.circle();
    await alice.see("Who may do what");
    await alice.page.getByRole("combobox", { name: /^May/ }).selectOption("write");
    await alice.page.getByLabel("Which").fill("suggestions/*");
    await alice.page.getByLabel("Ask me each time").check();
    await alice.button("Allow").click();
    await alice.page.getByRole("button", { name: /^Revoke: Anyone may write/ }).waitFor();
    await alice.see("Inbox");
    await bob.run("data.set('suggestions/cake', args); 'thanks'", { target, args: '"more of it"' });
    await bob.page.getByText("waits until the circle's owner allows write:suggestions/cake").waitFor();
    await alice.button("Allow once").click();
    await bob.page.getByText('"thanks"').waitFor();
    await alice.page.getByText("Nobody asks for anything").waitFor();
  });

  it("[PG6] goes on when the relay was killed and is back", async () => {
    await alice.button("Run").click();
    await alice.page.getByText("visits: 1").waitFor();
    await relay.kill();
    await alice.page
      .getByText(/connecting…|not connected/)
      .first()
      .waitFor();
    await relay.comeBack();
    await alice.button("Run").click();
    await alice.page.getByText("visits: 2").waitFor();
  });

  it("[PG9] one person alone sees a peer send and another decide, side by side", async () => {
    await alice.button("Side by side").click();
    const panes = alice.page.locator("section.pane");
    await expect.poll(() => panes.count()).toBe(2);
    const visitor = panes.nth(1);
    await visitor.getByLabel("Circle", { exact: true }).fill(await alice.circle());
    await visitor.getByRole("button", { name: "Run", exact: true }).click();
    await visitor.getByText("The circle's owner does not allow that").waitFor();
  });

  it("[PG10] a guestbook that one peer opens is signed by another, and both see it at once", async () => {
    const bob = await arrive();
    await alice.see("Guestbook");
    await alice.button("Open my guestbook to anyone").click();
    await bob.see("Guestbook");
    await bob.page.getByLabel("Whose").fill(await alice.circle());
    await bob.page.getByLabel("Write something").fill("Hello <b>Alice</b>");
    await bob.button("Sign").click();
    for (const { page } of [alice, bob]) await page.getByText("Hello <b>Alice</b>").waitFor();
  });
});
