import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Request, result, scriptedRelay } from "../../test/scripted-relay.ts";
import type { Circle } from "../circle.ts";
import { ConnectionError, DeadlineError } from "../errors.ts";

describe("a connection that is lost", () => {
  let circle: Circle;
  let relay: ReturnType<typeof scriptedRelay>;
  const heard: string[] = [];
  beforeEach(async () => {
    relay = scriptedRelay();
    circle = await relay.dial();
    heard.length = 0;
    circle.on("connecting", ({ reason }) => heard.push(`connecting: ${reason}`));
    circle.on("open", () => heard.push("open"));
    circle.on("closed", ({ reason }) => heard.push(`closed: ${reason}`));
  });
  afterEach(() => {
    vi.useRealTimers();
    circle.close();
    vi.unstubAllGlobals();
  });

  const sent = (count: number) => vi.waitUntil(() => relay.plays().length === count);

  it("[S10] is made anew, and what was not answered is sent again as it was, in its order", async () => {
    const plays = ["1", "2", "3"].map((script) => circle.play(script));
    await sent(3);
    const [first, ...others] = relay.plays() as [Request, ...Request[]];
    relay.answer(first.id, result("1", first.params.task_id));
    expect(await plays[0]).toBe(1);
    relay.cut();
    await sent(5);
    expect(relay.plays().slice(3)).toEqual(
      others.map(({ method, params }) => expect.objectContaining({ method, params })),
    );
    const later = circle.play("4");
    await sent(6);
    for (const { id, params } of relay.plays().slice(3))
      relay.answer(id, result(String(params.script), params.task_id));
    expect(await Promise.all([plays[1], plays[2], later])).toEqual([2, 3, 4]);
    expect(heard).toEqual(["connecting: closed", "open"]);
  });

  it("[S10] keeps what is asked meanwhile, until it is there again", async () => {
    relay.state.isReachable = false;
    relay.cut();
    await vi.waitUntil(() => circle.status === "connecting");
    const play = circle.play("1");
    await vi.waitUntil(() => relay.state.dialled > 3);
    expect(relay.plays()).toEqual([]);
    relay.state.isReachable = true;
    const { id } = await relay.request("play");
    expect(circle.status).toBe("open");
    relay.answer(id, result("1", play.id));
    expect(await play).toBe(1);
  });

  it("[S10] goes on with a play that said something behind what was heard, each output once", async () => {
    const play = circle.play("script");
    await sent(1);
    const say = (...numbers: number[]) => {
      for (const seq of numbers) relay.notify({ task_id: play.id, seq, kind: "print", data: String(seq) });
    };
    say(1, 2);
    const outputs = play[Symbol.asyncIterator]();
    for (const data of ["1", "2"]) expect(await outputs.next()).toMatchObject({ value: { data } });
    relay.cut();
    const attach = await relay.request("attach");
    expect(attach.params).toEqual({ task_id: play.id, after: 2 });
    say(2, 3);
    relay.answer(attach.id, result("5", play.id));
    expect(await play).toBe(5);
    expect(await outputs.next()).toMatchObject({ value: { data: "3" } });
    expect(await outputs.next()).toMatchObject({ done: true });
    expect(relay.plays()).toHaveLength(1);
  });

  it("[S10] sends a play again to a relay that has forgotten it, and a cancel of it too", async () => {
    const play = circle.play("script");
    await sent(1);
    relay.notify({ task_id: play.id, seq: 1, kind: "print", data: "1" });
    await play[Symbol.asyncIterator]().next();
    relay.cut();
    const attach = await relay.request("attach");
    const unknown = { code: -32602, message: "unknown", data: { param: "task_id" } };
    relay.fail(attach.id, unknown);
    await sent(2);
    expect(relay.plays()[1]?.params).toEqual(relay.plays()[0]?.params);
    relay.answer(relay.plays()[1]?.id ?? 0, result("1", play.id));
    expect(await play).toBe(1);
  });

  it("[S10] sends a play that came too late for a relay that closes to the next one", async () => {
    const play = circle.play("1");
    const { id } = await relay.request("play");
    relay.fail(id, { code: -32007, message: "closing", data: { limit: "closing", allowed: 0, retry_after_ms: 1 } });
    relay.cut();
    const again = await relay.request("play", 2);
    relay.answer(again.id, result("1", play.id));
    expect(await play).toBe(1);
  });

  it("[S10] lets nobody wait longer than his deadline", async () => {
    relay.state.isReachable = false;
    relay.cut();
    await expect(circle.play("1", null, { timeoutMs: 1 }).played).rejects.toThrow(DeadlineError);
  });

  it("[S10] is closed for good when the relay refuses the login", async () => {
    const play = circle.play("1");
    await sent(1);
    relay.state.refuse = true;
    relay.cut();
    await expect(play.played).rejects.toThrow(ConnectionError);
    expect(await circle.closed).toBe("no");
    expect(heard).toEqual(["connecting: closed", "closed: no"]);
    await expect(circle.play("1").played).rejects.toThrow(ConnectionError);
    await expect(circle.play("1").played).rejects.toMatchObject({ cause: { code: -32002 } });
  });

  it("[S10] stays closed once it was closed, also while it was being made", async () => {
    relay.cut();
    await vi.waitUntil(() => circle.status === "connecting");
    circle.close();
    const { dialled } = relay.state;
    vi.useFakeTimers();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(relay.state.dialled).toBe(dialled);
    expect(circle.status).toBe("closed");
  });

  it("[S10] is tried again after pauses that grow up to ten seconds", async () => {
    vi.useFakeTimers();
    relay.state.isReachable = false;
    relay.cut();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(relay.state.dialled).toBeGreaterThan(4);
    await vi.advanceTimersByTimeAsync(60_000);
    const { dialled } = relay.state;
    await vi.advanceTimersByTimeAsync(100_000);
    expect(relay.state.dialled - dialled).toBeGreaterThanOrEqual(9);
    expect(relay.state.dialled - dialled).toBeLessThanOrEqual(21);
  });

  it("[S10] is tried at once when the machine is online again, and soon again if that was too early", async () => {
    const page = new EventTarget();
    vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
    vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
    circle.close();
    circle = await relay.dial();
    vi.useFakeTimers();
    page.dispatchEvent(new Event("offline"));
    relay.state.isReachable = false;
    await vi.advanceTimersByTimeAsync(120_000);
    const { dialled } = relay.state;
    page.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(relay.state.dialled).toBe(dialled + 1);
    relay.state.isReachable = true;
    await vi.advanceTimersByTimeAsync(200);
    expect(relay.state.dialled).toBe(dialled + 2);
    vi.useRealTimers(); // curves take their own time
    await vi.waitUntil(() => circle.status === "open");
  });

  it.each(["soon", 0, -1, Number.MAX_VALUE])(
    "[S10] keeps its pauses where a login is put off for %s",
    async (retry_after_ms) => {
      vi.useFakeTimers();
      relay.state.onRequest = ({ id, method }) => {
        if (method === "fetch_nonce") relay.fail(id, { code: -32007, message: "busy", data: { retry_after_ms } });
      };
      relay.cut();
      await vi.advanceTimersByTimeAsync(60_000);
      const { dialled } = relay.state;
      await vi.advanceTimersByTimeAsync(100_000);
      expect(relay.state.dialled - dialled).toBeGreaterThanOrEqual(9);
      expect(relay.state.dialled - dialled).toBeLessThanOrEqual(21);
    },
  );

  it("[S10] is noticed, if nobody tells, by a relay that says nothing at all", async () => {
    vi.useFakeTimers();
    const play = circle.play("1", null, { timeoutMs: 10_000 });
    const late = expect(play.played).rejects.toThrow(DeadlineError);
    await relay.request("play"); // signing takes no time of these timers
    await vi.advanceTimersByTimeAsync(13_000);
    await late;
    await vi.waitUntil(() => heard.length === 2);
    expect(heard).toEqual(["connecting: the relay did not answer", "open"]);
  });
});
