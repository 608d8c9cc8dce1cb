import { createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { alice, bob } from "../test/people.ts";
import { now, type Request, result, scriptedRelay } from "../test/scripted-relay.ts";
import { type Circle, connect } from "./circle.ts";
import { ConnectionError, DeadlineError, PlayError } from "./errors.ts";
import { delegate } from "./keys/delegation.ts";
import { deviceSigner } from "./keys/device-signer.ts";
import { generateKeypair } from "./keys/keypair.ts";
import { NonceRefused } from "./keys/login.ts";
import type { Signer } from "./keys/signer.ts";
import { WireError } from "./protocol/errors.ts";
import type { TaskId } from "./protocol/ids.ts";

describe("connect", () => {
  it.each(["http://localhost:8090/02", "ws://localhost:8090", "ws://localhost:8090/nobody", "localhost"])(
    "[S1] %s is no circle's address",
    async (url) => {
      await expect(connect(url, { signer: alice })).rejects.toThrow(TypeError);
    },
  );

  it("[S1] a relay that cannot be reached, or does not answer, is a ConnectionError within the time", async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const dial = () => connect(`ws://127.0.0.1:${port}/${bob.publicKey}`, { signer: alice, timeoutMs: 100 });
    await expect(dial()).rejects.toThrow(ConnectionError);
    await new Promise((resolve) => silent.close(resolve));
    await expect(dial()).rejects.toThrow(ConnectionError);
  });

  it.each([
    ["another circle", { circle: alice.publicKey }],
    ["another host", { host: "other.example" }],
    ["a lifetime that began long ago", { expiresAt: now() - 600 }],
    ["a lifetime that ends far ahead", { expiresAt: now() + 600 }],
  ])("[N4] a nonce for %s is not signed, and the connection is closed", async (_, nonce) => {
    const relay = scriptedRelay({ nonce });
    const signLogin = vi.fn();
    const signer = { publicKey: alice.publicKey, signLogin } as unknown as Signer;
    await expect(relay.dial(signer)).rejects.toThrow(NonceRefused);
    expect(signLogin).not.toHaveBeenCalled();
    await vi.waitUntil(() => relay.closed.mock.calls.length > 0);
  });

  it("[D2] a device logs in with its own key and its root's delegation, and its plays carry it", async () => {
    const phone = generateKeypair();
    const delegation = await delegate(alice, { device: phone.publicKey, circles: [bob.publicKey], lifetimeS: 60 });
    const relay = scriptedRelay();
    const circle = await relay.dial(deviceSigner(phone, delegation));
    const pubkey = phone.publicKey;
    expect((await relay.request("fetch_nonce")).params).toEqual({ pubkey });
    expect((await relay.request("authenticate")).params).toMatchObject({ pubkey, delegation });
    expect(circle.caller).toBe(alice.publicKey);
    circle.play("1").played.catch(() => {});
    expect((await relay.request("play")).params).toMatchObject({ envelope: { delegation } });
    circle.close();
  });

  it("[S13] a delegation that does not count there is said before anything is signed, and the connection is closed", async () => {
    const phone = generateKeypair();
    const delegation = await delegate(alice, {
      device: phone.publicKey,
      circles: [bob.publicKey],
      expiresAt: now() - 90,
    });
    const relay = scriptedRelay();
    const dialled = relay.dial(deviceSigner(phone, delegation));
    await expect(dialled).rejects.toMatchObject({ name: "DelegationRefused", reason: "expired" });
    expect(relay.requests.map(({ method }) => method)).toEqual(["fetch_nonce"]);
    await vi.waitUntil(() => relay.closed.mock.calls.length > 0);
  });

  it("[S1] a login that is refused is a WireError, and the connection is closed", async () => {
    const relay = scriptedRelay({ refuse: true });
    await expect(relay.dial()).rejects.toThrow(WireError);
    await vi.waitUntil(() => relay.closed.mock.calls.length > 0);
  });
});

