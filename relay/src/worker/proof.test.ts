import { delegate, deviceSigner, type Keypair, keypairFrom, sha256Hex, signedDelegationText } from "@circles/sdk/keys";
import type { Envelope, Signature, SignedDelegation, TaskId, WireError } from "@circles/sdk/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import { personalSignature } from "../../../sdk/test/ethereum-wallet.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { Delegations } from "../signatures/delegations.ts";
import { chooseVerifier } from "../signatures/verifier.ts";
import { hashTask, type Proof, type Task, VOUCHED_IN_PROCESS } from "../task.ts";
import { checkLifetime, checkProof, type ProofParts } from "./proof.ts";

const [ISSUED, EXPIRES] = [1_800_000_000, 1_800_000_090];
const phone = keypairFrom("d0".repeat(32));

type SignedTask = Task & { proof: { kind: "envelope"; envelope: Envelope } };

/** A play that bob's phone signed, under this delegation, and perhaps in somebody else's name. */
async function phonesTask(delegation: SignedDelegation, caller = bob.publicKey): Promise<SignedTask> {
  const task = await signedTask();
  const { circle, id: taskId, timeoutMs, hashes } = task;
  const times = { issuedAt: ISSUED, expiresAt: EXPIRES };
  const delegated = { delegation: sha256Hex(signedDelegationText(delegation)) };
  const signature = await phone.signPlay({ circle, caller, taskId, timeoutMs, ...hashes, ...times, ...delegated });
  return { ...task, caller, proof: { kind: "envelope", envelope: { ...task.proof.envelope, signature, delegation } } };
}

const forPhone = { device: phone.publicKey, circles: [alice.publicKey], notBefore: ISSUED, expiresAt: ISSUED + 3_600 };

/** By an Ethereum account, as SDK's `connectWallet` has it made. */
function walletDelegation(root: Keypair): SignedDelegation {
  const { device, circles, notBefore: not_before, expiresAt: expires_at } = forPhone;
  const unsigned = { root: root.publicKey, device, circles, not_before, expires_at, scheme: "eip191" } as const;
  const text = signedDelegationText({ ...unsigned, signature: "" as Signature });
  return { ...unsigned, signature: personalSignature(root, text).slice(2, 130) as Signature };
}

