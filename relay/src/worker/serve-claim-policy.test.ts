import type { PolicyDocument } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ended } from "../../test/fake-sandbox.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeGate, WorkerUnderTest } from "../../test/worker-under-test.ts";
import type { DenialsEntry, RecordOf } from "../namespace/record.ts";
import type { PlayAuthority } from "../policy/authority.ts";
import type { Task } from "../task.ts";

const EVERYTHING: PolicyDocument = { grants: [{ to: "*", allow: ["read:**", "write:**"] }] };
const NOTHING: PolicyDocument = { grants: [] };

describe("a claim, under a policy,", () => {
  let worker: WorkerUnderTest;
  beforeEach(async () => {
    worker = await WorkerUnderTest.start({ open: false });
  });
  afterEach(() => worker.close());

  const setPolicy = (policy: PolicyDocument, given: Partial<Task> = {}) =>
    worker.play(worker.task("policy", { args: JSON.stringify(policy), ...given }));
  const bobs = (script: string, given: Partial<Task> = {}) => worker.task(script, { caller: bob.publicKey, ...given });
  const denialsIn = (key = alice.publicKey) =>
    worker.namespaces.with(key, async (namespace) => {
      await worker.parts.denials.flush(namespace);
      const { records } = await namespace.readRecords({ after: 0, limit: 1_000 });
      return records.filter((record): record is RecordOf<DenialsEntry> => "denials" in record);
    });

  it("[PO1] nobody but the owner may play, with a policy that nobody can read too", async () => {
    const denied = { status: "denied", failure: { code: -32003, data: { capability: "*" } } };
    expect(await worker.play(bobs("add"), worker.task("add"))).toMatchObject([denied, { output: "1" }]);
    await worker.play(worker.task("policy", { args: '{"grants":[{"to":"*","allow":["everything"]}]}' }));
    expect(await worker.play(bobs("add"), worker.task("add"))).toMatchObject([denied, { output: "2" }]);
  });

  it("[PO8] a circle that refuses unsigned plays takes its owner's too only signed", async () => {
    await setPolicy({ ...NOTHING, unsigned: "refuse" });
    const unsigned = worker.task("add", { timeoutMs: undefined });
    const { id: taskId, circle, caller, hashes } = unsigned;
    const lacking = { status: "denied", failure: { code: -32003, data: { capability: "signature" } } };
    expect(await worker.play(unsigned)).toMatchObject([lacking]);
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + 30;
    const signature = await alice.signPlay({ taskId, circle, caller, ...hashes, issuedAt, expiresAt });
    const envelope = { issued_at: issuedAt, expires_at: expiresAt, signature };
    expect(await worker.play({ ...unsigned, proof: { kind: "envelope", envelope } })).toMatchObject([{ output: "1" }]);
  });

  it("[PO2] a relay that is open lets everybody do everything", async () => {
    const open = await WorkerUnderTest.start();
    expect(await open.play(open.task("add", { caller: mallory.publicKey }))).toMatchObject([{ output: "1" }]);
    await open.close();
  });

  it("[WK13] what a play relied on is looked at once more: taken away, the play is denied, and those behind run again", async () => {
    await setPolicy(EVERYTHING);
    const gate = makeGate();
    worker.hold = gate.opened;
    const relying = worker.submit(bobs("rely"));
    const behind = worker.submit(worker.task("add"));
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toContain("rely");
    expect(await setPolicy(NOTHING, { lane: "control" })).toMatchObject([{ status: "completed" }]);
    gate.open();
    await serving;
    expect(await relying).toMatchObject({ status: "denied", failure: { code: -32003 } });
    expect(await behind).toMatchObject({ output: "1" }); // bob's was never written
    expect(worker.sandbox.ran.filter((script) => script === "add")).toHaveLength(2);
  });

  it("[WK13] what it relied on and still has is no obstacle, however the policy changed around it", async () => {
    await setPolicy(EVERYTHING);
    const gate = makeGate();
    worker.hold = gate.opened;
    const relying = worker.submit(bobs("rely"));
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toContain("rely");
    await setPolicy({ grants: [{ to: bob.publicKey, allow: ["log"] }, ...EVERYTHING.grants] }, { lane: "control" });
    gate.open();
    await serving;
    expect(await relying).toMatchObject({ output: "1" });
  });

  it("[WK14] of two that change the policy at once, the later runs again on what the first left", async () => {
    const gate = makeGate();
    worker.hold = gate.opened;
    const slow = worker.submit(worker.task("heldPolicy", { args: JSON.stringify(EVERYTHING) }));
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toContain("heldPolicy");
    await setPolicy(NOTHING, { lane: "control" });
    gate.open();
    await serving;
    expect(await slow).toMatchObject({ status: "completed" });
    expect(worker.sandbox.ran.filter((script) => script === "heldPolicy")).toHaveLength(2);
    expect(worker.sandbox.reauthorized).toEqual([alice.publicKey, alice.publicKey]);
  });

  it("[WK15] a change of policy is told to the sandbox before its play's outcome is known", async () => {
    await setPolicy(EVERYTHING);
    expect(worker.sandbox.reauthorized).toEqual([alice.publicKey]);
  });

  it("[WK16] plays are counted with the grant that they used, those that used none with all, and more are refused for now", async () => {
    const limits = { plays_per_minute: 2 };
    await setPolicy({ grants: [...EVERYTHING.grants, { to: "*", allow: ["log"], limits }] });
    expect(await worker.play(bobs("rely"), bobs("rely"), bobs("rely"))).toMatchObject([{}, {}, { output: "3" }]);
    const usedUp = { status: "error", failure: { code: -32007, data: { limit: "plays_per_minute", allowed: 2 } } };
    await setPolicy({ grants: [{ to: "*", allow: ["write:**"], limits }] });
    const looking = await worker.play(bobs("look"), bobs("look"), bobs("look"));
    expect(looking).toMatchObject([{}, { status: "completed" }, usedUp]);
    expect(worker.sandbox.ran.filter((script) => script === "look")).toHaveLength(2);
  });

  it("[WK16] of what a grant allows each caller has as much, and what is used up is refused for now", async () => {
    await worker.play(worker.task("add"));
    await setPolicy({ grants: [{ to: "*", allow: ["write:**"], limits: { plays_per_minute: 2 } }] });
    expect(await worker.play(bobs("rely"), bobs("rely"))).toMatchObject([{ output: "2" }, { output: "3" }]);
    expect(await worker.play(bobs("exhaust"))).toMatchObject([
      { status: "error", failure: { code: -32007, data: { limit: "plays_per_minute", allowed: 2 } } },
    ]);
    expect(await worker.play(worker.task("rely", { caller: mallory.publicKey }))).toMatchObject([{ output: "4" }]);
  });

  it("[WK16] a play that runs again, for another changed the same meanwhile, is counted once", async () => {
    const grants: PolicyDocument["grants"] = [
      { to: bob.publicKey, allow: ["policy"], limits: { plays_per_minute: 1 } },
      { to: mallory.publicKey, allow: ["log"] },
    ];
    await setPolicy({ grants });
    const gate = makeGate();
    worker.hold = gate.opened;
    const slow = worker.submit(bobs("heldPolicy", { args: JSON.stringify({ grants }) }));
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toContain("heldPolicy");
    await setPolicy({ grants: grants.slice(0, 1) }, { lane: "control" });
    gate.open();
    await serving;
    expect(await slow).toMatchObject({ status: "completed" });
    expect(worker.sandbox.ran.filter((script) => script === "heldPolicy")).toHaveLength(2);
    expect(await worker.play(bobs("exhaust"))).toMatchObject([{ failure: { code: -32007 } }]);
  });

  it("[WK16] a grant that came while a play ran is counted like the others, and asked whether it is used up", async () => {
    const added = { to: "*", allow: ["write:**"], limits: { plays_per_minute: 1 } } as const;
    await setPolicy(EVERYTHING);
    await worker.namespaces.with(alice.publicKey, async (namespace) => {
      const { authorities } = worker.parts;
      const play = bobs("look");
      const [first, second] = [authorities.open(namespace, play, []), authorities.open(namespace, play, [])];
      await setPolicy({ grants: [added] }, { lane: "control" });
      const again = () => {
        const text = authorities.again(namespace, { ...play, lane: undefined, authority: first.text });
        return (JSON.parse(text) as PlayAuthority).grants[0];
      };
      const grant = again();
      expect(grant).toMatchObject({ allow: ["write:**"] });
      expect(grant?.exhausted).toBeUndefined();
      for (const opened of [first, first, second]) opened.settle({ ...ended(), used: [grant?.id ?? ""] });
      expect(again()?.exhausted).toMatchObject({ allowed: 1 });
    });
  });

  it("[WK12] what was denied stands in the log as one record, told apart as far as there is room", async () => {
    await setPolicy(EVERYTHING);
    await worker.play(
      ...Array.from({ length: 50 }, () => bobs("deny")),
      worker.task("deny", { caller: mallory.publicKey }),
    );
    expect(await denialsIn()).toMatchObject([
      {
        denials: [
          { caller: bob.publicKey, capability: "read:secret", plays: 50 },
          { caller: mallory.publicKey, capability: "read:secret", plays: 1 },
        ],
      },
    ]);
    await setPolicy(NOTHING);
    const strangers = Array.from({ length: 40 }, (_, i) => `02${String(i).padStart(64, "0")}` as typeof bob.publicKey);
    await worker.play(...strangers.map((caller) => worker.task("add", { caller })));
    const [, last] = await denialsIn();
    expect(last?.denials).toHaveLength(32);
    expect(last?.others).toEqual({ plays: 8 });
  });

  it("[WK12] a circle that is not there keeps nothing of who was denied", async () => {
    await worker.play(bobs("add"), bobs("add"));
    expect(await denialsIn()).toEqual([]);
  });

  it("[WK14] the control lane is the owner's alone, whatever others may do", async () => {
    await setPolicy({ grants: [{ to: bob.publicKey, allow: ["policy", "inbox", "log"] }] });
    expect(await worker.play(bobs("look", { lane: "control" }))).toMatchObject([{ status: "denied" }]);
    expect(await worker.play(worker.task("look", { lane: "control" }))).toMatchObject([{ status: "completed" }]);
  });

  it("[NS7] once a library is published, no play that begins later runs with the one before", async () => {
    const gate = makeGate();
    worker.hold = gate.opened;
    const plays = ["held", "look", "look"].map((script) => worker.submit(worker.task(script)));
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran).toContain("held");
    const published = [{ path: "config/library.js", content: { text: "export const a = 1;" } }];
    const publish = worker.task("decide", { args: JSON.stringify(published), lane: "control" });
    expect(await worker.play(publish)).toMatchObject([{ status: "completed" }]);
    const before = worker.sandbox.pending.length;
    gate.open();
    await serving;
    expect(await Promise.all(plays)).toMatchObject([{ output: "1" }, { output: "1" }, { output: "1" }]);
    expect(worker.sandbox.pending.length).toBe(before + 1); // those behind had a snapshot of their own
  });

  it("[WK17] a play that would make the circle too large is an error, writes nothing, and those behind run on what there is", async () => {
    await worker.restart({ process: true, storageBytes: 10_000 });
    const outcomes = await worker.play(worker.task("add"), worker.task("bulk"), worker.task("add"));
    expect(outcomes).toMatchObject([
      { output: "1" },
      { status: "error", failure: { code: -32004, data: { limit: "circle_storage_bytes", allowed: 10_000 } } },
      { output: "2" },
    ]);
  });
});
