import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect, DeadlineError } from "@circles/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { runRelayCommand, startRelayProcess } from "../../test/relay-process.ts";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";

describe("circles-relay", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  beforeAll(async () => {
    folder = await makeTemporaryFolder();
  });
  afterAll(() => folder.remove());

  it("[CL1] --help and --version answer and exit 0", async () => {
    expect(await runRelayCommand(["--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/--public-url URL/),
    });
    expect(await runRelayCommand(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it.each([
    [["--prot", "1"], /--prot/],
    [["8090"], /8090/],
    [["--port", "abc"], /--port: expected a whole number from 0 to 65535, got "abc"/],
    [["--port", "65536"], /--port: expected/],
    [["--threads", "0"], /--threads: expected a whole number from 1/],
    [["--log-level", "loud"], /--log-level: expected one of trace/],
    [["--host", "0.0.0.0"], /--public-url/],
    [["--open", "--host", "0.0.0.0", "--public-url", "wss://x.example"], /--open: expected a loopback/],
    [["--open", "--public-url", "wss://x.example"], /--open: expected a loopback/],
    [["--public-url", "x.example"], /--public-url: expected/],
    [["--public-url", "wss://x.example/path"], /--public-url: expected/],
    [["--allow-origin", "app.example"], /--allow-origin: expected/],
    [["--tls-cert", "x.pem"], /--tls-cert: expected --tls-key with it/],
    [["--tls-key", "x.key"], /--tls-key: expected --tls-cert with it/],
    [["--tls-cert", "c", "--tls-key", "k", "--public-url", "ws://x.example"], /--public-url: expected wss:\/\//],
    [["--trust-proxy", "proxy.example"], /--trust-proxy: expected an address such as/],
    [["--allow-metrics", "10.0.0.0/40"], /--allow-metrics: expected an address such as/],
    [["--connections-per-address", "0"], /--connections-per-address: expected a whole number from 1/],
    [["--logins-per-address", "x"], /--logins-per-address: expected a whole number/],
    [["--logins-per-key", "-1"], /--logins-per-key/],
  ])("[CL2] %j is refused with a sentence and exit 2", async (args, sentence) => {
    const { code, stdout, stderr } = await runRelayCommand(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^circles-relay: .*\n$/);
    expect(stderr).toMatch(sentence);
  });

  it("[CL2] variables are checked as flags are, and the command line wins", async () => {
    expect(await runRelayCommand([], { CIRCLES_PORT: "x" })).toMatchObject({ code: 2 });
    expect(await runRelayCommand([], { CIRCLES_OPEN: "yes" })).toMatchObject({ code: 2 });
    expect(await runRelayCommand(["--version"], { CIRCLES_PORT: "x" })).toMatchObject({ code: 0 });
  });

  it("[CL3] a port in use is one clear line and exit 1", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const { code, stdout, stderr } = await runRelayCommand(["--port", String(port), "--db-path", folder.path]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      `circles-relay: port ${port} at 127.0.0.1 is in use; choose another with --port, or 0 for a free one\n`,
    );
    other.close();
  });

  it("[CL6] --circles serves the keys of a file and no others; a line that is no key is named", async () => {
    const file = join(folder.path, "circles.txt");
    await writeFile(file, `# ours\n0x${alice.publicKey.toUpperCase()}\n\n`);
    const relay = await startRelayProcess(["--port", "0", "--circles", file, "--db-path", join(folder.path, "served")]);
    const circle = await connect(`${relay.url}/${alice.publicKey}`, { signer: alice });
    expect(await circle.play("1")).toBe(1);
    circle.close();
    await expect(connect(`${relay.url}/${bob.publicKey}`, { signer: bob })).rejects.toThrow(/404/);
    await relay.kill("SIGTERM");
    await writeFile(file, `${alice.publicKey}\nnobody\n`);
    expect(await runRelayCommand(["--circles", file])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/circles\.txt, line 2: public key: expected/),
    });
    expect(await runRelayCommand(["--circles", join(folder.path, "none")])).toMatchObject({ code: 1 });
  });

  it("[CL4] --open says what it means, and lets every peer play everywhere", async () => {
    const relay = await startRelayProcess(["--port", "0", "--open", "--db-path", folder.path]);
    expect(relay.stderr()).toMatch(/WARNING: --open lets every peer do everything/);
    const circle = await connect(`${relay.url}/${alice.publicKey}`, { signer: bob });
    expect(await circle.play("[CALLER_PUBLIC_KEY, CIRCLE_PUBLIC_KEY]")).toEqual([bob.publicKey, alice.publicKey]);
    circle.close();
    expect(await relay.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "[CL5] %s lets a running play end, takes no new ones, and exits 0",
    async (signal) => {
      const relay = await startRelayProcess(["--port", "0", "--db-path", folder.path]);
      const circle = await connect(`${relay.url}/${alice.publicKey}`, { signer: alice });
      const play = circle.play("print('running'); for (const t = Date.now(); Date.now() < t + 500;); 'ended'");
      for await (const _ of play) break; // it runs
      const exit = relay.kill(signal);
      expect(await play).toBe("ended");
      const late = circle.play("data.set('late', true)", null, { timeoutMs: 1 });
      await expect(late.played).rejects.toThrow(DeadlineError); // kept for a relay that comes after this one
      expect(await exit).toEqual({ code: 0, signal: null });
      circle.close();
    },
  );
});
