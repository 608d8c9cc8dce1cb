import { describe, expect, it, vi } from "vitest";
import { type CircleEvent, ConnectionError, ErrorCode } from "../src/index.ts";
import { type Place, peersUnderTest } from "./behaviour-contract-subject.ts";

const TALK = `
  const until = Date.now() + args.ms;
  data.set("runs", (data.get("runs") ?? 0) + 1);
  for (let i = 0; i < args.lines; i++) {
    for (const end = Date.now() + args.ms; Date.now() < end; );
    print(i);
  }
  args.lines`;

/** What the SDK does while connections are lost, and what it hears over those that there are. */
export function connectionsContract(place: () => Place): void {
  const peers = peersUnderTest(place);
  const { dial, both } = peers;

  describe("a connection that is cut", () => {
    it("[S10] heals: status and events tell, a play goes on and happens once, its outputs come once and in order", async () => {
      const circle = await dial(peers.bob);
      const heard: string[] = [];
      circle.on("connecting", () => heard.push(circle.status));
      circle.on("open", () => heard.push(circle.status));
      const play = circle.play<number>(TALK, { lines: 30, ms: 5 });
      const outputs: unknown[] = [];
      for await (const { data } of play) if (outputs.push(data) % 10 === 5) await place().cut();
      expect(await play).toBe(30);
      expect(outputs).toEqual(Array.from({ length: 30 }, (_, i) => String(i)));
      expect(await circle.play("data.get('runs')")).toBe(1);
      expect(heard.length).toBeGreaterThanOrEqual(2);
      expect(heard).toEqual(heard.map((_, i) => (i % 2 === 0 ? "connecting" : "open")));
    });

    it("[S10] takes plays meanwhile, which are sent in their order when it is there again", async () => {
      const circle = await dial(peers.bob);
      const lost = new Promise((resolve) => circle.on("connecting", resolve));
      await place().cut();
      await lost;
      expect(circle.status).toBe("connecting");
      const add = "const all = data.get('all') ?? []; data.set('all', [...all, args]); all.length";
      const plays = Array.from({ length: 20 }, (_, n) => circle.play(add, n));
      expect(await Promise.all(plays)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      expect(circle.status).toBe("open");
    });

    it("[S10] ends for good when it is closed, and so does what waited for it", async () => {
      const circle = await dial(peers.bob);
      const play = circle.play("print('busy'); for (;;);", null, { timeoutMs: 5_000 });
      for await (const _ of play) break;
      await place().cut();
      circle.close();
      await expect(play.played).rejects.toThrow(ConnectionError);
      await expect(circle.play("1").played).rejects.toThrow(ConnectionError);
    });
  });

  describe("a subscription", () => {
    it("[S11] gives what is played after it, once and in order, over connections that are cut", async () => {
      const [bobs, alices] = await both("subscribe:chat");
      const events = alices.subscribe<number>("chat");
      await alices.play("null"); // answered, it says that the relay has read what she asked before: bob's plays come another way
      await bobs.play("emit('chat', 0)");
      const telling = (async () => {
        for (let i = 1; i < 100; i++) await bobs.play("emit('chat', args); emit('other', -1)", i);
      })();
      const heard: number[] = [];
      for await (const { data } of events) {
        if (heard.push(data) % 20 === 5) await place().cut();
        if (heard.length === 100) break;
      }
      await telling;
      expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => i));
    });

    it("[S11] from a number gives what came after it", async () => {
      const circle = await dial(peers.bob);
      await circle.play("for (let i = 0; i < 5; i++) emit('chat', i)");
      const [, second] = await take(circle.subscribe<number>("chat", { after: 0 }), 2);
      const rest = await take(circle.subscribe<number>("chat", { after: second?.id ?? 0 }), 3);
      expect(rest.map(({ data }) => data)).toEqual([2, 3, 4]);
    });

    it("[S11] ends as its signal says, and throws to who may not hear", async () => {
      const [bobs, alices] = await both("subscribe:chat");
      const stop = new AbortController();
      const events = bobs.subscribe("chat", { signal: stop.signal });
      const why = new Error("enough");
      stop.abort(why);
      await expect(events.next()).rejects.toBe(why);
      await expect(alices.subscribe("secret").next()).rejects.toMatchObject({
        code: ErrorCode.Denied,
        data: { capability: "subscribe:secret" },
      });
    });

    it("[S7] to the inbox tells its owner of plays that wait, which go on when they are allowed", async () => {
      const [bobs, alices] = await both();
      await bobs.policy.set({ grants: [{ to: "*", allow: ["write:notes/*"], approval: "ask" }] });
      const notices = bobs.inbox.watch();
      const asking = alices.play(({ data }) => data.set("notes/hello", 1));
      expect(await notices.next()).toMatchObject({
        value: { caller: peers.alice.publicKey, capability: "write:notes/hello" },
      });
      const [asked] = await bobs.inbox.list();
      await bobs.inbox.allow(asked?.id ?? "");
      expect(await asking).toBeNull();
      expect(await bobs.play("data.get('notes/hello')")).toBe(1);
    });

    it("[S7] to the inbox tells its owner of each play that waits, once, though the connection is cut before each", async () => {
      const [bobs, alices] = await both();
      await bobs.policy.set({ grants: [{ to: "*", allow: ["write:notes/*"], approval: "ask" }] });
      const notices = bobs.inbox.watch();
      const asked = new Set<string>();
      for (let i = 0; i < 10; i++) {
        await vi.waitUntil(() => bobs.status === "open", { timeout: 10_000 });
        const lost = new Promise((resolve) => bobs.on("connecting", resolve));
        await place().cut();
        await lost;
        const asking = alices.play(({ data, args }) => data.set(`notes/${args}`, args), i);
        for await (const { kind, data } of asking) {
          if (kind === "waiting") asked.add(data.capability);
          break;
        }
      }
      const told: string[] = [];
      for await (const { capability } of notices) if (told.push(capability) === 10) break;
      expect(told.toSorted()).toEqual([...asked].toSorted());
      expect(asked.size).toBe(10);
    });
  });
}

/** So many events, one after the other. */
async function take<Data>(events: AsyncIterable<CircleEvent<Data>>, count: number): Promise<CircleEvent<Data>[]> {
  const taken: CircleEvent<Data>[] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}
