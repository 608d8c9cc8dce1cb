import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";

const DENIED = "The circle's owner does not allow that";

describe("who may do what", () => {
  const stage = setStage();
  let alice: Person;
  let bob: Person;
  let target: string;
  beforeEach(async () => {
    [alice, bob] = [await stage.arrive(), await stage.arrive()];
    target = await alice.circle();
  });

  it("[PG7] a peer is denied, is granted, and is denied again when the grant is revoked", async () => {
    await alice.done("data.set('notes/today', 'sunny')");
    const look = () => bob.run("data.get('notes/today')", { target });
    await look();
    await bob.page.getByText(DENIED).waitFor();
    await alice.allow("read", "notes/**");
    const revoke = alice.button(/^Revoke: Anyone may read everything below “notes”, 30 times a minute\.$/);
    await revoke.waitFor();
    await look();
    await bob.page.getByText('"sunny"').waitFor();
    await revoke.click();
    await alice.page.getByText("Nobody else may do anything here.").waitFor();
    await look();
    await bob.page.getByText(DENIED).waitFor();
  });

  it("[PG7] a grant is narrowed in its place, and its end is set", async () => {
    await alice.done("data.set('notes/today', 'sunny'); data.set('notes/secret', 'x')");
    await alice.allow("read", "notes/**");
    await alice.button(/^Change: /).click();
    const form = alice.page.getByRole("form", { name: "Change this grant" });
    await form.getByLabel("Which").fill("notes/today");
    await form.getByLabel("Times a minute").fill("5");
    await form.getByLabel("Ends").selectOption("in an hour");
    await form.getByRole("button", { name: "Change it" }).click();
    await alice.page.getByText(/^Anyone may read “notes\/today”, 5 times a minute, until .*\d:\d\d.*\.$/).waitFor();
    expect(await alice.button(/^Revoke: /).count()).toBe(1);
    await bob.run("data.get('notes/today')", { target });
    await bob.page.getByText('"sunny"').waitFor();
    await bob.run("data.get('notes/secret')", { target });
    await bob.page.getByText(DENIED).waitFor();
  });

  it("[PG7] a group is made and changed, and what it is granted holds for its members", async () => {
    await alice.see("Who may do what");
    const groups = alice.page.getByRole("region", { name: "Groups" });
    await groups.getByLabel("New group").fill("friends");
    await groups.getByRole("button", { name: "Make" }).click();
    const members = groups.getByRole("form", { name: "Members of “friends”" });
    await members.getByLabel("Public keys").fill("no key");
    await members.getByRole("button", { name: "Save" }).click();
    await alice.page.getByText(/public key: expected/).waitFor();
    await members.getByLabel("Public keys").fill(`${await alice.publicKey()}\n${await bob.publicKey()}`);
    await members.getByRole("button", { name: "Save" }).click();
    await members.waitFor({ state: "detached" });
    await alice.page.getByRole("form", { name: "Allow something" }).getByLabel("Who").fill("friends");
    await alice.allow("read", "notes/**");
    await alice.page
      .getByText(/^Everyone in the group “friends” may read everything below “notes”/)
      .first()
      .waitFor();
    await bob.run("data.get('notes/today') ?? 'none'", { target });
    await bob.page.getByText('"none"').waitFor();
    await alice.see("Who may do what");
    const remove = groups.getByRole("button", { name: "Remove the group “friends”" });
    expect(await remove.isDisabled()).toBe(true);
    await groups.getByRole("button", { name: "Change the group “friends”" }).click();
    await members.getByLabel("Public keys").fill("");
    await members.getByRole("button", { name: "Save" }).click();
    await groups.getByText("“friends”: nobody").waitFor();
    await bob.run("data.get('notes/today') ?? 'none'", { target });
    await bob.page.getByText(DENIED).waitFor();
    await alice.button(/^Revoke: /).click();
    await remove.click();
    await remove.waitFor({ state: "detached" });
  });

  it("[PG7] says what a peer could do, as the relay would judge it", async () => {
    await alice.allow("read", "notes/**");
    await alice.allow("write", "suggestions/*", { asks: true });
    const form = alice.page.getByRole("form", { name: "What could a peer do?" });
    const key = await bob.publicKey();
    const who = `${key.slice(0, 10)}…${key.slice(-8)}`;
    await form.getByLabel("Peer").fill(key);
    const ask = async (kind: string, what: string) => {
      await form.getByLabel("Could it").selectOption(kind);
      await form.getByLabel("This one").fill(what);
      await form.getByRole("button", { name: "Check" }).click();
      return form.locator(".verdict").textContent();
    };
    expect(await ask("read", "notes/today")).toBe(`Yes: ${who} may read “notes/today”.`);
    await form.getByText("Anyone may read everything below “notes”, 30 times a minute.").waitFor();
    expect(await ask("read", "secret")).toBe(`No: ${who} may not read “secret”.`);
    expect(await ask("write", "suggestions/cake")).toBe(
      `Only if you allow it each time: ${who} may write and delete “suggestions/cake”.`,
    );
    await form.getByLabel("Peer").fill(await alice.publicKey());
    expect(await form.locator(".verdict").count()).toBe(0); // that was the answer to another question
  });

  it("[PG8] a peer's play asks, is seen at once, and goes on when it is allowed", async () => {
    await alice.allow("write", "suggestions/*", { asks: true });
    await alice.see("Inbox");
    await bob.run("data.set('suggestions/cake', args); 'thanks'", { target, args: '"more of it"' });
    await bob.page.getByText("waits until the circle's owner allows “write:suggestions/cake”").waitFor();
    await alice.page.getByText("asks to write and delete “suggestions/cake”").waitFor();
    await alice.page.getByRole("region", { name: "The script" }).getByText("data.set('suggestions/cake'").waitFor();
    await alice.button("Allow once").click();
    await bob.page.getByText('"thanks"').waitFor();
    await alice.page.getByText("Nobody asks for anything").waitFor();
  });

  it("[PG8] allowed always, the script needs no answer any more; denied, it is told so", async () => {
    await alice.allow("write", "suggestions/*", { asks: true });
    await alice.see("Inbox");
    const suggest = (what: string) => bob.run(`data.set('suggestions/cake', ${what}); 'thanks'`, { target });
    await suggest("1");
    await alice.button("Allow always").click();
    await bob.page.getByText('"thanks"').waitFor();
    await bob.button("Run").click();
    await bob.page.getByText(/^done after/).waitFor();
    await suggest("2");
    await alice.button("Deny").click();
    await bob.page.getByText(DENIED).waitFor();
    await alice.see("Who may do what");
    await alice.page.getByText(/with one certain script only/).waitFor();
  });

  it("[PG9] one person alone sees a peer send and another decide, side by side", async () => {
    await alice.button("Side by side").click();
    const visitor = alice.pane(1);
    await visitor.getByRole("button", { name: "Run", exact: true }).click();
    await visitor.getByText(DENIED).waitFor();
    await alice.allow("write", "visits", { asks: true });
    await alice.allow("read", "visits");
    await visitor.getByRole("button", { name: "Run", exact: true }).click();
    await visitor.getByText("waits until the circle's owner allows “write:visits”").waitFor();
    await alice.see("Inbox");
    await alice.button("Allow once").click();
    await visitor.getByText("visits: 1").waitFor();
  });
});
