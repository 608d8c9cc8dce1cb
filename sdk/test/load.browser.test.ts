import { expect, inject, it } from "vitest";
import { commands } from "vitest/browser";
import { type Circle, connect, generateKeypair } from "../src/index.ts";

const relayUrl = inject("relayUrl");
const rounds = inject("loadRounds");
const CIRCLES = 100;
const PLAYS = 1_000;

it("[S14] 100 circles and 1,000 plays at once over one connection leave nothing behind in a page", async () => {
  const owners = Array.from({ length: CIRCLES }, () => generateKeypair());
  const round = async () => {
    const circles = await Promise.all(
      owners.map((signer) => connect(`${relayUrl}/${signer.publicKey}`, { signer, timeoutMs: 60_000 })),
    );
    const circle = circles[0] as Circle;
    const plays = Array.from({ length: PLAYS }, (_, n) => circle.play<number>("args", n, { timeoutMs: 60_000 }));
    expect(await Promise.all(plays)).toEqual(Array.from({ length: PLAYS }, (_, n) => n));
    for (const one of circles) one.close();
  };
  const sizes: number[] = [];
  for (let i = 0; i < rounds; i++) {
    await round();
    sizes.push(await commands.heapBytes());
  }
  const [early = 0, late = 0] = [middle(sizes.slice(2, 8)), middle(sizes.slice(-6))];
  console.log(`heap after rounds, in KiB: ${sizes.map((size) => Math.round(size / 1024)).join(" ")}`);
  expect(late / early).toBeLessThan(1.05);
}, 600_000);

function middle(sizes: readonly number[]): number | undefined {
  return sizes.toSorted((a, b) => a - b)[Math.floor(sizes.length / 2)];
}
