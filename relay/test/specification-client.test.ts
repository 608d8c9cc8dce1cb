import { connect } from "@circles/sdk";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import { getPublicKey, hashes, sign } from "@noble/secp256k1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import type { RunningRelay } from "../src/bin/relay.ts";
import { bob } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

hashes.sha256 = sha256;
hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

/**
 * A client that knows the specification's three methods and nothing else: a WebSocket, a signature, and no envelope,
 * task id or argument. It shares no code with the SDK.
 */
async function playAsSpecified(url: string, secret: Uint8Array, script: string): Promise<string> {
  const socket = new WebSocket(url);
  await new Promise((resolve) => socket.once("open", resolve));
  const call = (method: string, params: object) =>
    new Promise<Record<string, string>>((resolve, reject) => {
      socket.once("message", (data: Buffer) => {
        const { result, error } = JSON.parse(data.toString("utf8"));
        if (error) reject(new Error(`${error.code} ${error.message}`));
        else resolve(result);
      });
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: "1", method, params }));
    });
  const pubkey = Buffer.from(getPublicKey(secret)).toString("hex");
  const { nonce = "" } = await call("fetch_nonce", { pubkey });
  const signature = Buffer.from(sign(Buffer.from(nonce), secret)).toString("hex");
  await call("authenticate", { pubkey, signature });
  const { output = "" } = await call("play", { script });
  socket.close();
  return output;
}

describe("the specification's own client", () => {
  let relay: RunningRelay;
  beforeAll(async () => {
    relay = await startRelayInProcess({ open: true });
    const own = await connect(`${relay.url}/${bob.publicKey}`, { signer: bob });
    await own.play("data.set('user_preferences', { theme: 'dark', sizes: [10, 12, 14] })");
    own.close();
  });
  afterAll(() => relay.close());

  it("plays with fetch_nonce, authenticate and play alone", async () => {
    const output = await playAsSpecified(`${relay.url}/${bob.publicKey}`, hexToBytes("a1".repeat(32)), "1 + 1");
    expect(output).toBe("2");
  });

  it("sends the specification's example script, which reads the other peer's document and returns what it computed", async () => {
    const secret = hexToBytes("a1".repeat(32));
    const script = `
      print("Script running in context of: " + CIRCLE_PUBLIC_KEY);
      print("Initiated by: " + CALLER_PUBLIC_KEY);
      // Access Peer B's data (isolated namespace)
      const peerBData = data.get("user_preferences");
      // Perform operations in Peer B's context
      const result = { theme: peerBData.theme, total: peerBData.sizes.reduce((a, b) => a + b, 0), by: CALLER_PUBLIC_KEY };
      // Return result to Peer A
      result`;
    expect(JSON.parse(await playAsSpecified(`${relay.url}/${bob.publicKey}`, secret, script))).toEqual({
      theme: "dark",
      total: 36,
      by: Buffer.from(getPublicKey(secret)).toString("hex"),
    });
  });
});
