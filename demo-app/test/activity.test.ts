import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { connect, generateKeypair } from "@circles/sdk";
import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";

describe("what happened in a circle", () => {
  const stage = setStage();
  let alice: Person;
  beforeEach(async () => {
    alice = await stage.arrive();
  });
  const records = () => alice.page.getByRole("list", { name: "Records, newest first" }).getByRole("listitem");
  /** Another peer in alice's circle, who may read there. */
  const visitor = async () => {
    await alice.done("policy.set({ grants: [{ to: '*', allow: ['read:**'] }] })");
    return connect(await alice.circle(), { signer: generateKeypair() });
  };
  const isWhole = (from: number, to: number, answers: string) =>
    alice.page.getByText(
      `✓ Records ${from} to ${to}: this browser has hashed each, and each holds the hash of the one before it. ${answers}`,
    );

  it("[PG13] activity shows each play as it ends, by outcome, without those by which the page looks", async () => {
    await alice.done("data.set('a', 1)");
    await alice.run("nothing.there");
    await alice.page.getByText(/^failed after/).waitFor();
    await alice.see("Activity");
    await expect.poll(() => records().count()).toBe(2);
    await alice.page.getByLabel("Outcome").selectOption("error");
    await expect.poll(() => records().count()).toBe(1);
    await alice.page.getByLabel("Outcome").selectOption("all");
    const bob = await stage.arrive();
    await bob.run("1", { target: await alice.circle() });
    await bob.page.getByRole("alert").waitFor();
    await alice.page.getByText("one play").waitFor(); // nobody looked again
    await alice.page.getByLabel("With this in it").fill("data/a.json");
    await expect.poll(() => records().count()).toBe(1);
    await alice.page.getByLabel("Show how this page looks").check();
    await alice.page.getByLabel("With this in it").fill("");
    await expect.poll(() => records().count()).toBeGreaterThan(4);
  });

  it("[PG13] it appears as it happens, looking leaves no record, and what was before can be read", async () => {
    const bob = await visitor();
    for (let i = 0; i < 600; i += 50) await Promise.all(Array.from({ length: 50 }, () => bob.play("1").played));
    await alice.see("Activity");
    await alice.page.getByText(/^✓ Records \d+ to \d+/).waitFor();
    const { log } = await bob.play("2").played;
    await isWhole(log.seq - 500, log.seq, "0 answers that it kept stand among them.").waitFor(); // and no others
    await alice.button(/^Read what was before/).click();
    await isWhole(1, log.seq, "1 answer that it kept stands among them.").waitFor();
    expect(await alice.button(/^Read what was before/).count()).toBe(0);
    expect(await records().count()).toBe(200);
    await alice.button(/^Show 200 of/).click();
    await expect.poll(() => records().count()).toBe(400);
    bob.close();
  });

  it("[PG13] a log is held to the answers that the browser kept", async () => {
    for (let i = 0; i < 3; i++) await alice.done(`data.set('a', ${i})`);
    await alice.page.evaluate(() => {
      const name = Object.keys(localStorage).find((key) => key.startsWith("circles-heads-")) ?? "";
      const [head, ...heads] = JSON.parse(localStorage.getItem(name) ?? "") as { seq: number; hash: string }[];
      localStorage.setItem(name, JSON.stringify([{ ...head, hash: "0".repeat(64) }, ...heads])); // as if the log were another
    });
    await alice.see("Activity");
    await alice.page.getByText(/The log is not what it was: record \d+ is not the one that was answered/).waitFor();
  });

  it("[PG13] a log from before an answer that the browser kept is found", async () => {
    await alice.done("data.set('a', 1)");
    const circle = join(stage.relay.circles, await alice.publicKey());
    await stage.relay.kill();
    await cp(circle, `${circle}-copy`, { recursive: true });
    await stage.relay.comeBack();
    for (let i = 2; i < 5; i++) await alice.done(`data.set('a', ${i})`);
    await stage.relay.kill();
    await rm(circle, { recursive: true });
    await cp(`${circle}-copy`, circle, { recursive: true });
    await rm(`${circle}-copy`, { recursive: true });
    await stage.relay.comeBack();
    await alice.see("Activity");
    await alice.page.getByText(/The log is not what it was: record \d+ was answered, and is not there/).waitFor();
  });

  it("[PG13] a record that somebody alters on its way is found", async () => {
    await alice.page.routeWebSocket(/.*/, (toPage) => {
      const toRelay = toPage.connectToServer();
      toRelay.onMessage((message) => toPage.send(String(message).replaceAll("notes/true", "notes/fake")));
    });
    await alice.page.reload();
    await alice.done("data.set('notes/true', 1)");
    await alice.done("data.set('other', 1)");
    await alice.see("Activity");
    await alice.page
      .getByText(/The log is not what it was: record \d+ does not follow record \d+: one of them was altered/)
      .waitFor();
  });
});
