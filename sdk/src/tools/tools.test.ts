import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { result, scriptedRelay } from "../../test/scripted-relay.ts";
import type { Circle } from "../circle.ts";
import { generateKeypair } from "../keys/keypair.ts";
import { INBOX_TOPIC } from "../protocol/messages.ts";
import type { Grant, PolicyDocument } from "../protocol/policy.ts";

const grant: Grant = { to: "*", allow: ["call:sign_guestbook"], limits: { plays_per_minute: 30 } };
const id = "0".repeat(32);

describe("the owner's tools", () => {
  let circle: Circle | undefined;
  afterEach(() => circle?.close());

  /** Dials a relay that runs each play at once, with nothing in sight but its arguments and these. */
  async function dial(globals: object) {
    const relay = scriptedRelay();
    circle = await relay.dial(alice);
    relay.state.onRequest = ({ id, method, params }) => {
      if (method !== "play") return;
      const value: unknown = runInNewContext(String(params.script), { ...globals, args: params.args });
      relay.answer(id, result(JSON.stringify(value ?? null), params.task_id));
    };
    return { relay, circle };
  }

  const stored = (policy: PolicyDocument) => {
    const held = { policy };
    const tool = {
      get: () => structuredClone(held.policy),
      set: (next: PolicyDocument) => {
        held.policy = structuredClone(next);
      },
    };
    return { held, globals: { policy: tool } };
  };

  it("[S6] a policy is read and set in the control lane, signed like every play", async () => {
    const { held, globals } = stored({ grants: [] });
    const { relay, circle } = await dial(globals);
    const policy: PolicyDocument = { groups: { friends: [alice.publicKey] }, grants: [grant] };
    expect(await circle.policy.set(policy)).toBeNull();
    expect(held.policy).toEqual(policy);
    expect(await circle.policy.get()).toEqual(policy);
    for (const { params } of relay.plays()) {
      expect(params).toMatchObject({ lane: "control", envelope: { signature: expect.any(String) } });
    }
  });

  it("[D6] a device is revoked once, in one play, and the rest stays as it was", async () => {
    const before: PolicyDocument = { grants: [grant], unsigned: "refuse" };
    const { held, globals } = stored(before);
    const { relay, circle } = await dial(globals);
    const [device, other] = [alice.publicKey, bob.publicKey];
    expect(await circle.policy.revokeDevice(`0x${device.toUpperCase()}`)).toBe(true);
    expect(held.policy).toEqual({ ...before, revoked_devices: [device] });
    expect(await circle.policy.revokeDevice(device)).toBe(false);
    expect(await circle.policy.revokeDevice(other)).toBe(true);
    expect(held.policy.revoked_devices).toEqual([device, other]);
    expect(relay.plays()).toHaveLength(3);
    expect(() => circle.policy.revokeDevice("phone")).toThrow(TypeError);
  });

  it("[S6] a grant is added and taken away in one play each, and the rest stays as it was", async () => {
    const other: Grant = { to: alice.publicKey, allow: ["read:**"] };
    const before: PolicyDocument = { groups: { friends: [alice.publicKey] }, grants: [other] };
    const { held, globals } = stored(before);
    const { relay, circle } = await dial(globals);
    expect(await circle.policy.grant(grant)).toBe(true);
    expect(held.policy).toEqual({ ...before, grants: [other, grant] });
    expect(await circle.policy.grant(grant)).toBe(false);
    expect(held.policy).toEqual({ ...before, grants: [other, grant] });
    expect(await circle.policy.revoke(grant)).toBe(true);
    expect(held.policy).toEqual(before);
    expect(await circle.policy.revoke(grant)).toBe(false);
    expect(held.policy).toEqual(before);
    expect(relay.plays()).toHaveLength(4);
  });

  it("[S6] a group is made, changed and taken away in one play each, and the rest stays as it was", async () => {
    const before: PolicyDocument = { groups: { work: [alice.publicKey] }, grants: [grant] };
    const { held, globals } = stored(before);
    const { circle } = await dial(globals);
    const { publicKey } = generateKeypair();
    expect(await circle.policy.setGroup("friends", [`0x${publicKey.toUpperCase()}`])).toBeNull();
    expect(held.policy).toEqual({ ...before, groups: { work: [alice.publicKey], friends: [publicKey] } });
    await circle.policy.setGroup("work", []);
    await circle.policy.setGroup("friends", undefined);
    expect(held.policy).toEqual({ ...before, groups: { work: [] } });
    expect(() => circle.policy.setGroup("friends", ["Bob"])).toThrow(TypeError);
  });

  it("[S6] a grant is put in another's place in one play, if that is there", async () => {
    const [first, last]: Grant[] = [
      { to: alice.publicKey, allow: ["read:**"] },
      { to: "*", allow: ["log"] },
    ];
    if (!first || !last) throw new Error("test: expected two grants");
    const { held, globals } = stored({ grants: [first, grant, last] });
    const { relay, circle } = await dial(globals);
    const narrower: Grant = { ...grant, limits: { plays_per_minute: 1 } };
    const { to, allow, ...others } = grant;
    expect(await circle.policy.replace({ ...others, allow, to }, narrower)).toBe(true);
    expect(held.policy).toEqual({ grants: [first, narrower, last] });
    expect(await circle.policy.replace(grant, last)).toBe(false);
    expect(held.policy).toEqual({ grants: [first, narrower, last] });
    expect(relay.plays()).toHaveLength(2);
  });

  it("[S6] a grant is the same in whatever order its members stand, and its texts in the same order only", async () => {
    const { limits, allow, to } = grant as Required<Pick<Grant, "limits" | "allow" | "to">>;
    const { held, globals } = stored({ grants: [{ limits, allow: [...allow, "read:a"], to }] });
    const { circle } = await dial(globals);
    expect(await circle.policy.revoke({ to, allow: ["read:a", ...allow], limits })).toBe(false);
    expect(await circle.policy.revoke({ to, allow: [...allow, "read:a"], limits })).toBe(true);
    expect(held.policy.grants).toEqual([]);
  });

  it("[S6] library, inbox and log are asked in the control lane with what was given", async () => {
    const asked: unknown[] = [];
    const tool = (...names: string[]) =>
      Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => void asked.push([name, ...args])]));
    const { relay, circle } = await dial({
      library: tool("get", "set"),
      inbox: tool("list", "allow", "deny"),
      log: tool("read"),
    });
    expect(await circle.library.get()).toBeNull();
    await circle.library.set("export const one = () => 1;");
    await circle.inbox.list();
    await circle.inbox.list({ after: id, limit: 2 });
    await circle.inbox.allow(id);
    await circle.inbox.allow(id, { always: true });
    await circle.inbox.deny(id);
    await circle.inbox.deny(id, "not today");
    await circle.log.read({ after: 3, limit: 5, caller: alice.publicKey });
    expect(JSON.parse(JSON.stringify(asked))).toEqual([
      ["get"],
      ["set", "export const one = () => 1;"],
      ["list", {}],
      ["list", { after: id, limit: 2 }],
      ["allow", id, { always: false }],
      ["allow", id, { always: true }],
      ["deny", id, null],
      ["deny", id, "not today"],
      ["read", { after: 3, limit: 5, caller: alice.publicKey }],
    ]);
    expect(new Set(relay.plays().map(({ params }) => params.lane))).toEqual(new Set(["control"]));
  });

  it("[S6] all records of the log come page by page", async () => {
    const seqs = [1, 2, 3, 5, 8];
    const read = ({ after = 0 }: { after?: number }) => {
      const left = seqs.filter((seq) => seq > after);
      const records = left.slice(0, 2).map((seq) => ({ seq }));
      return left.length > 2 ? { records, next: records[1]?.seq } : { records };
    };
    const { relay, circle } = await dial({ log: { read } });
    const records: number[] = [];
    for await (const { seq } of circle.log.records({ caller: alice.publicKey })) records.push(seq);
    expect(records).toEqual(seqs);
    expect(relay.plays().map(({ params }) => params.args)).toEqual([
      { caller: alice.publicKey },
      { caller: alice.publicKey, after: 2 },
      { caller: alice.publicKey, after: 5 },
    ]);
  });

  it("[S6] the circle's own functions are called by name, in the ordinary lane", async () => {
    const api = { sign: (name: string, more: { age: number }) => `${name}, ${more.age}`, now: () => undefined };
    const { relay, circle } = await dial({ circle: api });
    expect(await circle.call<string>("sign", "Älice", { age: 7 })).toBe("Älice, 7");
    expect(await circle.call("now")).toBeNull();
    for (const { params } of relay.plays()) expect(params).not.toHaveProperty("lane");
  });

  it("[M12] the inbox is watched by a subscription to its topic", async () => {
    const { relay, circle } = await dial({ inbox: { list: () => [] } });
    const watch = circle.inbox.watch();
    const { id: request, params } = await relay.request("subscribe");
    expect(params).toEqual({ topic: INBOX_TOPIC });
    relay.answer(request, { subscribed: true });
    const notice = { id, caller: alice.publicKey, capability: "write:a", expires_at: 1 };
    relay.notify({ topic: INBOX_TOPIC, data: notice }, "event");
    for await (const came of watch) {
      expect(came).toEqual(notice);
      break;
    }
    await relay.request("unsubscribe");
    const other = circle.inbox.watch().next();
    await relay.request("subscribe", 2);
    relay.cut();
    await relay.request("subscribe", 3);
    circle.close();
    await expect(other).rejects.toMatchObject({ name: "ConnectionError" });
    await vi.waitUntil(() => relay.closed.mock.calls.length > 0);
  });

  it("[S7] plays that began to wait while the connection was lost are told of when it is there again", async () => {
    const entry = (n: number, state = "waiting") => ({
      id: String(n).repeat(32),
      caller: alice.publicKey,
      capability: "write:a",
      expires_at: n,
      state,
      script: "",
    });
    const noticeOf = ({ id, caller, capability, expires_at }: ReturnType<typeof entry>) => ({
      id,
      caller,
      capability,
      expires_at,
    });
    const waiting = [entry(1), entry(2), entry(3, "allowed"), entry(4)];
    const list = ({ after = "" }: { after?: string }) => waiting.filter(({ id }) => id > after).slice(0, 2);
    const { relay, circle } = await dial({ inbox: { list } });
    const watch = circle.inbox.watch();
    await relay.request("subscribe");
    relay.notify({ topic: INBOX_TOPIC, data: noticeOf(entry(2)) }, "event");
    expect(await watch.next()).toMatchObject({ value: { expires_at: 2 } });
    relay.cut();
    expect(await watch.next()).toEqual({ done: false, value: noticeOf(entry(1)) });
    expect(await watch.next()).toEqual({ done: false, value: noticeOf(entry(4)) });
    relay.notify({ topic: INBOX_TOPIC, data: noticeOf(entry(4)) }, "event");
    relay.notify({ topic: INBOX_TOPIC, data: noticeOf(entry(5)) }, "event");
    expect(await watch.next()).toMatchObject({ value: { expires_at: 5 } });
  });
});
