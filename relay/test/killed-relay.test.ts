import { type Circle, ConnectionError, connect } from "@circles/sdk";
import { makeTaskId } from "@circles/sdk/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alice } from "./people.ts";
import { type RelayProcess, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

const INCREMENTS = 1_000;
const AT_ONCE = 8;

describe("a relay killed with SIGKILL again and again", () => {
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

  it(`[WK1] plays each of ${INCREMENTS} increments exactly once when callers retry under the same task id`, async () => {
    const { port, url } = relay;
    const restart = () => startRelayProcess(["--port", String(port), "--threads", "1", "--db-path", folder.path]);
    let running = Promise.resolve(relay);
    let circle: Promise<Circle> | undefined;
    /** One connection for all; whoever finds it broken has it dialled anew, when a relay runs again. */
    const dial = () => {
      circle ??= running.then(() => connect(`${url}/${alice.publicKey}`, { signer: alice, timeoutMs: 2_000 }));
      return circle;
    };
    const increment = async () => {
      const taskId = makeTaskId();
      for (;;) {
        const used = dial();
        try {
          await (await used).play("data.set('n', (data.get('n') ?? 0) + 1)", null, { taskId, timeoutMs: 5_000 });
          return;
        } catch (error) {
          // Only what a killed relay explains is tried again.
          if (!(error instanceof ConnectionError)) throw error;
          if (circle === used) circle = undefined;
        }
      }
    };
    let started = 0;
    const caller = async () => {
      while (started < INCREMENTS) {
        started += 1;
        await increment();
      }
    };
    const callers = Promise.all(Array.from({ length: AT_ONCE }, caller));
    const ended = callers.then(() => "ended");
    let kills = 0;
    // A random moment: whatever the relay is at then.
    const moment = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 250, "kill"));
    while ((await Promise.race([ended, moment()])) === "kill") {
      await relay.kill("SIGKILL");
      kills += 1;
      running = restart();
      relay = await running;
    }
    circle = undefined;
    expect(await (await dial()).play("data.get('n')")).toBe(INCREMENTS);
    expect(kills).toBeGreaterThan(3);
  }, 180_000);
});
