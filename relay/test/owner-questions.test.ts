import { type Circle, connect, type PolicyDocument, WireError } from "@circles/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningRelay } from "../src/bin/relay.ts";
import { alice, bob, mallory } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

const POLICIES: readonly PolicyDocument[] = [
  { grants: [] },
  { grants: [{ to: "*", allow: ["read:notes/**", "write:notes/*"] }] },
  { groups: { friends: [alice.publicKey] }, grants: [{ to: "friends", allow: ["read:notes/a", "call:greet"] }] },
  { groups: { friends: [mallory.publicKey] }, grants: [{ to: "friends", allow: ["read:**", "write:**"] }] },
  { grants: [{ to: alice.publicKey, allow: ["write:**"], approval: "ask" }] },
  {
    grants: [
      { to: "*", allow: ["write:notes/*"], approval: "ask" },
      { to: alice.publicKey, allow: ["write:notes/a"] },
    ],
  },
  { grants: [{ to: "*", allow: ["read:**", "call:*"], expires: "2020-01-01T00:00:00Z" }] },
  { grants: [{ to: "*", allow: ["read:**"], expires: "2100-01-01T00:00:00Z" }] },
  { grants: [{ to: "*", allow: ["read:**"], scripts: [`sha256:${"0".repeat(64)}`] }] },
];

/** What a capability is for, as a script. */
const NEEDS: Readonly<Record<string, string>> = {
  "read:notes/a": "data.get('notes/a'); 0",
  "read:notes/b/c": "data.get('notes/b/c'); 0",
  "read:secret": "data.get('secret'); 0",
  "write:notes/a": "data.set('notes/a', 1)",
  "write:secret": "data.set('secret', 1)",
  "call:greet": "circle.greet()",
};

describe("what an owner asks", () => {
  let relay: RunningRelay;
  let bobs: Circle;
  let alices: Circle;
  beforeAll(async () => {
    relay = await startRelayInProcess({});
    bobs = await connect(`${relay.url}/${bob.publicKey}`, { signer: bob });
    alices = await connect(`${relay.url}/${bob.publicKey}`, { signer: alice });
    await bobs.library.set("export function greet() { return 'hello'; }");
  });
  afterAll(async () => {
    bobs?.close();
    alices?.close();
    await relay?.close();
  });

  /** By playing it. */
  const heard = async (script: string) => {
    const play = alices.play(script);
    for await (const { kind } of play) {
      if (kind !== "waiting") continue;
      await play.cancel();
      await play.played.catch(() => {});
      return "asks";
    }
    return play.played.then(
      () => "allowed",
      (error: unknown) => (error instanceof WireError && error.code === -32003 ? "denied" : error),
    );
  };

  it.each(POLICIES)("[PO10] what a peer could do is answered as the peer's plays are, by %j", async (policy) => {
    await bobs.policy.set(policy);
    for (const [capability, script] of Object.entries(NEEDS)) {
      expect([capability, await bobs.policy.check(alice.publicKey, capability)]).toEqual([
        capability,
        await heard(script),
      ]);
    }
  });

  it("[PO10] is for whoever holds the policy; its owner may do everything", async () => {
    await bobs.policy.set({ grants: [] });
    expect(await bobs.policy.check(bob.publicKey, "write:secret")).toBe("allowed");
    await bobs.policy.set({ grants: [{ to: "*", allow: ["read:**"] }] });
    await expect(alices.policy.check(alice.publicKey, "read:a").played).rejects.toMatchObject({
      code: -32003,
      data: { capability: "policy" },
    });
  });

  it.each(["read:notes/*", "read", "fly:away", "", "policy:x"])(
    "[PO10] %j is no capability to ask for",
    async (text) => {
      await expect(bobs.policy.check(alice.publicKey, text).played).rejects.toThrow(
        /policy.check: expected a capability/,
      );
    },
  );

  it("[PO10] a text that is no key is refused", async () => {
    expect(() => bobs.policy.check("friends", "read:a")).toThrow(TypeError);
    await expect(bobs.play("policy.check('friends', 'read:a')").played).rejects.toThrow(/policy.check: public key/);
  });

  it("[TL5] how much room the circle takes grows with what is in it, and with that alone", async () => {
    const { used_bytes: before, allowed_bytes } = await bobs.log.storage();
    expect(allowed_bytes).toBe(256 * 1024 * 1024);
    await bobs.play(({ data }) => data.set("large", "x".repeat(50_000)));
    const { used_bytes: after } = await bobs.log.storage();
    expect(after - before).toBeGreaterThan(50_000);
    expect(after - before).toBeLessThan(55_000);
    await bobs.play(({ data }) => data.delete("large"));
    expect(await bobs.log.storage()).toEqual({ used_bytes: before, allowed_bytes });
  });

  it("[TL5] a stranger needs the capability log", async () => {
    await expect(alices.log.storage().played).rejects.toMatchObject({ code: -32003, data: { capability: "log" } });
  });
});
