import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";

describe("playing", () => {
  const stage = setStage();
  let alice: Person;
  beforeEach(async () => {
    alice = await stage.arrive();
  });

  it("[PG2] runs the first example at the press of a button, and shows what it says, what it returns and where the time went", async () => {
    await alice.button("Run").click();
    await alice.page.getByText(/^done after/).waitFor();
    await expect.poll(() => alice.page.getByRole("log").textContent()).toMatch(/^in the circle of 0[23]/);
    await alice.page.getByText("visits: 1").waitFor();
    const spent = alice.page.locator("figure.spent figcaption");
    await expect.poll(() => spent.textContent()).toMatch(/^network and signature .*queue .*run .*commit .*together /);
  });

  it("[PG2] every example runs as it is, but the one that never ends", async () => {
    const titles = await alice.page.getByLabel("Start from an example").locator("option").allTextContents();
    expect(titles.length).toBeGreaterThan(4);
    for (const title of titles.filter((one) => one !== "choose…" && one !== "Loop for ever")) {
      await alice.page.getByLabel("Start from an example").selectOption(title);
      await alice.button("Run").click();
      await alice.page.getByText("running…").waitFor({ state: "detached" });
      await alice.page.getByText(/^done after/).waitFor();
    }
  });

  it("[PG2] runs at Ctrl-Enter, completes what a script can see, and marks what is no JavaScript", async () => {
    await alice.write("Script", "const x = ;");
    await alice.page.locator(".cm-lintPoint-warning, .cm-lintRange-warning").first().waitFor();
    await alice.write("Script", "");
    await alice.page.keyboard.type("data.");
    await alice.page.getByRole("option", { name: /^set/ }).waitFor();
    await alice.page.keyboard.press("Escape");
    await alice.write("Script", "'by key'");
    await alice.page.keyboard.press("ControlOrMeta+Enter");
    await alice.page.getByText('"by key"').waitFor();
  });

  it("[PG2] what was run can be brought back, and run again", async () => {
    await alice.done("'first'");
    await alice.done("'second'");
    await alice.page.getByText('"second"').waitFor();
    await alice.button("Run again").click();
    await alice.page.getByText('"first"').waitFor();
    await alice.page.getByRole("button", { name: "Edit" }).first().click();
    await alice.button("Run").click();
    await alice.page.getByText('"second"').waitFor();
  });

  it("[PG2] arguments that are no JSON are refused before anything is sent, with what was expected", async () => {
    await alice.run("1", { args: "{name: 'Bob'}" });
    await alice.page.getByText(/arguments: expected JSON/).waitFor();
  });

  it("[PG2] a circle that is none is refused with what was expected", async () => {
    await alice.run("1", { target: "http://example.org/" });
    await alice.page.getByText(/circle: expected a public key/).waitFor();
  });

  it("[PG3] shows a play's words and how far it is while it runs, and cancels it", async () => {
    await alice.run("print('on my way'); progress(0.5, 'half of it'); for (;;);");
    await alice.page.getByText("on my way", { exact: true }).waitFor();
    await alice.page.locator(".progress").getByText("half of it").waitFor();
    expect(await alice.page.getByRole("progressbar").getAttribute("value")).toBe("0.5");
    await alice.button("Cancel").click();
    await alice.page.getByText(/^cancelled after .*nothing was written$/).waitFor();
  });

  it.each([
    ["loops for ever", "for (;;);"],
    ["prints without end", "for (;;) print('x'.repeat(1000));"],
    ["asks for all memory", "const all = []; for (;;) all.push(new Array(1e6).fill(1));"],
    ["answers something huge", "Array.from({ length: 40_000 }, (_, i) => ({ i, nested: { i } }))"],
    ["answers lists of lists", "const row = Array(150).fill(1); Array(150).fill(Array(20).fill(row))"],
    ["answers something deep", "let deep = 1; for (let i = 0; i < 100; i++) deep = { deep }; deep"],
  ])("[PG3] the page stays responsive when a script %s", async (_, script) => {
    await alice.run(script);
    await alice.page.getByText(/^(done|failed) after/).waitFor({ timeout: 20_000 });
    await alice.see("Inbox");
    await alice.page.getByText("Nobody asks for anything").waitFor({ timeout: 2_000 });
  });

  it("[PG4] shows where a script failed", async () => {
    await alice.run("const a = 1;\n  missing(a)");
    await alice.page.getByText("line 2, column 3").waitFor();
    await alice.page.locator(".cm-lintRange-error").waitFor();
  });

  it("[PG4] marks where a script failed before the editor had come", async () => {
    let release = () => {};
    const isHeld = new Promise<void>((resolve) => {
      release = resolve;
    });
    await alice.page.route(/code-mirror/, async (route) => {
      await isHeld;
      await route.continue();
    });
    await alice.page.reload();
    await alice.page.getByRole("textbox", { name: "Script" }).fill("const a = 1;\n  missing(a)");
    await alice.button("Run").click();
    await alice.page.getByText("line 2, column 3").waitFor();
    release();
    await alice.page.locator(".cm-lintRange-error").waitFor();
  });

  it("[PG6] a view that could not be loaded is there when the relay is", async () => {
    let isAway = true;
    await alice.page.routeWebSocket(/.*/, (toPage) => {
      if (isAway) void toPage.close();
      else toPage.connectToServer();
    });
    await alice.page.reload();
    await alice.see("Who may do what");
    await alice.page.getByText("No connection").first().waitFor();
    isAway = false;
    await alice.page.getByText("Nobody else may do anything here.").waitFor();
    expect(await alice.page.getByText("No connection").count()).toBe(0);
  });

  it("[PG6] goes on when the relay was killed and is back", async () => {
    await alice.button("Run").click();
    await alice.page.getByText("visits: 1").waitFor();
    await stage.relay.kill();
    const standing = alice.pane(0).locator(".standing");
    await expect.poll(() => standing.textContent()).toMatch(/connecting…|not connected/);
    await stage.relay.comeBack();
    await alice.button("Run").click();
    await alice.page.getByText("visits: 2").waitFor();
    await expect.poll(() => standing.textContent()).toBe("connected");
  });
});
