import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Circle,
  type CircleEvent,
  connect,
  delegate,
  deviceSigner,
  generateKeypair,
  type TaskId,
} from "@circles/sdk";
import { type CheckedRecord, checkLog } from "@circles/sdk/log";
import { connectWallet } from "@circles/sdk/wallet";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EthereumWallet } from "../../sdk/test/ethereum-wallet.ts";
import { verifyLog } from "../src/namespace/verify-log.ts";
import { RedisServer } from "./redis-server.ts";
import { type ReadyProcess, startProcess, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import { Wire } from "./wire.ts";

describe("a gateway and workers on one Redis", () => {
  let server: RedisServer;
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  const processes: ReadyProcess[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    await server.ask("FLUSHALL");
  });
  afterEach(async () => {
    for (const { child, kill } of processes.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) await kill("SIGKILL");
    }
    await folder.remove();
  });

  const gateway = async (...args: string[]) => {
    const keyFile = join(folder.path, "gateway.key");
    const given = ["--port", "0", "--redis-url", server.url, "--gateway-key-file", keyFile];
    const relay = await startRelayProcess([...given, ...args]);
    processes.push(relay);
    const [, key = ""] = /"gateway":"([0-9a-f]{66})"/.exec(relay.stderr()) ?? [];
    return { ...relay, key };
  };
  const worker = async (...args: string[]) => {
    const given = ["--redis-url", server.url, "--db-path", join(folder.path, "circles"), "--threads", "1"];
    const started = await startProcess("circles-worker", [...given, ...args]);
    processes.push(started);
    return started;
  };
  const add = "data.set('n', (data.get('n') ?? 0) + 1); data.get('n')";

  it("[WK19] play what callers sign, whichever worker has the circle", async () => {
    const [{ url }] = [await gateway(), await worker(), await worker()];
    const circles = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const signer = generateKeypair();
        return connect(`${url}/${signer.publicKey}`, { signer });
      }),
    );
    for (let i = 1; i <= 5; i++) {
      expect(await Promise.all(circles.map((circle) => circle.play<number>(add)))).toEqual([i, i, i, i]);
    }
    for (const circle of circles) circle.close();
  });

  it("[WK22] play what devices sign, a key's and a wallet's, and know which are revoked", async () => {
    const [{ url }] = [await gateway(), await worker()];
    const [root, phone] = [generateKeypair(), generateKeypair()];
    const delegation = await delegate(root, { device: phone.publicKey, circles: "*", lifetimeS: 600 });
    const wallet = { device: phone, circles: "*", lifetimeS: 600 } as const;
    const signers = [deviceSigner(phone, delegation), await connectWallet(new EthereumWallet(root), wallet)];
    const [own, ...devices] = await Promise.all(
      [root, ...signers].map((signer) => connect(`${url}/${root.publicKey}`, { signer })),
    );
    for (const [i, circle] of devices.entries()) expect(await circle.play<number>(add)).toBe(i + 1);
    expect(await own?.policy.revokeDevice(phone.publicKey)).toBe(true);
    for (const circle of devices) await expect(circle.play(add).played).rejects.toMatchObject({ code: -32003 });
    for (const circle of [own, ...devices]) circle?.close();
  });

  it("[WK19] go on when a worker is killed in the middle: each play has one effect and one outcome, in order", async () => {
    const [{ url }, first] = [await gateway(), await worker()];
    const signer = generateKeypair();
    const circle = await connect(`${url}/${signer.publicKey}`, { signer });
    const ids = Array.from({ length: 200 }, (_, i) => `play-${String(i).padStart(16, "0")}` as TaskId);
    const script = "data.set('all', [...(data.get('all') ?? []), args]); data.get('all').length";
    const plays = ids.map((taskId, i) => circle.play<number>(script, i, { taskId, timeoutMs: 60_000 }));
    await plays[20];
    await worker();
    await first.kill("SIGKILL");
    expect(await Promise.all(plays)).toEqual(ids.map((_, i) => i + 1));
    expect(await circle.play<number[]>("data.get('all')")).toEqual(ids.map((_, i) => i));
    circle.close();
    const logs = join(folder.path, "circles", signer.publicKey, "logs");
    expect(await verifyLog({ folder: logs, circle: signer.publicKey })).not.toHaveProperty("damage");
  });

  it("[WK19] go on when Redis is killed and has lost everything", async () => {
    const [{ url }] = [await gateway(), await worker()];
    const signer = generateKeypair();
    const circle = await connect(`${url}/${signer.publicKey}`, { signer });
    const plays = Array.from({ length: 100 }, () => circle.play<number>(add, null, { timeoutMs: 60_000 }));
    await plays[10];
    await server.kill();
    await server.restart();
    const counted = await Promise.all(plays);
    expect(counted).toEqual(plays.map((_, i) => i + 1));
    circle.close();
  });

  describe("with subscribers at two gateways", () => {
    const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
    const take = async (events: AsyncIterable<CircleEvent>, count: number) => {
      const taken: unknown[] = [];
      for await (const { data } of events) if (taken.push(data) === count) break;
      return taken;
    };
    /** Two gateways, the owner at one and a peer who may hear of `chat` at both. */
    const start = async () => {
      const [one, two] = [await gateway(), await gateway()];
      const trusted = ["--trust-gateway", one.key, "--trust-gateway", two.key];
      const first = await worker(...trusted);
      const [owner, peer] = [generateKeypair(), generateKeypair()];
      const circle = owner.publicKey;
      const owners = await connect(`${one.url}/${circle}`, { signer: owner });
      const grant = { to: peer.publicKey, allow: ["subscribe:chat"] };
      await owners.policy.set({ grants: [grant] });
      const peers = await Promise.all([one, two].map(({ url }) => connect(`${url}/${circle}`, { signer: peer })));
      const close = () => {
        for (const one of [owners, ...peers]) one.close();
      };
      return { owners, peers, grant, first, trusted, close };
    };
    const tellAll = (owners: Circle, count: number) =>
      numbers(count).map((i) => owners.play("emit('chat', args)", i, { timeoutMs: 60_000 }));

    it("[GW15] each hears every event once and in order", async () => {
      const { owners, peers, close } = await start();
      const hearing = peers.map((peer) => take(peer.subscribe("chat", { after: 0 }), 200));
      await Promise.all(tellAll(owners, 200));
      for (const heard of hearing) expect(await heard).toEqual(numbers(200));
      close();
    });

    it("[GW16] none hears more when the policy says so, at whatever gateway", async () => {
      const { owners, peers, grant, close } = await start();
      const subscriptions = peers.map((peer) => peer.subscribe("chat", { after: 0 }));
      await owners.play("emit('chat', 1)");
      for (const events of subscriptions) expect(await events.next()).toMatchObject({ value: { data: 1 } });
      await owners.policy.revoke(grant);
      await owners.play("emit('chat', 'secret')");
      for (const events of subscriptions) await expect(events.next()).rejects.toMatchObject({ code: -32003 });
      close();
    });

    it("[GW15] each hears every event once and in order when Redis is killed and loses everything, and a worker is", async () => {
      const { owners, peers, first, trusted, close } = await start();
      const hearing = peers.map((peer) => take(peer.subscribe("chat", { after: 0 }), 200));
      const plays = tellAll(owners, 200);
      await plays[50];
      await server.kill();
      await server.restart();
      await plays[100];
      await worker(...trusted);
      await first.kill("SIGKILL");
      await Promise.all(plays);
      for (const heard of hearing) expect(await heard).toEqual(numbers(200));
      close();
    });

    it("[M18] the owner follows the log, each record once, when Redis is killed and loses everything, and a worker is", async () => {
      const { owners, first, trusted, close } = await start();
      const checked: CheckedRecord[] = [];
      const following = (async () => {
        for await (const one of checkLog(owners.log.lines({ after: 0 }), { circle: owners.publicKey })) {
          checked.push(one);
          if (checked.filter(({ record }) => record.kind === "play" && record.events).length === 100) return;
        }
      })();
      const plays = tellAll(owners, 100);
      await plays[30];
      await server.kill();
      await server.restart();
      await plays[60];
      await worker(...trusted);
      await first.kill("SIGKILL");
      await Promise.all(plays);
      await following;
      expect(checked.map(({ record }) => record.seq)).toEqual(checked.map((_, i) => i + 1));
      expect(checked.filter(({ fault }) => fault !== undefined)).toEqual([]);
      close();
    });

    it("[EV6] of a gateway that the worker does not know, unsigned subscriptions are refused", async () => {
      const strange = await gateway("--gateway-key-file", join(folder.path, "strange.key"));
      await worker();
      const signer = generateKeypair();
      const wire = await Wire.dial(`${strange.url}/${signer.publicKey}`);
      await wire.login(signer);
      expect(await wire.call("subscribe", { topic: "chat" })).toMatchObject({ error: { code: -32010 } });
      wire.close();
    });
  });

  it("[WK18] play what callers did not sign on the word of a gateway that they were told of, and of no other", async () => {
    const [trusted, other] = [await gateway(), await gateway("--gateway-key-file", join(folder.path, "other.key"))];
    const playing = await worker("--trust-gateway", trusted.key);
    const signer = generateKeypair();
    const wires = await Promise.all([trusted, other].map(({ url }) => Wire.dial(`${url}/${signer.publicKey}`)));
    for (const wire of wires) await wire.login(signer);
    const [one, two] = await Promise.all(wires.map((wire) => wire.call("play", { script: "1 + 1" })));
    expect(one).toMatchObject({ result: { output: "2" } });
    expect(two).toMatchObject({ error: { code: -32010 } });
    for (const wire of wires) wire.close();
    await expect.poll(() => playing.stderr()).toContain("expected the caller's signature or a trusted gateway's");
  });

  describe("with a task that was put into Redis by hand, as the specification describes it", () => {
    const circle = generateKeypair().publicKey;
    const put = async (id: string, fields: Record<string, string>) => {
      await server.ask("HSET", `rhailib:${id}`, ...Object.entries({ caller: circle, circle, ...fields }).flat());
      await server.ask("LPUSH", `rhailib:${circle}`, id);
    };
    const reply = async (id: string) => {
      const [, text] = (await server.ask("BLPOP", `rhailib:reply:${id}`, "30")) as [string, string];
      return JSON.parse(text) as unknown;
    };

    it("[WK20] run it where they are told to believe whoever writes to Redis, and answer", async () => {
      await worker("--trust-relay");
      await put("by-hand-00000000001", { script: "data.set('n', args); args * 2", args: "21", status: "pending" });
      expect(await reply("by-hand-00000000001")).toMatchObject({ status: "completed", output: "42", log: { seq: 2 } });
      const fields = ["status", "output"];
      expect(await server.ask("HMGET", "rhailib:by-hand-00000000001", ...fields)).toEqual(["completed", "42"]);
      await put("by-hand-00000000002", { script: "data.get('n')", status: "pending" });
      expect(await reply("by-hand-00000000002")).toMatchObject({ output: "21" });
    });

    it("[NS3] go nowhere but into circles, whatever somebody writes into Redis", async () => {
      const playing = await worker("--trust-relay");
      for (const forged of ["../../outside", "/tmp/outside", `${circle}/../../outside`, "..", ".", "02"]) {
        const id = `forged-${String(forged.length).padStart(12, "0")}`;
        await server.ask("HSET", `rhailib:${id}`, "caller", circle, "script", "data.set('a', 1)", "status", "pending");
        await server.ask("LPUSH", `rhailib:${forged}`, id);
        await server.ask("ZADD", "rhailib:sys:ready", "1", forged);
        // A line with a slash is a lane, and its queue another one.
        if (!forged.includes("/")) await expect.poll(() => playing.stderr(), { timeout: 10_000 }).toContain(id);
      }
      expect(await readdir(folder.path)).toEqual(["circles"]);
      expect((await readdir(join(folder.path, "circles"))).filter((name) => !name.startsWith("relay.lock"))).toEqual(
        [],
      );
      await put("by-hand-00000000009", { script: "1", status: "pending" });
      expect(await reply("by-hand-00000000009")).toMatchObject({ output: "1" }); // and it goes on
    });

    it("[WK20] refuse it otherwise, with a line in the log, and what is no task in any case", async () => {
      const playing = await worker();
      await put("by-hand-00000000003", { script: "1", status: "pending" });
      expect(await reply("by-hand-00000000003")).toMatchObject({ status: "error", failure: { code: -32010 } });
      expect(playing.stderr()).toContain("by-hand-00000000003");
      await put("by-hand-00000000004", { status: "pending" });
      expect(await reply("by-hand-00000000004")).toMatchObject({
        failure: { code: -32602, message: expect.stringContaining("no script") },
      });
      await put("by-hand-00000000005", { script: "1", args: "{", status: "pending" });
      expect(await reply("by-hand-00000000005")).toMatchObject({
        failure: { code: -32602, message: expect.stringContaining("JSON") },
      });
    });
  });
});
