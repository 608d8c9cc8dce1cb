import { type PolicyDocument, type PublicKey, type Sha256, SUBSCRIBE_SCRIPT } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alice, bob, mallory } from "../../test/people.ts";
import { makeGate, WorkerUnderTest } from "../../test/worker-under-test.ts";
import type { Notice } from "../broker/broker.ts";
import { realDisk } from "../namespace/disk.ts";
import { type Heard, hashTask, type Outcome, type Task } from "../task.ts";

const CHAT: PolicyDocument = { grants: [{ to: bob.publicKey, allow: ["subscribe:chat", "write:**", "emit:**"] }] };

describe("events, by a worker,", () => {
  let worker: WorkerUnderTest;
  let notices: Notice[];
  let listening: AbortController;
  beforeEach(async () => {
    worker = await WorkerUnderTest.start({ open: false });
    notices = [];
    listening = new AbortController();
    worker.broker.listen(alice.publicKey, (notice) => notices.push(notice), listening.signal);
  });
  afterEach(() => worker.close());

  const setPolicy = async (policy: PolicyDocument, given: Partial<Task> = {}) => {
    await worker.play(worker.task("policy", { args: JSON.stringify(policy), ...given }));
  };
  const tell = (events: [string, unknown][], script = "tell") =>
    worker.task(script, { args: JSON.stringify(events), caller: alice.publicKey });
  /** What a gateway submits for one who subscribes. */
  const asking = (topic: unknown, caller: PublicKey, given: Partial<Task> = {}) =>
    worker.task(SUBSCRIBE_SCRIPT, { lane: "events", caller, args: JSON.stringify({ topic }), ...given });
  const ask = async (...tasks: Task[]): Promise<Outcome> => {
    const [outcome] = await worker.play(...tasks);
    if (!outcome) throw new Error("test: expected an outcome");
    return outcome;
  };
  const heard = async (task: Task): Promise<Heard> => {
    const outcome = await ask(task);
    if (outcome.status !== "answered") throw new Error(`test: expected an answer, got ${JSON.stringify(outcome)}`);
    return JSON.parse(outcome.output) as Heard;
  };
  const records = () =>
    worker.namespaces.with(alice.publicKey, async (namespace) => {
      await worker.parts.denials.flush(namespace);
      return (await namespace.readRecords({ after: 0, limit: 1_000 })).records;
    });
  const told = () => notices.filter(({ topic }) => !topic.startsWith("$"));
  const denied = (capability: string) => ({ failure: { code: -32003, data: { capability } } });

  it("[EV5] are told when their play is committed, in the order of the log and before its outcome", async () => {
    const plays = [
      tell([
        ["chat", 1],
        ["news", 2],
        ["chat", 3],
      ]),
      worker.task("add"),
      tell([["chat", { n: 4 }]]),
    ];
    const seen = plays.map((play) => worker.submit(play).then(() => told().length));
    await worker.serve();
    const [first = 0, , last = 0] = await Promise.all(seen);
    expect(first).toBeGreaterThanOrEqual(2);
    expect(last).toBe(3);
    expect(told()).toEqual([
      {
        topic: "chat",
        data: {
          after: 0,
          head: 1_000,
          events: [
            { id: 1, data: 1 },
            { id: 3, data: 3 },
          ],
        },
      },
      { topic: "news", data: { after: 0, head: 1_000, events: [{ id: 2, data: 2 }] } },
      { topic: "chat", data: { after: 1_000, head: 3_000, events: [{ id: 2_001, data: { n: 4 } }] } },
    ]);
    expect(await records()).toMatchObject([
      { events: [{ topic: "chat" }, {}, {}] },
      {},
      { events: [{ data: { n: 4 } }] },
    ]);
  });

  it("[EV5] of plays that did not commit are told to nobody, and stand nowhere", async () => {
    await setPolicy(CHAT);
    const before = (await records()).length;
    expect(await ask(tell([["chat", 1]], "tellAndClash"))).toMatchObject({ status: "error" });
    const gate = makeGate();
    worker.hold = gate.opened;
    const denial = worker.submit({ ...tell([["chat", 2]], "heldTell"), caller: bob.publicKey });
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran.includes("heldTell")).toBe(true);
    await setPolicy({ grants: [] }, { lane: "control" });
    gate.open();
    await serving;
    expect(await denial).toMatchObject(denied("*"));
    const cancelled = tell([["chat", 3]], "heldTell");
    const cancelling = worker.submit(cancelled);
    await worker.broker.cancel((await worker.broker.find(alice.publicKey, cancelled.id)) ?? ("" as never));
    await worker.serve();
    expect(await cancelling).toMatchObject({ status: "cancelled" });
    expect(told()).toEqual([]);
    expect((await records()).slice(before).some((record) => "events" in record)).toBe(false);
  });

  it("[EV5] of a play that runs again are told once", async () => {
    const library = { path: "config/library.js", content: { text: "" } };
    const gate = makeGate();
    worker.hold = gate.opened;
    const telling = worker.submit(tell([["chat", 1]], "heldTell"));
    const other = worker.submit(tell([["chat", 2]]));
    const serving = worker.serve();
    await expect.poll(() => worker.sandbox.ran.includes("heldTell")).toBe(true);
    await worker.play(worker.task("decide", { args: JSON.stringify([library]), lane: "control" }));
    gate.open();
    await serving;
    await Promise.all([telling, other]);
    expect(worker.sandbox.ran.filter((script) => script === "tell").length).toBeGreaterThan(0);
    expect(told().map(({ data }) => (data as Heard).events.map(({ data }) => data))).toEqual([[1], [2]]);
  });

  it("[EV6] are answered to who may subscribe, and leave no record", async () => {
    await setPolicy(CHAT);
    await worker.play(tell([["chat", 1]]), tell([["secret", 2]]));
    const before = await records();
    expect(await heard(asking("chat", bob.publicKey, { after: 0 }))).toEqual({
      after: 0,
      head: 3_000,
      events: [{ id: 1_001, data: 1 }],
    });
    expect(await heard(asking("chat", bob.publicKey))).toEqual({ after: 3_000, head: 3_000, events: [] });
    expect(await heard(asking("secret", alice.publicKey, { after: 0 }))).toMatchObject({ events: [{ data: 2 }] });
    expect(await records()).toEqual(before);
    const again = asking("chat", bob.publicKey);
    for (let i = 0; i < 2; i++) expect(await ask(again)).toMatchObject({ status: "answered" }); // its id is free
  });

  it("[EV6] that may not be heard are denied alike, whether there are any or not", async () => {
    await setPolicy(CHAT);
    await worker.play(tell([["secret", 1]]));
    for (const topic of ["secret", "nothing", "__proto__", "chat/a", "cha*", "chat\n"]) {
      expect(await ask(asking(topic, bob.publicKey))).toEqual({
        status: "denied",
        failure: {
          code: -32003,
          message: `denied by the circle's policy: missing subscribe:${topic}`,
          data: { capability: `subscribe:${topic}` },
        },
      });
    }
    expect(await ask(asking("chat", mallory.publicKey))).toMatchObject(denied("*"));
    const [denials] = (await records()).slice(-1);
    expect(denials).toMatchObject({
      denials: [{ caller: bob.publicKey, capability: "subscribe:secret", plays: 1 }, {}, {}, {}, {}, {}, {}],
    });
    const elsewhere = asking("chat", mallory.publicKey, { circle: mallory.publicKey });
    expect(await heard(elsewhere)).toEqual({ after: 0, head: 0, events: [] });
    expect(await ask({ ...elsewhere, caller: bob.publicKey })).toMatchObject(denied("*"));
  });

  it("[EV6] that an owner would be asked about are denied: nobody waits to subscribe", async () => {
    await setPolicy({ grants: [{ to: "*", allow: ["subscribe:**"], approval: "ask" }] });
    expect(await ask(asking("chat", bob.publicKey))).toMatchObject(denied("subscribe:chat"));
  });

  it("[EV6] are for scripts that a grant names, where it names any: that of subscriptions too", async () => {
    const grantTo = (script: string) => ({
      to: "*",
      allow: ["subscribe:**"],
      scripts: [`sha256:${hashTask({ script, args: "" }).script}` as const],
    });
    await setPolicy({ grants: [grantTo("1")] });
    expect(await ask(asking("chat", bob.publicKey))).toMatchObject(denied("*"));
    await setPolicy({ grants: [grantTo(SUBSCRIBE_SCRIPT)] });
    expect(await heard(asking("chat", bob.publicKey))).toMatchObject({ events: [] });
  });

  it("[EV10] of the log itself are its owner's, whatever a grant says, and leave no record", async () => {
    await setPolicy({ grants: [{ to: "*", allow: ["log", "subscribe:**"] }] });
    await worker.play(tell([["chat", 1]]));
    const before = await records();
    const { events } = await heard(asking("$log", alice.publicKey, { after: 0 }));
    expect(events.map(({ id, data }) => [id, JSON.parse((data as { line: string }).line)])).toMatchObject([
      [1_000, { seq: 1, writes: [{ path: "config/policy.json" }] }],
      [2_000, { seq: 2, events: [{ topic: "chat", data: 1 }] }],
    ]);
    expect(await records()).toEqual(before);
    expect(await ask(asking("$log", bob.publicKey, { after: 0 }))).toMatchObject(denied("log"));
    expect(await ask(asking("$policy", alice.publicKey))).toMatchObject({ failure: { code: -32602 } });
  });

  it("[EV11] of the log itself are told to who has read it to its end, and to nobody else", async () => {
    const grown = () => notices.filter(({ topic }) => topic === "$log").map(({ data }) => data);
    await worker.play(tell([["chat", 1]]));
    await heard(asking("$log", alice.publicKey, { after: 0 }));
    await worker.play(worker.task("add"), worker.task("add"), worker.task("add"));
    await expect.poll(grown).toHaveLength(1);
    await worker.play(worker.task("add"));
    const [last] = grown() as { head: number }[];
    await heard(asking("$log", alice.publicKey, { after: last?.head ?? 0, again: true }));
    await setPolicy(CHAT);
    await expect.poll(grown).toEqual([last, { head: 6_000 }]);
    expect(last?.head).toBeGreaterThanOrEqual(2_000);
  });

  it("[EV11] of a circle that is made while its owner listens are told", async () => {
    await heard(asking("$log", alice.publicKey));
    await worker.play(worker.task("add"));
    expect(notices).toContainEqual({ topic: "$opened", data: { head: 1_000 } });
  });

  it("[EV11] tell the owner who listens of denials within seconds", async () => {
    await setPolicy({ grants: [] });
    await heard(asking("$log", alice.publicKey, { after: 0 }));
    expect(await ask(asking("chat", bob.publicKey))).toMatchObject(denied("*"));
    await expect.poll(() => notices.some(({ topic }) => topic === "$log"), { timeout: 10_000 }).toBe(true);
    const { events } = await heard(asking("$log", alice.publicKey, { after: 1_000, again: true }));
    expect(events.map(({ data }) => JSON.parse((data as { line: string }).line))).toMatchObject([
      { denials: [{ caller: bob.publicKey, capability: "subscribe:chat", plays: 1 }] },
    ]);
  });

  it("[EV7] count as a play of the grant when a subscription begins, and not when it goes on", async () => {
    await setPolicy({ grants: [{ to: "*", allow: ["subscribe:chat"], limits: { plays_per_minute: 2 } }] });
    for (let i = 0; i < 2; i++) await heard(asking("chat", bob.publicKey));
    expect(await ask(asking("chat", bob.publicKey))).toMatchObject({
      failure: { code: -32007, data: { limit: "plays_per_minute", allowed: 2, retry_after_ms: expect.any(Number) } },
    });
    expect(await heard(asking("chat", bob.publicKey, { again: true }))).toMatchObject({ events: [] });
    expect(await heard(asking("chat", mallory.publicKey))).toMatchObject({ events: [] });
  });

  it("[EV7] say until when the grant that gives them holds", async () => {
    const expires = "2099-01-01T00:00:00Z";
    await setPolicy({ grants: [{ to: "*", allow: ["subscribe:chat"], expires }] });
    expect(await heard(asking("chat", bob.publicKey))).toMatchObject({ until: Date.parse(expires) });
    await setPolicy({ grants: [{ to: "*", allow: ["subscribe:chat"], expires: "2020-01-01T00:00:00Z" }] });
    expect(await ask(asking("chat", bob.publicKey))).toMatchObject(denied("*"));
  });

  const signed = async (
    task: Task,
    given: { script?: Sha256; args?: Sha256; issuedAt?: number } = {},
  ): Promise<Task> => {
    const { issuedAt = Math.floor(Date.now() / 1_000), ...hashes } = { ...task.hashes, ...given };
    const expiresAt = issuedAt + 3_600;
    const signature = await bob.signPlay({
      circle: task.circle,
      caller: bob.publicKey,
      taskId: task.id,
      ...hashes,
      issuedAt,
      expiresAt,
    });
    return {
      ...task,
      proof: { kind: "envelope", envelope: { issued_at: issuedAt, expires_at: expiresAt, signature } },
    };
  };

  it("[EV8] are for signed subscriptions only, where a circle refuses what is not signed", async () => {
    await setPolicy(CHAT);
    await setPolicy({ ...CHAT, unsigned: "refuse" });
    expect(await ask(asking("chat", bob.publicKey))).toMatchObject(denied("signature"));
    const task = await signed(asking("chat", bob.publicKey));
    const { until = 0 } = await heard(task);
    expect(until).toBeGreaterThan(Date.now() + 3_000_000);
    expect(until).toBeLessThan(Date.now() + 3_700_000);
    expect(await heard({ ...task, after: 0, again: true })).toMatchObject({ after: 0 }); // as often as it is asked
  });

  it("[EV8] of an envelope for something else, of somebody else, or that is over, are refused", async () => {
    await setPolicy(CHAT);
    const bad = { failure: { code: -32010 } };
    const other = hashTask({ script: SUBSCRIBE_SCRIPT, args: '{"topic":"other"}' });
    expect(await ask(await signed(asking("chat", bob.publicKey), other))).toMatchObject(bad);
    expect(
      await ask(await signed(asking("chat", bob.publicKey), { script: hashTask({ script: "1", args: "" }).script })),
    ).toMatchObject(bad);
    expect(await ask({ ...(await signed(asking("chat", bob.publicKey))), caller: alice.publicKey })).toMatchObject(bad);
    expect(await ask(asking("chat", bob.publicKey, { proof: { kind: "none" } }))).toMatchObject(bad);
    expect(await ask(await signed(asking("chat", bob.publicKey), { issuedAt: 1_700_000_000 }))).toMatchObject({
      failure: { code: -32008 },
    });
  });

  it.each<[string, Partial<Task>]>([
    ["a script", { script: "add", args: "null" }],
    ["a topic of the relay's own", { args: '{"topic":"$inbox"}' }],
    ["no topic", { args: "{}" }],
    ["nothing", { args: "null" }],
  ])("[EV6] in the lane of events %s is refused, and nothing runs", async (_, given) => {
    const texts = { script: SUBSCRIBE_SCRIPT, args: "null", ...given };
    const task = worker.task(texts.script, { ...texts, hashes: hashTask(texts), lane: "events" });
    expect(await ask(task)).toMatchObject({ failure: { code: -32602, data: { param: "topic" } } });
    expect(worker.sandbox.ran).toEqual([]);
    expect(await worker.recordOf(task)).toBeUndefined();
  });

  it("[EV9] a change of the policy is told, and that a circle is opened: somebody may not have come to tell of events", async () => {
    await setPolicy(CHAT);
    expect(notices).toEqual([
      { topic: "$opened", data: { head: 1_000 } },
      { topic: "$policy", data: null },
    ]);
    await worker.play(tell([["chat", 1]]));
    await worker.restart({ process: true });
    notices = [];
    worker.broker.listen(alice.publicKey, (notice) => notices.push(notice), listening.signal);
    await heard(asking("chat", bob.publicKey));
    await heard(asking("chat", bob.publicKey));
    expect(notices).toEqual([{ topic: "$opened", data: { head: 2_000 } }]);
  });

  it("[EV6] of a circle that cannot be read are an error, and answered when it can be again", async () => {
    await worker.play(tell([["chat", 1]]));
    worker.sync = () => Promise.reject(new Error("EIO"));
    await worker.play(worker.task("add"));
    expect(await ask(asking("chat", alice.publicKey, { after: 0 }))).toMatchObject({ failure: { code: -32603 } });
    worker.sync = realDisk.sync;
    expect(await heard(asking("chat", alice.publicKey, { after: 0 }))).toMatchObject({ events: [{ data: 1 }] });
  });
});