describe("a circle", () => {
  let circle: Circle | undefined;
  afterEach(() => circle?.close());

  it("[S3] a play gives its value; its outputs come in order, each once, also to who asks late", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    const play = circle.play("script");
    await vi.waitUntil(() => relay.plays().length === 1);
    const { id, params } = relay.plays()[0] as Request;
    for (const seq of [1, 2, 2, 1, 3]) relay.notify({ task_id: play.id, seq, kind: "print", data: String(seq) });
    relay.notify({ task_id: "another task of nobody" as TaskId, seq: 9, kind: "print", data: "9" });
    relay.answer(id, result("[1]", params.task_id));
    expect(await play).toEqual([1]);
    for (let round = 0; round < 2; round++) {
      const outputs: unknown[] = [];
      for await (const { data } of play) outputs.push(data);
      expect(outputs).toEqual(["1", "2", "3"]);
    }
    expect((await play.played).log).toEqual({ seq: 1, hash: "00" });
  });

  it("[M17] a play says its timing; one that is none harms nobody", async () => {
    const relay = scriptedRelay();
    const dialled = await relay.dial();
    circle = dialled;
    const timings = [{ relay_ms: 3, run_ms: 2, commit_ms: 0.5 }, { relay_ms: "3" }, null, undefined];
    const plays = timings.map(() => dialled.play("1").played);
    await vi.waitUntil(() => relay.plays().length === timings.length);
    for (const [i, { id, params }] of relay.plays().entries()) {
      relay.answer(id, { ...result("1", params.task_id), timing: timings[i] });
    }
    const played = await Promise.all(plays);
    expect(played.map(({ value }) => value)).toEqual([1, 1, 1, 1]);
    expect(played.map((one) => one.timing)).toEqual([timings[0], undefined, undefined, undefined]);
    expect(played[1]).not.toHaveProperty("timing");
  });

  it("[S5] plays are sent in the order of the calls, however long each takes to be signed", async () => {
    const relay = scriptedRelay();
    let signing = 0;
    const signer: Signer = {
      publicKey: alice.publicKey,
      signLogin: (nonce, dialled) => alice.signLogin(nonce, dialled),
      signDelegation: (fields) => alice.signDelegation(fields),
      async signPlay(fields) {
        signing += 1;
        if (signing === 1) await new Promise((resolve) => setTimeout(resolve, 50));
        return alice.signPlay(fields);
      },
    };
    circle = await relay.dial(signer);
    for (const script of ["1", "2", "3"]) circle.play(script).then(undefined, () => {});
    await vi.waitUntil(() => relay.plays().length === 3);
    expect(relay.plays().map(({ params }) => params.script)).toEqual(["1", "2", "3"]);
  });

  it("[S4] a signer that never answers holds up its play until its deadline, and those after it no longer", async () => {
    const relay = scriptedRelay();
    const taskId = "the-one-that-is-stuck";
    circle = await relay.dial({
      publicKey: alice.publicKey,
      signLogin: (nonce, dialled) => alice.signLogin(nonce, dialled),
      signDelegation: (fields) => alice.signDelegation(fields),
      signPlay: (fields) => (fields.taskId === taskId ? new Promise(() => {}) : alice.signPlay(fields)),
    });
    const stuck = circle.play("stuck", null, { taskId, timeoutMs: 50 });
    circle.play("next").then(undefined, () => {});
    await expect(stuck.played).rejects.toThrow(DeadlineError);
    await vi.waitUntil(() => relay.plays().length === 1);
    expect(relay.plays().map(({ params }) => params.script)).toEqual(["next"]);
  });

  it("[S4] a signer that never signs the login ends the wait for it", async () => {
    const { publicKey } = alice;
    const never = () => new Promise<never>(() => {});
    const signer: Signer = { publicKey, signLogin: never, signPlay: never, signDelegation: never };
    await expect(scriptedRelay().dial(signer)).rejects.toThrow(DeadlineError);
  });

  it("[S4] one that never signs a subscription holds up no play for ever", async () => {
    const relay = scriptedRelay();
    let signing = 0;
    circle = await relay.dial({
      publicKey: alice.publicKey,
      signLogin: (nonce, dialled) => alice.signLogin(nonce, dialled),
      signDelegation: (fields) => alice.signDelegation(fields),
      signPlay: (fields) => {
        signing += 1;
        return fields.timeoutMs === undefined ? new Promise(() => {}) : alice.signPlay(fields); // no play's
      },
    });
    vi.useFakeTimers();
    try {
      circle.subscribe("chat");
      circle.play("next").then(undefined, () => {});
      await vi.waitUntil(() => signing === 2);
      await vi.advanceTimersByTimeAsync(31_000);
    } finally {
      vi.useRealTimers();
    }
    await vi.waitUntil(() => relay.plays().length === 1);
  });

  it("[S4] when the circle is closed, plays reject and iterations end; a play nobody awaits harms nobody", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    circle.play("nobody awaits this");
    const play = circle.play("script");
    const outputs = (async () => {
      for await (const _ of play);
      return "ended";
    })();
    await vi.waitUntil(() => relay.plays().length === 2);
    circle.close();
    await expect(play.played).rejects.toThrow(ConnectionError);
    expect(await outputs).toBe("ended");
    expect(await circle.closed).toBe("closed from this side");
    expect(circle.status).toBe("closed");
    await expect(circle.play("1").played).rejects.toThrow(ConnectionError);
  });

  it("[S8] aborting a signal cancels its play; one that ended before has its outcome", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    const why = new Error("enough");
    await expect(circle.play("1", null, { signal: AbortSignal.abort(why) }).played).rejects.toBe(why);
    expect(relay.plays()).toEqual([]);
    for (const [n, end] of ["cancelled", "in time"].entries()) {
      const stop = new AbortController();
      const play = circle.play(end, null, { signal: stop.signal });
      const { id } = await relay.request("play", n + 1);
      stop.abort(why);
      const cancel = await relay.request("cancel", n + 1);
      expect(cancel.params).toEqual({ task_id: play.id });
      if (end === "cancelled") relay.fail(id, { code: -32006, message: "cancelled" });
      else relay.answer(id, result("7", play.id));
      relay.answer(cancel.id, { cancelled: end === "cancelled" });
      await (end === "cancelled" ? expect(play.played).rejects.toBe(why) : expect(play).resolves.toBe(7));
    }
  });

  it("[S9] what a script threw is a PlayError where a relay says no more of it", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    const play = circle.play(() => 1);
    const { id } = await relay.request("play");
    relay.fail(id, { code: -32000, message: "it threw" });
    await expect(play.played).rejects.toThrow(PlayError);
  });

  it("[S9] what a script threw is a PlayError with its place, and says of a function what did not travel", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    const outside = 1;
    const plays = [circle.play("outside"), circle.play(() => outside)];
    const data = { name: "ReferenceError", line: 2, column: 3, stack: "at outside" };
    for (const n of [1, 2]) {
      const { id } = await relay.request("play", n);
      relay.fail(id, { code: -32000, message: "'outside' is not defined", data });
    }
    const errors = await Promise.all(plays.map(({ played }) => played.catch((error: unknown) => error)));
    for (const error of errors) expect(error).toBeInstanceOf(PlayError);
    const place = { code: -32000, thrown: "ReferenceError", line: 2, column: 3, scriptStack: "at outside", data };
    expect(errors).toMatchObject([
      { ...place, message: "'outside' is not defined" },
      {
        ...place,
        message: expect.stringMatching(/'outside' is not defined: variables around a function do not travel/),
      },
    ]);
  });

  it("[T6] a play that waits for the owner says so, is not given up meanwhile, and can be cancelled", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    vi.useFakeTimers();
    try {
      const play = circle.play("script", null, { timeoutMs: 1_000 });
      const { id, params } = await relay.request("play");
      const data = { capability: "write:a", expires_at: now() + 3_600 };
      relay.notify({ task_id: play.id, seq: 1, kind: "waiting", data });
      expect(await play[Symbol.asyncIterator]().next()).toEqual({
        done: false,
        value: { seq: 1, kind: "waiting", data },
      });
      await vi.advanceTimersByTimeAsync(3_000_000);
      const cancelling = play.cancel();
      const cancel = await relay.request("cancel");
      expect(cancel.params).toEqual({ task_id: play.id });
      relay.answer(cancel.id, { cancelled: true });
      expect(await cancelling).toBe(true);
      relay.answer(id, result("1", params.task_id));
      expect(await play).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[T6] the time of a play begins anew when it goes on, and when the owner's is over", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    vi.useFakeTimers();
    try {
      const plays = [
        circle.play("1", null, { timeoutMs: 1_000 }),
        circle.play("2", null, { timeoutMs: 1_000 }),
      ] as const;
      await relay.request("play", 2);
      const data = { capability: "write:a", expires_at: now() + 3_600 };
      for (const { id } of plays) relay.notify({ task_id: id, seq: 1, kind: "waiting", data });
      relay.notify({ task_id: plays[0].id, seq: 2, kind: "print", data: "on" });
      const ended: number[] = [];
      for (const [i, { played }] of plays.entries()) played.catch(() => ended.push(i));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(ended).toEqual([0]);
      await vi.advanceTimersByTimeAsync(3_600_000);
      expect(ended).toEqual([0, 1]);
      await expect(plays[1].played).rejects.toThrow(DeadlineError);
    } finally {
      vi.useRealTimers();
    }
  });

  it("[T2] a play can be sent again under its task id, and attached to", async () => {
    const relay = scriptedRelay();
    circle = await relay.dial();
    const taskId = "the-same-task-id-again";
    const play = circle.play("1", null, { taskId });
    await vi.waitUntil(() => relay.plays().length === 1);
    expect(relay.plays()[0]?.params.task_id).toBe(taskId);
    const attached = circle.attach(taskId, { after: 2 });
    await vi.waitUntil(() => relay.requests.some(({ method }) => method === "attach"));
    const attach = relay.requests.at(-1) as Request;
    expect(attach.params).toEqual({ task_id: taskId, after: 2 });
    relay.notify({ task_id: taskId, seq: 3, kind: "print", data: "three" });
    for (const { id } of [relay.plays()[0] as Request, attach]) relay.answer(id, result("5", taskId));
    expect([await play, await attached]).toEqual([5, 5]);
    for (const one of [play, attached]) {
      const outputs: unknown[] = [];
      for await (const { data } of one) outputs.push(data);
      expect(outputs).toEqual(["three"]);
    }
  });

  it.each([
    ["args that are not JSON", () => ["1", 1n]],
    ["a task id without its form", () => ["1", null, { taskId: "short" }]],
  ])("[M2] %s are refused before anything is sent", async (_, args) => {
    const relay = scriptedRelay();
    const dialled = await relay.dial();
    circle = dialled;
    const given = args() as [string, unknown, { taskId: string }];
    expect(() => dialled.play(...given)).toThrow(TypeError);
    expect(relay.plays()).toEqual([]);
  });
});
