import { vi } from "vitest";
import { connectTo } from "../src/circle.ts";
import { makeMemoryTransports } from "../src/connection/memory.ts";
import type { Transport } from "../src/connection/transport.ts";
import { ConnectionError } from "../src/errors.ts";
import type { Signer } from "../src/keys/signer.ts";
import { makeLoginNonce } from "../src/protocol/login-nonce.ts";
import { alice, bob } from "./people.ts";

export type Request = { id: number; method: string; params: Record<string, unknown> };

const HOST = "relay.example";
export const now = () => Math.floor(Date.now() / 1000);

/** The other side of a connection, in the test's hands; the next one, where that is lost. */
export function scriptedRelay({ nonce = {}, refuse = false }: { nonce?: object; refuse?: boolean } = {}) {
  const requests: Request[] = [];
  const closed = vi.fn();
  const onRequest: (request: Request) => void = () => {};
  const state = { isReachable: true, refuse, dialled: 0, onRequest };
  let far: Transport | undefined;
  const answer = (id: number, result: unknown) => far?.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
  const fail = (id: number, error: unknown) => far?.send(JSON.stringify({ jsonrpc: "2.0", id, error }));
  const accept = async (): Promise<Transport> => {
    state.dialled += 1;
    if (!state.isReachable) throw new ConnectionError("connection: nobody is there");
    const [near, other] = makeMemoryTransports();
    far = other;
    other.onClose = closed;
    other.onFrame = (frame) => {
      const request = JSON.parse(frame) as Request;
      requests.push(request);
      state.onRequest(request);
      const fields = { circle: bob.publicKey, host: HOST, expiresAt: now() + 60, random: "ab".repeat(32), ...nonce };
      if (request.method === "fetch_nonce")
        answer(request.id, { nonce: makeLoginNonce(fields), expires_at: fields.expiresAt });
      if (request.method === "authenticate" && !state.refuse) answer(request.id, { authenticated: true });
      if (request.method === "authenticate" && state.refuse) fail(request.id, { code: -32002, message: "no" });
    };
    return near;
  };
  const dial = (signer: Signer = alice) =>
    connectTo({ circle: bob.publicKey, host: HOST, dial: accept }, { signer, timeoutMs: 2_000 });
  const notify = (params: object, method = "play_event") =>
    far?.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  const of = (method: string) => requests.filter((request) => request.method === method);
  /** The `count`th request of a method, once it is there. */
  const request = async (method: string, count = 1): Promise<Request> => {
    await vi.waitUntil(() => of(method).length >= count);
    return of(method)[count - 1] as Request;
  };
  /** The connection is lost; the next one is taken, if the relay can be reached. */
  const cut = () => far?.close();
  return { dial, requests, request, plays: () => of("play"), answer, fail, notify, closed, cut, state };
}

/** What a relay answers to a play whose value's JSON is `output`. */
export const result = (output: string, task_id: unknown) => ({
  output,
  format: "json",
  task_id,
  log: { seq: 1, hash: "00" },
});
