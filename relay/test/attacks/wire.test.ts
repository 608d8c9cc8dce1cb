import { connect as dialTcp } from "node:net";
import { connect } from "@circles/sdk";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bob, mallory } from "../people.ts";
import { type RelayProcess, startRelayProcess } from "../relay-process.ts";
import { makeTemporaryFolder } from "../temporary-folder.ts";
import { Wire } from "../wire.ts";

describe("attacks over the wire", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RelayProcess;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    relay = await startRelayProcess(["--port", "0", "--threads", "1", "--db-path", folder.path]);
  });
  afterAll(async () => {
    await relay.kill("SIGKILL");
    await folder.remove();
  });
  afterEach(async () => {
    const circle = await connect(`${relay.url}/${bob.publicKey}`, { signer: bob });
    expect(await circle.play("1 + 1", null, { timeoutMs: 60_000 })).toBe(2);
    circle.close();
  });

  it("attach-when-full: an attach beyond the connection's share is refused, and the relay lives", async () => {
    const wire = await Wire.dial(`${relay.url}/${mallory.publicKey}`);
    await wire.login(mallory);
    const play = (id: number) => ({
      jsonrpc: "2.0",
      id,
      method: "play",
      params: { script: "await 0; 1", timeout_ms: 20_000 },
    });
    for (let batch = 0; batch < 12; batch++) wire.send(JSON.stringify(Array.from({ length: 100 }, (_, i) => play(i))));
    const ask = (method: string) =>
      wire.send(JSON.stringify({ jsonrpc: "2.0", id: method, method, params: { task_id: "x".repeat(20) } }));
    for (const method of ["attach", "cancel"]) ask(method);
    const answers: unknown[] = [];
    while (answers.length < 2) {
      const frame = await wire.next();
      if (!Array.isArray(frame)) answers.push(frame);
    }
    for (const answer of answers) expect(answer).toMatchObject({ error: { code: expect.any(Number) } });
    wire.close();
  });

  it("half-open-refusals: a handshake that is refused holds no socket, whatever its peer leaves open", async () => {
    const sockets = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = dialTcp({ port: relay.port, host: "127.0.0.1", allowHalfOpen: true });
        socket.on("error", () => {}); // being cut off is what is waited for
        const closed = new Promise((resolve) => socket.once("close", resolve));
        socket.resume();
        socket.write("GET /nobody HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await new Promise((resolve) => socket.once("end", resolve));
        return { socket, closed };
      }),
    );
    // A socket that the relay has destroyed resets what is still sent to it.
    for (const { socket } of sockets) {
      const writing = setInterval(() => socket.write("x"), 20);
      socket.once("close", () => clearInterval(writing));
    }
    await Promise.all(sockets.map(({ closed }) => closed));
  });

  it("unread-before-login: who has no key and does not read is cut off early", async () => {
    const wire = await Wire.dial(`${relay.url}/${mallory.publicKey}`);
    wire.socket.pause();
    const discover = Array.from({ length: 100 }, (_, id) => ({ jsonrpc: "2.0", id, method: "rpc.discover" }));
    for (let batch = 0; batch < 20; batch++) wire.send(JSON.stringify(discover));
    await new Promise((resolve) => setTimeout(resolve, 500));
    wire.socket.resume();
    expect(await wire.closed).toMatchObject({ code: 1006 });
  });
});
