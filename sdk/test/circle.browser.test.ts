import { expect, inject, it } from "vitest";
import { connect, generateKeypair } from "../src/index.ts";

it.each(["127.0.0.1", "localhost"])("[N3] a page dials a relay on its machine as %s", async (name) => {
  const alice = generateKeypair();
  const url = inject("relayUrl").replace("127.0.0.1", name);
  const circle = await connect(`${url}/${alice.publicKey}`, { signer: alice });
  expect(await circle.play("CALLER_PUBLIC_KEY")).toBe(alice.publicKey);
  circle.close();
});
