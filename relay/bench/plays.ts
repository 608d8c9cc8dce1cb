import { hash } from "node:crypto";
import { createRequire } from "node:module";
import { type Keypair, keypairFrom } from "@circles/sdk";
import { sha256Hex } from "@circles/sdk/keys";
import {
  canonicalJson,
  makeTaskId,
  type Nonce,
  type PublicKey,
  parseLoginNonce,
  parsePublicKey,
  playText,
} from "@circles/sdk/protocol";
import { type Channel, openChannel, type Request } from "./channel.ts";

const SECRET = Buffer.alloc(32, 0xa1);
/** Who logs in everywhere. */
export const caller: Keypair = keypairFrom(SECRET);

/** Signs as fast as can be: the load is to wait for the relay, not for itself. */
const { ecdsaSign, publicKeyCreate } = createRequire(import.meta.url)("secp256k1") as {
  ecdsaSign(digest: Uint8Array, secret: Uint8Array): { signature: Uint8Array };
  publicKeyCreate(secret: Uint8Array): Uint8Array;
};

const DIALLED_AT_ONCE = 16;

/** Circle `i`'s key. */
export function circleKey(i: number): PublicKey {
  return parsePublicKey(Buffer.from(publicKeyCreate(hash("sha256", `circle ${i}`, "buffer"))).toString("hex"));
}

/** `count` circles, from the first on. */
export function circleKeys(count: number, { first = 0 } = {}): PublicKey[] {
  return Array.from({ length: count }, (_, i) => circleKey(first + i));
}

/** A connection, logged in, to each of the circles. */
export async function dialCircles(url: string, circles: readonly PublicKey[]): Promise<Channel[]> {
  const channels: Channel[] = [];
  for (let i = 0; i < circles.length; i += DIALLED_AT_ONCE) {
    const some = circles.slice(i, i + DIALLED_AT_ONCE);
    channels.push(...(await Promise.all(some.map((circle) => dial(`${url}/${circle}`)))));
  }
  return channels;
}

async function dial(url: string): Promise<Channel> {
  const channel = await openChannel(url);
  const call = (method: string, params: object) =>
    new Promise<{ nonce: Nonce }>((resolve, reject) => {
      channel.onAnswer = (frame) => {
        const { result, error } = JSON.parse(frame) as { result: { nonce: Nonce }; error?: { message: string } };
        if (error) reject(new Error(error.message));
        else resolve(result);
      };
      channel.socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    });
  const { nonce } = await call("fetch_nonce", { pubkey: caller.publicKey });
  const { circle, host } = parseLoginNonce(nonce);
  const signature = await caller.signLogin(nonce, { circle, host });
  await call("authenticate", { pubkey: caller.publicKey, signature });
  return channel;
}

export type PlayKind = { readonly script: string; readonly signed: boolean };

/** `count` plays, over the circles in turn, made (and signed) ahead. */
export function makePlays(circles: readonly PublicKey[], { script, signed }: PlayKind, count: number): Request[] {
  const scriptHash = sha256Hex(script);
  const argsHash = sha256Hex(canonicalJson(null));
  const issuedAt = Math.floor(Date.now() / 1000);
  const expiresAt = issuedAt + 600;
  return Array.from({ length: count }, (_, id) => {
    const channel = id % circles.length;
    const circle = circles[channel];
    if (!circle) throw new Error("plays: expected at least one circle");
    const params: Record<string, unknown> = { script };
    if (signed) {
      const taskId = makeTaskId();
      const fields = {
        circle,
        caller: caller.publicKey,
        taskId,
        script: scriptHash,
        args: argsHash,
        issuedAt,
        expiresAt,
      };
      const { signature } = ecdsaSign(hash("sha256", playText(fields), "buffer"), SECRET);
      params.task_id = taskId;
      params.envelope = {
        issued_at: issuedAt,
        expires_at: expiresAt,
        signature: Buffer.from(signature).toString("hex"),
      };
    }
    return { channel, frame: JSON.stringify({ jsonrpc: "2.0", id, method: "play", params }) };
  });
}