/** A play that bob signed for alice's circle. */
async function signedTask(): Promise<SignedTask> {
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
  let parts: ProofParts;
  beforeAll(async () => {
    const verifier = await chooseVerifier();
    parts = { verifier, delegations: new Delegations(verifier) };
  });

  it("[WK2] is the caller's envelope", async () => {
    const task = await signedTask();
    expect(checkProof(task, parts)).toBe(task.proof.envelope);
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
  ])("[WK2] with %s it is refused", async (_, forge) => {
    const forged = await forge(await signedTask());
    expect(() => checkProof(forged, parts)).toThrow(expect.objectContaining({ name: "WireError", code: -32010 }));
  });

  it("[WK2] repeats nothing of what it refuses", async () => {
    const task = { ...(await signedTask()), caller: mallory.publicKey };
    try {
      checkProof(task, parts);
      expect.fail("it was taken");
    } catch (error) {
      expect((error as WireError).message).not.toMatch(/[0-9a-f]{16}|1 \+ 1/);
    }
  });

  it("[WK3] of a gateway is good in its own process only", async () => {
    const task = await signedTask();
    expect(checkProof({ ...task, proof: VOUCHED_IN_PROCESS }, parts)).toBeUndefined();
    const lookalikes: unknown[] = [
      { kind: "in-process" },
      { ...VOUCHED_IN_PROCESS },
      structuredClone(VOUCHED_IN_PROCESS),
      JSON.parse(JSON.stringify(VOUCHED_IN_PROCESS)),
      Object.create(VOUCHED_IN_PROCESS),
      {},
    ];
    for (const proof of lookalikes) {
      expect(() => checkProof({ ...task, proof: proof as Proof }, parts)).toThrow(
        expect.objectContaining({ code: -32010 }),
      );
    }
    expect(Object.isFrozen(VOUCHED_IN_PROCESS)).toBe(true);
  });

  it("[WK22] is a device's envelope with its root's delegation, a key's or a wallet's, and its caller the root", async () => {
    for (const delegation of [await delegate(bob, forPhone), walletDelegation(bob)]) {
      const task = await phonesTask(delegation);
      for (let i = 0; i < 2; i++) expect(checkProof(task, parts)).toBe(task.proof.envelope);
    }
    const everywhere = await delegate(bob, { ...forPhone, circles: "*" });
    const task = await phonesTask(everywhere);
    expect(checkProof(task, parts)).toBe(task.proof.envelope);
  });

  const change = async (delegation: Partial<SignedDelegation>) => {
    const task = await phonesTask(await delegate(bob, forPhone));
    const { envelope } = task.proof;
    return withEnvelope(task, { delegation: { ...(envelope.delegation as SignedDelegation), ...delegation } });
  };

  it.each<[string, () => Task | Promise<Task>]>([
    [
      "another circle's delegation",
      async () => phonesTask(await delegate(bob, { ...forPhone, circles: [bob.publicKey] })),
    ],
    [
      "another device's delegation",
      async () => phonesTask(await delegate(bob, { ...forPhone, device: mallory.publicKey })),
    ],
    ["somebody else's delegation", async () => phonesTask(await delegate(mallory, forPhone))],
    ["a delegation made longer", () => change({ expires_at: ISSUED + 3_601 })],
    ["a delegation made wider", () => change({ circles: "*" })],
    ["a delegation that names the caller's own key as the device", () => change({ device: bob.publicKey })],
    ["a delegation of a scheme that there is not", () => change({ scheme: "none" as "eip191" })],
    ["a key's delegation that says it is a wallet's", () => change({ scheme: "eip191" })],
    [
      "a wallet's that says it is a key's",
      async () => {
        const { scheme: _, ...unmarked } = walletDelegation(bob);
        return phonesTask(unmarked);
      },
    ],
    ["a wallet's of another account", () => phonesTask({ ...walletDelegation(mallory), root: bob.publicKey })],
    ["no list of circles", () => change({ circles: 5 as never })],
    ["a number for a delegation", async () => withEnvelope(await signedTask(), { delegation: 5 as never })],
    [
      "the delegation taken away",
      async () => withEnvelope(await phonesTask(await delegate(bob, forPhone)), { delegation: undefined as never }),
    ],
    [
      "a delegation put to what the caller signed",
      async () => withEnvelope(await signedTask(), { delegation: await delegate(bob, forPhone) }),
    ],
    [
      "another delegation than the device signed",
      async () => {
        const other = await delegate(bob, { ...forPhone, circles: "*" });
        return withEnvelope(await phonesTask(await delegate(bob, forPhone)), { delegation: other });
      },
    ],
  ])("[WK22] with %s it is refused", async (_, forge) => {
    const forged = await forge();
    const believing = { ...parts, trust: { gateways: new Set([alice.publicKey]), relay: true } };
    for (const trusting of [parts, parts, believing]) {
      expect(() => checkProof(forged, trusting)).toThrow(expect.objectContaining({ name: "WireError", code: -32010 }));
    }
  });

  it("[WK22] goes no further than the root's own word: a device's delegation to another is none of the root's", async () => {
    const laptop = keypairFrom("d1".repeat(32));
    const toLaptop = await delegate(bob, { ...forPhone, device: laptop.publicKey });
    await expect(delegate(deviceSigner(laptop, toLaptop), forPhone)).rejects.toThrow(TypeError);
    const onward = await delegate(laptop, forPhone); // the laptop as a peer of its own
    for (const delegation of [onward, { ...onward, root: bob.publicKey }]) {
      const task = await phonesTask(delegation);
      expect(() => checkProof(task, parts)).toThrow(expect.objectContaining({ code: -32010 }));
    }
  });

  it.each([
    [ISSUED - 3_661, "delegation: not yet valid"],
    [ISSUED - 60, undefined],
    [ISSUED - 61, "envelope: not yet valid"],
    [ISSUED + 60, undefined],
    [ISSUED + 61, "delegation: expired"],
  ])("[WK4] at %d the lifetime of a delegation until the issue, and of its envelope, is %s", async (now, message) => {
    const delegation = await delegate(bob, { ...forPhone, notBefore: ISSUED - 3_600, expiresAt: ISSUED });
    const { envelope } = (await phonesTask(delegation)).proof;
    const check = () => checkLifetime(envelope, alice.publicKey, now);
    if (message === undefined) expect(check).not.toThrow();
    else
      expect(check).toThrow(expect.objectContaining({ code: -32008, message, data: expect.objectContaining({ now }) }));
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
    if (message === undefined) expect(() => checkLifetime(envelope, alice.publicKey, now)).not.toThrow();
    else {
      const data = { issued_at: ISSUED, expires_at: EXPIRES, now };
      expect(() => checkLifetime(envelope, alice.publicKey, now)).toThrow(
        expect.objectContaining({ code: -32008, message, data }),
      );
    }
  });
});
