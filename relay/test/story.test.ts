import { type Circle, connect } from "@circles/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningRelay } from "../src/bin/relay.ts";
import { alice, bob } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

const LIBRARY = `
export function sign_guestbook(name) {
  const guests = data.get("guests") ?? [];
  data.set("guests", [...guests, { name, key: CALLER_PUBLIC_KEY }]);
  return "You are guest number " + (guests.length + 1);
}`;

/** A message for the owner's eyes, by a stranger who may leave one only if the owner allows it. */
const leaveNote = ({ data, args }: { data: { set(name: string, value: unknown): void }; args: { text: string } }) => {
  data.set("inbox/alice", args.text);
  return "left";
};

describe("[AP1] the story of the README: a circle is its owner's", () => {
  let relay: RunningRelay;
  let bobs: Circle;
  let alices: Circle;
  beforeAll(async () => {
    relay = await startRelayInProcess();
    bobs = await connect(`${relay.url}/${bob.publicKey}`, { signer: bob });
    await bobs.play(({ data }) => data.set("notes/secret", "the cake is a lie"));
    alices = await connect(`${relay.url}/${bob.publicKey}`, { signer: alice });
  });
  afterAll(async () => {
    bobs?.close();
    alices?.close();
    await relay?.close();
  });

  it("[PO1] before any grant, a stranger can do nothing", async () => {
    await expect(alices.play("1 + 1").played).rejects.toMatchObject({ code: -32003, data: { capability: "*" } });
  });

  it("[WK3] the owner publishes sign_guestbook, and a stranger signs", async () => {
    await bobs.library.set(LIBRARY);
    await bobs.policy.set({
      grants: [
        { to: "*", allow: ["call:sign_guestbook"], limits: { plays_per_minute: 30 } },
        { to: "*", allow: ["write:inbox/**"], approval: "ask" },
      ],
    });
    expect(await alices.call("sign_guestbook", "Alice")).toBe("You are guest number 1");
    expect(await bobs.play(({ data }) => data.get("guests"))).toEqual([{ name: "Alice", key: alice.publicKey }]);
  });

  it("[WK12] the stranger's attempt to read the owner's notes is denied, and appears in the log", async () => {
    const reading = alices.play(({ data }) => data.get("notes/secret"));
    await expect(reading.played).rejects.toMatchObject({
      code: -32003,
      message: "denied by the circle's policy: missing read:notes/secret",
      data: { capability: "read:notes/secret" },
    });
    const { records } = await bobs.log.read({ caller: alice.publicKey });
    const denials = records.flatMap((record) => (record.kind === "denials" ? record.denials : []));
    expect(denials).toContainEqual({ caller: alice.publicKey, capability: "read:notes/secret", plays: 1 });
  });

  it("[AP4] another script waits for the owner, who is told at once, allows it for good, and later revokes that", async () => {
    const notices = bobs.inbox.watch()[Symbol.asyncIterator]();
    const told = notices.next();
    const asking = alices.play(leaveNote, { text: "Hello Bob!" });
    for await (const output of asking) {
      expect(output).toMatchObject({ kind: "waiting", data: { capability: "write:inbox/alice" } });
      break;
    }
    expect(await told).toMatchObject({ value: { caller: alice.publicKey, capability: "write:inbox/alice" } });
    const [asked] = await bobs.inbox.list();
    expect(asked).toMatchObject({
      task: asking.id,
      caller: alice.publicKey,
      script: expect.stringContaining('data.set("inbox/alice", args.text)'),
      args: '{"text":"Hello Bob!"}',
      capability: "write:inbox/alice",
      state: "waiting",
    });
    await bobs.inbox.allow(asked?.id ?? "", { always: true });
    expect(await asking).toBe("left");
    expect(await bobs.play(({ data }) => data.get("inbox/alice"))).toBe("Hello Bob!");
    expect(await bobs.inbox.list()).toEqual([]);

    expect(await alices.play(leaveNote, { text: "Hello again!" })).toBe("left");
    const { grants } = await bobs.policy.get();
    const added = grants.at(-1);
    expect(added).toEqual({ to: alice.publicKey, allow: ["write:inbox/alice"], scripts: [asked?.script_hash] });
    if (added) await bobs.policy.revoke(added);
    const third = alices.play(leaveNote, { text: "And again" });
    for await (const { kind } of third) {
      expect(kind).toBe("waiting");
      break;
    }
    const [again] = await bobs.inbox.list();
    await bobs.inbox.deny(again?.id ?? "", "twice is enough");
    await expect(third.played).rejects.toMatchObject({
      code: -32003,
      message: expect.stringMatching(/twice is enough/),
    });
  });
});
