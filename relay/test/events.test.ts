import type { Circle, CircleEvent } from "@circles/sdk";
import { describe, expect, it } from "vitest";
import { alice, bob, mallory } from "./people.ts";
import { setRelayOnALine } from "./relay-on-a-line.ts";
import { Wire } from "./wire.ts";

/** So many events, one after the other. */
async function take<Data>(events: AsyncIterable<CircleEvent<Data>>, count: number): Promise<CircleEvent<Data>[]> {
  const taken: CircleEvent<Data>[] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}
const dataOf = (events: readonly CircleEvent[]) => events.map(({ data }) => data);
const TELL = "emit(args.topic, args.data)";
/** When a play that was sent after it is answered, the relay has read a subscription: from then on whatever anybody plays is heard. */
const isHearing = (circle: Circle) => circle.play("null");

describe("events", () => {
  const relay = setRelayOnALine();
  const { dial } = relay;
  const tell = (circle: Circle, data: unknown, topic = "chat") => circle.play(TELL, { topic, data });

  it("[EV5] reach those who may hear them, on every connection, and nobody else", async () => {
    const [alices, bobs, others] = [await dial(alice), await dial(bob), await dial(mallory)];
    await alices.policy.set({ grants: [{ to: bob.publicKey, allow: ["subscribe:chat", "emit:chat"] }] });
    const [first, second] = [alices.subscribe<number>("chat"), bobs.subscribe<number>("chat")];
    for (const circle of [alices, bobs]) await isHearing(circle);
    await tell(bobs, 1);
    await tell(alices, 2, "secret");
    await alices.play("emit('chat', 2); emit('chat', { n: 3 })");
    expect(await take(first, 3)).toMatchObject([
      { topic: "chat", data: 1, id: expect.any(Number) },
      { data: 2 },
      { data: { n: 3 } },
    ]);
    expect(dataOf(await take(second, 3))).toEqual([1, 2, { n: 3 }]);
    await expect(others.subscribe("chat").next()).rejects.toMatchObject({ code: -32003, data: { capability: "*" } });
    await expect(bobs.subscribe("secret").next()).rejects.toMatchObject({
      code: -32003,
      data: { capability: "subscribe:secret" },
    });
    await expect(tell(bobs, 1, "secret").played).rejects.toMatchObject({ data: { capability: "emit:secret" } });
  });

  it("[EV5] of plays that fail reach nobody", async () => {
    const circle = await dial(alice);
    const events = circle.subscribe<string>("chat");
    for (const end of ["throw new Error()", "data.get('..')", "for (;;);", "data.set('n', 1); data.set('N', 1)"]) {
      await expect(circle.play(`emit("chat", "no"); ${end}`).played).rejects.toThrow();
    }
    await circle.play("emit('chat', 'yes')");
    expect(dataOf(await take(events, 1))).toEqual(["yes"]);
  });

  it("[M14] are all there for who comes later and asks from a number, and for scripts", async () => {
    const circle = await dial(alice);
    for (let i = 0; i < 30; i++) await circle.play("for (let i = 0; i < 50; i++) emit('chat', args * 50 + i)", i);
    const all = await take(circle.subscribe<number>("chat", { after: 0 }), 1_500);
    expect(dataOf(all)).toEqual(Array.from({ length: 1_500 }, (_, i) => i));
    const { id = 0 } = all[1_233] ?? {};
    expect(dataOf(await take(circle.subscribe("chat", { after: id }), 2))).toEqual([1_234, 1_235]);
    const page = await circle.play(({ events, args }) => events.read("chat", { after: args, limit: 2 }), id);
    expect(page).toMatchObject({ after: id, events: [{ data: 1_234 }, { data: 1_235 }], more: true });
    const { records } = await circle.log.read({ limit: 1 });
    expect(records).toMatchObject([{ events: Array.from({ length: 50 }, () => "chat") }]);
  });

  it("[M15] stop when the right to them is taken away, and a connection can subscribe again when it is back", async () => {
    const [alices, bobs] = [await dial(alice), await dial(bob)];
    const grant = { to: bob.publicKey, allow: ["subscribe:chat"] };
    await alices.policy.set({ grants: [grant] });
    const events = bobs.subscribe<number>("chat");
    await isHearing(bobs);
    await tell(alices, 1);
    expect(await events.next()).toMatchObject({ value: { data: 1 } });
    await alices.policy.set({ grants: [grant, { to: "*", allow: ["call:x"] }] }); // another one, which leaves him that
    await tell(alices, 2);
    expect(await events.next()).toMatchObject({ value: { data: 2 } });
    await alices.policy.revoke(grant);
    await tell(alices, "secret");
    await expect(events.next()).rejects.toMatchObject({ code: -32003, data: { capability: "subscribe:chat" } });
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await alices.policy.grant(grant);
    const again = bobs.subscribe<number>("chat");
    await isHearing(bobs);
    await tell(alices, 3);
    expect(await again.next()).toMatchObject({ value: { data: 3 } });
  });

  it("[M16] are for the SDK's signed subscriptions, where a circle refuses what is not signed", async () => {
    const [alices, bobs] = [await dial(alice), await dial(bob)];
    await alices.policy.set({ grants: [{ to: "*", allow: ["subscribe:chat"] }], unsigned: "refuse" });
    const events = bobs.subscribe("chat");
    await isHearing(bobs);
    await tell(alices, 1);
    expect(dataOf(await take(events, 1))).toEqual([1]);
    const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`);
    await wire.login(bob);
    expect(await wire.call("subscribe", { topic: "chat" })).toMatchObject({
      error: { code: -32003, data: { capability: "signature" } },
    });
    wire.close();
  });

  it("[S11] reach a subscriber once and in order, though the connection is cut 100 times during 1,000 of them", async () => {
    const [speaker, listener] = [await dial(alice), await dial(alice)];
    const events = listener.subscribe<number>("chat");
    await isHearing(listener);
    const speaking = (async () => {
      for (let i = 0; i < 1_000; i += 5) {
        await speaker.play("for (let i = 0; i < 5; i++) emit('chat', args + i)", i, { timeoutMs: 120_000 });
      }
    })();
    const heard: number[] = [];
    let cuts = 0;
    for await (const { data } of events) {
      if (heard.push(data) % 10 === 5) {
        relay.cut();
        cuts += 1;
      }
      if (heard.length === 1_000) break;
    }
    await speaking;
    expect(cuts).toBe(100);
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, i) => i));
  });

  it("[GW18] a connection has at most 100 subscriptions", async () => {
    const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`);
    await wire.login(alice);
    for (let i = 0; i < 100; i++) await wire.call("subscribe", { topic: `t${i}` });
    expect(await wire.call("subscribe", { topic: "one more" })).toMatchObject({
      error: { code: -32004, data: { limit: "subscriptions", used: 100, allowed: 100 } },
    });
    expect(await wire.call("subscribe", { topic: "t1" })).toMatchObject({ result: { subscribed: true, head: 0 } });
    expect(await wire.call("unsubscribe", { topic: "t1" })).toMatchObject({ result: { subscribed: false } });
    expect(await wire.call("subscribe", { topic: "one more" })).toMatchObject({ result: { subscribed: true } });
    wire.close();
  });

  it("[M9] on the wire are told with their numbers, until the connection unsubscribes or logs in as somebody else", async () => {
    const circle = await dial(alice);
    const wire = await Wire.dial(`${relay.url}/${alice.publicKey}`);
    await wire.login(alice);
    expect(await wire.call("subscribe", { topic: "chat" })).toMatchObject({ result: { subscribed: true, head: 0 } });
    await tell(circle, 1);
    expect(await wire.next()).toEqual({
      jsonrpc: "2.0",
      method: "event",
      params: { topic: "chat", data: 1, id: 1, after: 0 },
    });
    for (const after of [-1, 0.5, "1", null]) {
      expect(await wire.call("subscribe", { topic: "chat", after })).toMatchObject({
        error: { code: -32602, data: { param: "after" } },
      });
    }
    await wire.call("unsubscribe", { topic: "chat" });
    await tell(circle, 2);
    expect(await wire.call("rpc.discover")).toMatchObject({ result: { openrpc: "1.3.2" } });
    wire.send(JSON.stringify({ jsonrpc: "2.0", id: 77, method: "subscribe", params: { topic: "chat", after: 1 } }));
    const told = [await wire.next(), await wire.next()];
    expect(told).toContainEqual(expect.objectContaining({ params: { topic: "chat", data: 2, id: 1_001, after: 1 } }));
    expect(told).toContainEqual(expect.objectContaining({ id: 77, result: { subscribed: true, head: 2_000 } }));
    await wire.login(bob);
    await tell(circle, 3);
    expect(await wire.call("rpc.discover")).toMatchObject({ result: { openrpc: "1.3.2" } });
    wire.close();
  });
});
