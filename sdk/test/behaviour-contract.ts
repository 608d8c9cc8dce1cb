import { describe, expect, it, vi } from "vitest";
import {
  type Circle,
  ConnectionError,
  connect,
  DeadlineError,
  ErrorCode,
  NonceRefused,
  PlayError,
  type Signer,
  WireError,
} from "../src/index.ts";
import { connectionsContract } from "./behaviour-contract-connections.ts";
import { type Place, peersUnderTest } from "./behaviour-contract-subject.ts";

/** What the SDK does, wherever it runs: in every Node and in every browser the same. */
export function behaviourContract(place: () => Place): void {
  const peers = peersUnderTest(place);
  const { dial, both } = peers;

  describe("connecting", () => {
    it.each(["http://localhost:8090/02", "ws://localhost:8090", "ws://localhost:8090/nobody"])(
      "[S1] to %s, which is no circle's address, is refused at once",
      async (url) => {
        await expect(connect(url, { signer: peers.alice })).rejects.toThrow(TypeError);
      },
    );

    it("[S1] where nobody listens is a ConnectionError", async () => {
      await expect(dial(peers.alice, place().nobodyUrl)).rejects.toThrow(ConnectionError);
    });

    it("[S1] gives a circle that is open, until it is closed", async () => {
      const circle = await dial(peers.bob);
      expect([circle.status, circle.publicKey, circle.caller]).toEqual([
        "open",
        peers.bob.publicKey,
        peers.bob.publicKey,
      ]);
      circle.close();
      expect([circle.status, await circle.closed]).toEqual(["closed", "closed from this side"]);
    });

    it("[N6] with another's signature is a login that the relay refuses", async () => {
      const signer = {
        publicKey: peers.bob.publicKey,
        signLogin: peers.alice.signLogin.bind(peers.alice),
      } as unknown as Signer;
      await expect(dial(signer)).rejects.toMatchObject({ name: "WireError", code: ErrorCode.InvalidCredentials });
    });

    it("[N4] to somebody who passes on another relay's nonce signs nothing", async () => {
      const signLogin = vi.fn();
      const signer = { publicKey: peers.alice.publicKey, signLogin } as unknown as Signer;
      await expect(dial(signer, place().middlemanUrl)).rejects.toThrow(NonceRefused);
      expect(signLogin).not.toHaveBeenCalled();
    });
  });

  describe("a play", () => {
    it("[S3] has the value of its script, and what it writes stays", async () => {
      const circle = await dial(peers.bob);
      expect(await circle.play(({ data }) => data.set("dish", { name: "soup", for: 4 }))).toBeNull();
      expect(await circle.play("data.get('dish').name")).toBe("soup");
      const { value, log, taskId } = await circle.play("1 + 1").played;
      expect({ value, log, taskId }).toEqual({
        value: 2,
        log: { seq: expect.any(Number), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
        taskId: expect.stringMatching(/^[\w-]{16,64}$/),
      });
    });

    it("[M17] says where the relay's part of its time went; sent again, it is not said to have run again", async () => {
      const circle = await dial(peers.bob);
      const play = circle.play("for (const t = Date.now(); Date.now() < t + 20;); 'done'");
      const began = performance.now();
      const { timing } = await play.played;
      const took = performance.now() - began;
      const { relay_ms, run_ms, commit_ms } = timing ?? { relay_ms: 0, run_ms: 0, commit_ms: 0 };
      expect(run_ms).toBeGreaterThan(15);
      expect(commit_ms).toBeGreaterThanOrEqual(0);
      expect(run_ms + commit_ms).toBeLessThanOrEqual(relay_ms);
      // A browser's clock may be as coarse as this, and another one than the relay's.
      expect(relay_ms).toBeLessThanOrEqual(took + 20);
      expect(await circle.attach(play.id).played).not.toHaveProperty("timing");
    });

    it("[S2] of a function is called with its arguments, next to the owner's data and knowing who calls", async () => {
      const [, alices] = await both("read:guests", "write:guests");
      const answer = await alices.play(
        async ({ caller, owner, args, data }) => {
          data.set("guests", [...(data.get("guests") ?? []), { name: args.name, key: caller }]);
          return { of: owner, are: data.get("guests") };
        },
        { name: "Älice 🜁" },
      );
      expect(answer).toEqual({ of: peers.bob.publicKey, are: [{ name: "Älice 🜁", key: peers.alice.publicKey }] });
    });

    it("[S3] says what it prints while it runs, in order, and to who asks late all of it", async () => {
      const circle = await dial(peers.bob);
      const play = circle.play("print('started', 1, [2]); progress(0.5, 'half'); for (;;);");
      const outputs: unknown[] = [];
      for await (const { data, kind } of play) {
        outputs.push(data);
        if (kind === "progress") break;
      }
      expect(outputs).toEqual(["started 1 [2]", { fraction: 0.5, note: "half" }]);
      await play.cancel();
      const again: unknown[] = [];
      for await (const { seq, data } of play) again.push([seq, data]);
      expect(again).toEqual(outputs.map((data, i) => [i + 1, data]));
    });

    it("[S5] that is sent after another finds what that one left", async () => {
      const circle = await dial(peers.bob);
      const plays = Array.from({ length: 50 }, () =>
        circle.play("data.set('n', (data.get('n') ?? 0) + 1); data.get('n')"),
      );
      expect(await Promise.all(plays)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    });

    it("[T2] that is sent again under its task id happens once; another one under it is refused", async () => {
      const circle = await dial(peers.bob);
      const { id } = circle.play("");
      const send = (script: string) => circle.play(script, null, { taskId: `${id}-again` });
      const script = "data.set('n', (data.get('n') ?? 0) + 1); data.get('n')";
      expect(await Promise.all([send(script), send(script)])).toEqual([1, 1]);
      await expect(send("1").played).rejects.toMatchObject({ code: ErrorCode.TaskIdReused });
    });
  });

  describe("a play that is cancelled", () => {
    const busy = "data.set('n', 2); emit('chat', 2); print('busy'); for (;;) {}";
    /** What is left of a play: the document that it had set before its loop, and its record. */
    const leftOf = async (circle: Circle, play: { readonly id: string }) => {
      const { records } = await circle.log.read();
      const record = records.find((one) => one.kind === "play" && one.task === play.id);
      return { n: await circle.play("data.get('n')"), record };
    };
    const nothing = { n: 1, record: { status: "cancelled", writes: [] } };

    it("[M8] ends so in the middle of a busy loop, and has written nothing", async () => {
      const circle = await dial(peers.bob);
      await circle.play("data.set('n', 1)");
      const play = circle.play(busy);
      for await (const _ of play) break;
      expect(await play.cancel()).toBe(true);
      await expect(play.played).rejects.toMatchObject({ name: "WireError", code: ErrorCode.Cancelled });
      const left = await leftOf(circle, play);
      expect(left).toMatchObject(nothing);
      expect(left.record).not.toHaveProperty("events");
    });

    it("[S8] by its signal in the middle of a busy loop rejects with the signal's reason, and has written nothing", async () => {
      const circle = await dial(peers.bob);
      await circle.play("data.set('n', 1)");
      const stop = new AbortController();
      const play = circle.play(busy, null, { signal: stop.signal });
      for await (const _ of play) break;
      const why = new Error("enough");
      stop.abort(why);
      await expect(play.played).rejects.toBe(why);
      expect(await leftOf(circle, play)).toMatchObject(nothing);
    });

    it("[S8] too late has its outcome", async () => {
      const circle = await dial(peers.bob);
      const play = circle.play("7");
      expect(await play).toBe(7);
      expect(await play.cancel()).toBe(false);
    });
  });

  describe("attaching", () => {
    it("[M7] from another connection gives the outputs after a number, and the outcome", async () => {
      const [first, second] = [await dial(peers.bob), await dial(peers.bob)];
      const play = first.play("for (let i = 0; i < 5; i++) print(i); 'done'");
      await play;
      first.close();
      const attached = second.attach(play.id, { after: 3 });
      const outputs: unknown[] = [];
      for await (const { seq, data } of attached) outputs.push([seq, data]);
      expect(outputs).toEqual([
        [4, "3"],
        [5, "4"],
      ]);
      expect(await attached).toBe("done");
    });

    it("[M7] to a play that still runs follows it, and can cancel it", async () => {
      const [first, second] = [await dial(peers.bob), await dial(peers.bob)];
      const play = first.play("print('busy'); for (;;);");
      for await (const _ of play) break;
      const attached = second.attach(play.id);
      for await (const { data } of attached) {
        expect(data).toBe("busy");
        break;
      }
      expect(await attached.cancel()).toBe(true);
      for (const one of [play, attached]) {
        await expect(one.played).rejects.toMatchObject({ code: ErrorCode.Cancelled });
      }
    });

    it("[T4] to another caller's play finds nothing", async () => {
      const [bobs, alices] = await both("read:**");
      const { id, played } = bobs.play("1");
      await played;
      await expect(alices.attach(id).played).rejects.toMatchObject({
        code: ErrorCode.InvalidParams,
        data: { param: "task_id" },
      });
    });
  });

  describe("what fails", () => {
    it("[S9] in a script is a PlayError, with line and column in the source that was sent", async () => {
      const circle = await dial(peers.bob);
      const play = circle.play("const guests = 1;\n  missing(guests)");
      await expect(play.played).rejects.toBeInstanceOf(PlayError);
      await expect(play.played).rejects.toMatchObject({
        name: "PlayError",
        code: ErrorCode.ScriptError,
        thrown: "ReferenceError",
        line: 2,
        column: 3,
        data: { task_id: play.id },
      });
    });

    it("[S9] for want of a variable that did not travel says so", async () => {
      const circle = await dial(peers.bob);
      const rate = 2;
      await expect(circle.play(() => rate).played).rejects.toThrow(/rate is not defined.*do not travel/);
    });

    it("[R3] at the policy says what is missing", async () => {
      const [, alices] = await both("read:guests");
      const error = await alices.play("data.set('guests', 1)").played.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(WireError);
      expect(error).toMatchObject({ code: ErrorCode.Denied, data: { capability: "write:guests" } });
    });

    it("[S4] at its deadline ends there, with the relay's word or without", async () => {
      const circle = await dial(peers.bob);
      const error = await circle.play("for (;;);", null, { timeoutMs: 300 }).played.catch((reason: unknown) => reason);
      expect(error instanceof DeadlineError || (error instanceof WireError && error.code === ErrorCode.TimedOut)).toBe(
        true,
      );
    });

    it("[M2] before it is sent is a TypeError", async () => {
      const circle = await dial(peers.bob);
      expect(() => circle.play("1", 1n)).toThrow(TypeError);
      expect(() => circle.play("1", null, { taskId: "short" })).toThrow(TypeError);
      expect(() => circle.subscribe("$inbox")).toThrow(TypeError);
    });
  });

  describe("over time", () => connectionsContract(place));
}
