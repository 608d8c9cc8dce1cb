import { join } from "node:path";
import { delegate, deviceSigner, type Keypair, keypairFrom, type Signer } from "@circles/sdk/keys";
import { CLOCK_SKEW_S, type PolicyDocument, SUBSCRIBE_SCRIPT } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { makeGate, remembered, WorkerUnderTest } from "../../test/worker-under-test.ts";
import { verifyLog } from "../namespace/verify-log.ts";
import { APPROVED, type Task } from "../task.ts";
import { inboxId, inboxPath } from "./asking-play.ts";

const [phone, laptop] = [keypairFrom("d0".repeat(32)), keypairFrom("d1".repeat(32))];
const OPEN_TO_BOB: PolicyDocument = {
  grants: [
    { to: bob.publicKey, allow: ["read:**", "write:**"] },
    { to: "*", allow: ["write:inbox/**"], approval: "ask" },
  ],
};
const REVOKED = { ...OPEN_TO_BOB, revoked_devices: [phone.publicKey] };
const DENIED = { status: "denied", failure: { code: -32003, data: { capability: "device" } } };

describe("plays that devices sign", () => {
  let worker: WorkerUnderTest;
  beforeEach(async () => {
    worker = await WorkerUnderTest.start({ open: false });
    await setPolicy(OPEN_TO_BOB);
  });
  afterEach(() => worker.close());

  const setPolicy = (policy: PolicyDocument, given: Partial<Task> = {}) =>
    worker.play(worker.task("policy", { args: JSON.stringify(policy), ...given }));
  const signerOf = async (root: Keypair, device: Keypair) => {
    const delegation = await delegate(root, { device: device.publicKey, circles: "*", lifetimeS: 600 });
    return deviceSigner(device, delegation);
  };
  /** A play in alice's circle, signed. */
  const signed = async (signer: Signer, script: string, given: Partial<Task> = {}): Promise<Task> => {
    const task = worker.task(script, { caller: signer.publicKey, timeoutMs: undefined, ...given });
    const { id: taskId, circle, caller, hashes } = task;
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + 30;
    const signature = await signer.signPlay({ taskId, circle, caller, ...hashes, issuedAt, expiresAt });
    const { delegation } = signer;
    const envelope = { issued_at: issuedAt, expires_at: expiresAt, signature, ...(delegation ? { delegation } : {}) };
    return { ...task, proof: { kind: "envelope", envelope } };
  };

  it("[WK22] are their roots', and the record names the device; the root's own names none", async () => {
    const [byPhone, byBob] = [await signed(await signerOf(bob, phone), "add"), await signed(bob, "add")];
    expect(await worker.play(byPhone, byBob)).toMatchObject([{ output: "1" }, { output: "2" }]);
    expect(await worker.recordOf(byPhone)).toMatchObject({ caller: bob.publicKey, device: phone.publicKey });
    expect(await worker.recordOf(byBob)).not.toHaveProperty("device");
  });

  it("[WK22] are the same play when another device, or the root, sends them again", async () => {
    const first = await signed(await signerOf(bob, phone), "add");
    const again = { id: first.id };
    const others = [await signed(await signerOf(bob, laptop), "add", again), await signed(bob, "add", again)];
    const [outcome] = remembered(await worker.play(first));
    for (const other of others) {
      await worker.restart();
      expect(await worker.play(other)).toEqual([outcome]);
    }
    expect(await worker.recordOf(first)).toMatchObject({ device: phone.publicKey });
    const different = await signed(await signerOf(bob, laptop), "look", again);
    await worker.restart();
    expect(await worker.play(different)).toMatchObject([{ failure: { code: -32009 } }]);
  });

  it("[LG2] leave a log that can be verified, and is read after a restart", async () => {
    const task = await signed(await signerOf(bob, phone), "add");
    await worker.play(task);
    await worker.restart({ process: true });
    expect(await worker.recordOf(task)).toMatchObject({ device: phone.publicKey });
    const circle = alice.publicKey;
    const report = await verifyLog({ folder: join(worker.folder.path, circle, "logs"), circle });
    expect(report).toMatchObject({ records: 2 });
    expect(report).not.toHaveProperty("damage");
  });

  it("[WK4] are refused where the delegation was over before they came to a worker, and leave no record", async () => {
    const now = Math.floor(Date.now() / 1000);
    const delegation = await delegate(alice, { device: phone.publicKey, circles: "*", expiresAt: now - 61 });
    const task = worker.task("add", { caller: alice.publicKey, timeoutMs: undefined });
    const { id: taskId, circle, caller, hashes } = task;
    const times = { issuedAt: now - 120, expiresAt: now + 600 }; // its envelope is good for longer
    const signature = await deviceSigner(phone, delegation).signPlay({ taskId, circle, caller, ...hashes, ...times });
    const envelope = { issued_at: times.issuedAt, expires_at: times.expiresAt, signature, delegation };
    const late: Task = { ...task, proof: { kind: "envelope", envelope } };
    expect(await worker.play(late)).toMatchObject([{ failure: { code: -32008, message: "delegation: expired" } }]);
    expect(await worker.recordOf(late)).toBeUndefined();
  });

  it("[PO9] are denied where their device was revoked, the owner's too, and leave no record", async () => {
    const [byPhone, byLaptop] = [await signerOf(bob, phone), await signerOf(bob, laptop)];
    const owners = await signerOf(alice, phone);
    await setPolicy(REVOKED);
    const plays = [await signed(byPhone, "add"), await signed(byLaptop, "add"), await signed(owners, "add")];
    expect(await worker.play(...plays)).toMatchObject([DENIED, { output: "1" }, DENIED]);
    expect(await worker.recordOf(plays[0] as Task)).toBeUndefined();
    expect(await worker.play(await signed(bob, "add"), await signed(alice, "add"))).toMatchObject([
      { output: "2" },
      { output: "3" },
    ]);
    await setPolicy(OPEN_TO_BOB);
    expect(await worker.play(await signed(byPhone, "add"))).toMatchObject([{ output: "4" }]);
  });

  it("[PO9] a revoked key is the peer that it is where it signs for itself, and grants decide", async () => {
    await setPolicy({ ...REVOKED, grants: [{ to: phone.publicKey, allow: ["write:**"] }] });
    expect(await worker.play(await signed(phone, "add"))).toMatchObject([{ output: "1" }]);
  });

  it("[PO9] what a device played before it was revoked stays, and is answered as it was", async () => {
    const task = await signed(await signerOf(bob, phone), "add");
    const [outcome] = remembered(await worker.play(task));
    await setPolicy(REVOKED);
    await worker.restart();
    expect(await worker.play(task)).toEqual([outcome]);
  });

  it.each<[string, Keypair]>([
    ["a caller's", bob],
    ["the owner's", alice],
  ])("[PO9] %s play that runs while its device is revoked is denied and has written nothing", async (_, root) => {
    const gate = makeGate();
    worker.hold = gate.opened;
    const running = worker.submit(await signed(await signerOf(root, phone), "held"));
    const inLine = worker.submit(await signed(await signerOf(root, phone), "add"));
    const behind = worker.submit(worker.task("add"));
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toContain("held");
    expect(await setPolicy(REVOKED, { lane: "control" })).toMatchObject([{ status: "completed" }]);
    gate.open();
    await serving;
    expect(await Promise.all([running, inLine])).toMatchObject([DENIED, DENIED]);
    expect(await behind).toMatchObject({ output: "1" });
  });

  it("[PO9] its authority is nothing from then on", async () => {
    const play = { script: "x", args: "null", caller: alice.publicKey, authority: "", device: phone.publicKey };
    await worker.namespaces.with(alice.publicKey, async (namespace) => {
      const { authorities } = worker.parts;
      expect(authorities.again(namespace, play)).toBe("");
      await setPolicy(REVOKED, { lane: "control" });
      expect(JSON.parse(authorities.again(namespace, play))).toMatchObject({ grants: [], approved: [] });
      expect(authorities.again(namespace, { ...play, device: laptop.publicKey })).toBe("");
    });
  });

  it("[PO9] one that waits for the owner names its device, and is denied if that was revoked meanwhile", async () => {
    const tasks = await Promise.all(
      [phone, laptop].map(async (device) => {
        const peer = keypairFrom("77".repeat(32));
        return signed(await signerOf(peer, device), "ask", { args: '"hello"' });
      }),
    );
    const outcomes = tasks.map((task) => worker.submit(task));
    await worker.serve();
    const entries = await worker.namespaces.with(alice.publicKey, async (namespace) =>
      tasks.map((task) => worker.parts.inboxes.of(namespace).ofTask(task) ?? expect.fail("it does not wait")),
    );
    expect(entries).toMatchObject([{ device: phone.publicKey }, { device: laptop.publicKey }]);
    await setPolicy(REVOKED);
    const writes = entries.map((entry) => ({
      path: inboxPath(inboxId(entry)),
      content: { json: JSON.stringify({ ...entry, state: "allowed", allowed: [entry.capability] }) },
    }));
    await worker.play(worker.task("decide", { args: JSON.stringify(writes), lane: "control" }));
    await worker.serve();
    expect(await Promise.all(outcomes)).toMatchObject([DENIED, { output: '"done"' }]);
    for (const task of tasks) expect(await worker.recordOf(task)).toHaveProperty("device");
    await worker.restart();
    expect(await worker.play({ ...(tasks[0] as Task), proof: APPROVED })).toMatchObject([DENIED]);
  });

  const HEARING: PolicyDocument = { grants: [{ to: bob.publicKey, allow: ["subscribe:chat"] }] };
  const subscription = (signer: Signer) =>
    signed(signer, SUBSCRIBE_SCRIPT, { lane: "events", args: JSON.stringify({ topic: "chat" }) });

  it("[GW21] subscribes for its root no longer than its delegation says, and not once it was revoked", async () => {
    await setPolicy(HEARING);
    const expiresAt = Math.floor(Date.now() / 1000) + 10; // before its envelope
    const device = phone.publicKey;
    const brief = deviceSigner(phone, await delegate(bob, { device, circles: "*", expiresAt }));
    const [outcome] = await worker.play(await subscription(brief));
    expect(outcome).toMatchObject({ status: "answered" });
    expect(JSON.parse((outcome as { output: string }).output)).toMatchObject({
      until: (expiresAt + CLOCK_SKEW_S) * 1000,
    });
    await setPolicy({ ...HEARING, revoked_devices: [device] });
    expect(await worker.play(await subscription(brief))).toMatchObject([DENIED]);
    expect(await worker.play(await subscription(await signerOf(bob, laptop)))).toMatchObject([{ status: "answered" }]);
  });

  it("[GW21] hears nothing of what is read while it is revoked", async () => {
    await setPolicy(HEARING);
    const gate = makeGate();
    const reading = await worker.namespaces.with(alice.publicKey, async (namespace) => {
      const read = namespace.readEvents.bind(namespace);
      return vi.spyOn(namespace, "readEvents").mockImplementation(async (query) => {
        await gate.opened;
        return read(query);
      });
    });
    const asked = worker.submit(await subscription(await signerOf(bob, phone)));
    const serving = worker.serve();
    await expect.poll(() => reading.mock.calls.length).toBe(1);
    await setPolicy({ ...HEARING, revoked_devices: [phone.publicKey] });
    await worker.play(worker.task("tell", { args: '[["chat","after it was revoked"]]' }));
    gate.open();
    await serving;
    expect(await asked).toMatchObject(DENIED);
  });

  it("[PO9] stay revoked where their circle's policy cannot be read any more, and the others are the owner's still", async () => {
    await setPolicy({ ...REVOKED, grants: [{ to: "*", allow: ["from a later version"] as never }] });
    expect(await worker.play(await signed(await signerOf(alice, phone), "add"))).toMatchObject([DENIED]);
    expect(await worker.play(await signed(await signerOf(alice, laptop), "add"))).toMatchObject([{ output: "1" }]);
    expect(await worker.play(await signed(bob, "add"))).toMatchObject([{ status: "denied" }]);
  });
});
