import { vi } from "vitest";
import { login } from "../src/circle.ts";
import { makeMemoryTransports } from "../src/connection/memory.ts";
import type { Signer } from "../src/keys/signer.ts";
import { makeLoginNonce } from "../src/protocol/login-nonce.ts";
import { alice, bob } from "./people.ts";

export type Request = { id: number; method: string; params: Record<string, unknown> };

const HOST = "relay.example";
export const now = () => Math.floor(Date.now() / 1000);

/** The other side of a connection, in the test's hands. */
export function scriptedRelay({ nonce = {}, refuse = false }: { nonce?: object; refuse?: boolean } = {}) {
  const [near, far] = makeMemoryTransports();
  const requests: Request[] = [];
  const answer = (id: number, result: unknown) => far.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
  const fail = (id: number, error: unknown) => far.send(JSON.stringify({ jsonrpc: "2.0", id, error }));
  far.onFrame = (frame) => {
    const request = JSON.parse(frame) as Request;
    requests.push(request);
    const fields = { circle: bob.publicKey, host: HOST, expiresAt: now() + 60, random: "ab".repeat(32), ...nonce };
    if (request.method === "fetch_nonce")
      answer(request.id, { nonce: makeLoginNonce(fields), expires_at: fields.expiresAt });
    if (request.method === "authenticate" && !refuse) answer(request.id, { authenticated: true });
    if (request.method === "authenticate" && refuse) fail(request.id, { code: -32002, message: "no" });
  };
  const closed = vi.fn();
  far.onClose = closed;
  const dial = (signer: Signer = alice) =>
    login({ transport: near, signer, circle: bob.publicKey, host: HOST, timeoutMs: 2_000 });
  const notify = (params: object, method = "play_event") =>
    far.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  const of = (method: string) => requests.filter((request) => request.method === method);
  /** The `count`th request of a method, once it is there. */
  const request = async (method: string, count = 1): Promise<Request> => {
    await vi.waitUntil(() => of(method).length >= count);
    return of(method)[count - 1] as Request;
  };
  return { dial, requests, request, plays: () => of("play"), answer, fail, notify, closed, far };
}

/** What a relay answers to a play whose value's JSON is `output`. */
export const result = (output: string, task_id: unknown) => ({
  output,
  format: "json",
  task_id,
  log: { seq: 1, hash: "00" },
});
