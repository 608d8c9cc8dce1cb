import { type Circle, connect, generateKeypair } from "@circles/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningRelay } from "../../../relay/src/bin/relay.ts";
import { startRelayInProcess } from "../../../relay/test/relay-in-process.ts";
import { GLOBALS, MEMBERS } from "./words.ts";

describe("what the editor completes", () => {
  let relay: RunningRelay;
  let own: Circle;
  beforeAll(async () => {
    relay = await startRelayInProcess({});
    const signer = generateKeypair();
    own = await connect(`${relay.url}/${signer.publicKey}`, { signer });
  });
  afterAll(async () => {
    own?.close();
    await relay?.close();
  });
  const sorted = (words: readonly { readonly label: string }[]) => words.map(({ label }) => label).toSorted();

  it.each(Object.keys(MEMBERS))("[PG2] of %s is all that it has", async (name) => {
    expect(sorted(MEMBERS[name] ?? [])).toEqual(await own.play(`Object.keys(${name}).sort()`));
  });

  it("[PG2] is all that a script sees beside the language", async () => {
    const known = sorted(GLOBALS);
    for (const name of known) expect([name, await own.play(`typeof ${name}`)]).not.toEqual([name, "undefined"]);
    const seen = await own.play<string[]>("Object.keys(context)");
    const reserved = ["caller", "owner", "play", "schedule"]; // by other names, or for later
    expect(seen.filter((name) => !known.includes(name) && !reserved.includes(name))).toEqual([]);
  });
});
