import type { Envelope, Signature, TaskId, WireError } from "@circles/sdk/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { chooseVerifier, type Verifier } from "../signatures/verifier.ts";
import { hashTask, type Proof, type Task, VOUCHED_IN_PROCESS } from "../task.ts";
import { checkLifetime, checkProof } from "./proof.ts";

const [ISSUED, EXPIRES] = [1_800_000_000, 1_800_000_090];

/** A play that bob signed for alice's circle. */
async function signedTask(): Promise<Task & { proof: { kind: "envelope"; envelope: Envelope } }> {
  const play = { id: "t".repeat(16) as TaskId, circle: alice.publicKey, caller: bob.publicKey, timeoutMs: 5_000 };
  const texts = { script: "1 + 1", args: '{"n":1}' };
  const hashes = hashTask(texts);
  const { circle, caller, id: taskId, timeoutMs } = play;
  const times = { issuedAt: ISSUED, expiresAt: EXPIRES };
  const signature = await bob.signPlay({ circle, caller, taskId, timeoutMs, ...hashes, ...times });
  const envelope = { issued_at: ISSUED, expires_at: EXPIRES, signature };
  return { ...play, ...texts, hashes, deadline: 0, proof: { kind: "envelope", envelope } };
}

describe("proof of a play", () => {
  let verifier: Verifier;
  beforeAll(async () => {
    verifier = await chooseVerifier();
  });

  it("[WK2] is the caller's envelope", async () => {
    const task = await signedTask();
    expect(checkProof(task, verifier)).toBe(task.proof.envelope);
  });

  const flip = (hex: Signature): Signature => `${hex.slice(0, -1)}${hex.endsWith("0") ? "1" : "0"}` as Signature;
  type Signed = Awaited<ReturnType<typeof signedTask>>;
  const withEnvelope = (task: Signed, change: Partial<Envelope>): Task => ({
    ...task,
    proof: { kind: "envelope", envelope: { ...task.proof.envelope, ...change } },
  });

  it.each<[string, (task: Signed) => Task | Promise<Task>]>([
    ["another circle", (task) => ({ ...task, circle: mallory.publicKey })],
    ["another caller", (task) => ({ ...task, caller: mallory.publicKey })],
    ["the owner as the caller", (task) => ({ ...task, caller: alice.publicKey })],
    ["another task id", (task) => ({ ...task, id: "u".repeat(16) as TaskId })],
    ["another script", (task) => ({ ...task, hashes: hashTask({ ...task, script: "2" }) })],
    ["other arguments", (task) => ({ ...task, hashes: hashTask({ ...task, args: '{"n":2}' }) })],
    [
      "script and arguments exchanged",
      (task) => ({ ...task, hashes: { script: task.hashes.args, args: task.hashes.script } }),
    ],
    ["another timeout", (task) => ({ ...task, timeoutMs: 5_001 })],
    ["no timeout", (task) => ({ ...task, timeoutMs: undefined })],
    ["an earlier issue", (task) => withEnvelope(task, { issued_at: ISSUED - 1 })],
    ["a later expiry", (task) => withEnvelope(task, { expires_at: EXPIRES + 1 })],
    [
      "a signature with one bit changed",
      (task) => withEnvelope(task, { signature: flip(task.proof.envelope.signature) }),
    ],
    [
      "somebody else's signature over the same play",
      async (task) => {
        const { circle, caller, id: taskId, timeoutMs, hashes } = task;
        const fields = { circle, taskId, timeoutMs, ...hashes, issuedAt: ISSUED, expiresAt: EXPIRES };
        const delegation = hashes.args; // so that mallory's signer signs in bob's name at all
        return withEnvelope(task, { signature: await mallory.signPlay({ ...fields, caller, delegation }) });
      },
    ],
    [
      "somebody else's own play",
      async (task) => {
        const { circle, id: taskId, timeoutMs, hashes } = task;
        const fields = { circle, taskId, timeoutMs, ...hashes, issuedAt: ISSUED, expiresAt: EXPIRES };
        return withEnvelope(task, { signature: await mallory.signPlay({ ...fields, caller: mallory.publicKey }) });
      },
    ],
    ["no signature", (task) => withEnvelope(task, { signature: "" as Signature })],
    ["zeros as a signature", (task) => withEnvelope(task, { signature: "0".repeat(128) as Signature })],
    ["an expiry before the issue", (task) => withEnvelope(task, { expires_at: ISSUED - 1 })],
    ["a lifetime above a day", (task) => withEnvelope(task, { expires_at: ISSUED + 86_401 })],
    ["half a second", (task) => withEnvelope(task, { issued_at: ISSUED + 0.5 })],
    ["times that are no numbers", (task) => withEnvelope(task, { issued_at: Number.NaN })],
    ["a circle that is no key", (task) => ({ ...task, circle: "02" as Task["circle"] })],
    [
      "a delegation, even of the caller's own",
      async (task) => {
        const fields = { root: bob.publicKey, device: bob.publicKey, circles: "*" } as const;
        const times = { notBefore: ISSUED, expiresAt: EXPIRES };
        const signature = await bob.signDelegation({ ...fields, ...times });
        const delegation = { ...fields, not_before: ISSUED, expires_at: EXPIRES, signature };
        return withEnvelope(task, { delegation });
      },
    ],
  ])("[WK2] with %s it is refused", async (_, forge) => {
    const forged = await forge(await signedTask());
    expect(() => checkProof(forged, verifier)).toThrow(expect.objectContaining({ name: "WireError", code: -32010 }));
  });

  it("[WK2] repeats nothing of what it refuses", async () => {
    const task = { ...(await signedTask()), caller: mallory.publicKey };
    try {
      checkProof(task, verifier);
      expect.fail("it was taken");
    } catch (error) {
      expect((error as WireError).message).not.toMatch(/[0-9a-f]{16}|1 \+ 1/);
    }
  });

  it("[WK3] of a gateway is good in its own process only", async () => {
    const task = await signedTask();
    expect(checkProof({ ...task, proof: VOUCHED_IN_PROCESS }, verifier)).toBeUndefined();
    const lookalikes: unknown[] = [
      { kind: "in-process" },
      { ...VOUCHED_IN_PROCESS },
      structuredClone(VOUCHED_IN_PROCESS),
      JSON.parse(JSON.stringify(VOUCHED_IN_PROCESS)),
      Object.create(VOUCHED_IN_PROCESS),
      {},
    ];
    for (const proof of lookalikes) {
      expect(() => checkProof({ ...task, proof: proof as Proof }, verifier)).toThrow(
        expect.objectContaining({ code: -32010 }),
      );
    }
    expect(Object.isFrozen(VOUCHED_IN_PROCESS)).toBe(true);
  });

  it.each([
    [ISSUED - 61, "envelope: not yet valid"],
    [ISSUED - 60, undefined],
    [ISSUED, undefined],
    [EXPIRES, undefined],
    [EXPIRES + 60, undefined],
    [EXPIRES + 61, "envelope: expired"],
  ])("[WK4] at %d its lifetime is %s", async (now, message) => {
    const { envelope } = (await signedTask()).proof;
    if (message === undefined) expect(() => checkLifetime(envelope, now)).not.toThrow();
    else {
      const data = { issued_at: ISSUED, expires_at: EXPIRES, now };
      expect(() => checkLifetime(envelope, now)).toThrow(expect.objectContaining({ code: -32008, message, data }));
    }
  });
});
