import { X509Certificate } from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alice } from "./people.ts";
import { type RelayProcess, runRelayCommand, startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import { Wire } from "./wire.ts";

/** Certificates for `localhost` that signed themselves, of use to nobody but these tests. */
const certificate = (name: string) => fileURLToPath(new URL(`certificates/${name}`, import.meta.url));
const TRUSTING = { rejectUnauthorized: false };

describe("a relay with TLS", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RelayProcess | undefined;
  let [certFile, keyFile] = ["", ""];
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    [certFile, keyFile] = [join(folder.path, "relay.pem"), join(folder.path, "relay.key")];
    await use("first");
  });
  afterEach(async () => {
    await relay?.kill("SIGKILL");
    relay = undefined;
    await folder.remove();
  });

  const use = async (name: string) => {
    await copyFile(certificate(`${name}.pem`), certFile);
    await copyFile(certificate(`${name}.key`), keyFile);
  };
  const flags = (...args: string[]) => ["--tls-cert", certFile, "--tls-key", keyFile, ...args];
  const start = async () => {
    const given = ["--port", "0", "--threads", "1", "--db-path", join(folder.path, "circles")];
    relay = await startRelayProcess(flags(...given));
    return relay;
  };
  const fingerprintOf = async (name: string) =>
    new X509Certificate(await readFile(certificate(`${name}.pem`))).fingerprint256;
  const shown = ({ port }: RelayProcess) =>
    new Promise<string>((resolve, reject) => {
      const socket = connectTls({ port, host: "127.0.0.1", ...TRUSTING }, () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      });
      socket.on("error", reject);
    });

  it("[OP7] serves wss:// with the certificate it was given, and logs peers in there", async () => {
    const { url, port } = await start();
    expect(url).toBe(`wss://127.0.0.1:${port}`);
    const wire = await Wire.dial(`${url}/${alice.publicKey}`, { ...TRUSTING, origin: `https://127.0.0.1:${port}` });
    await wire.login(alice);
    expect(await wire.call("play", { script: "1 + 1" })).toMatchObject({ result: { output: "2" } });
    wire.close();
    const foreign = { ...TRUSTING, origin: `http://127.0.0.1:${port}` };
    expect(await Wire.refusal(`${url}/${alice.publicKey}`, foreign)).toMatchObject({ status: 403 });
  });

  it("[OP7] SIGHUP reads the certificate again; connections stay, and one that is none changes nothing", async () => {
    const running = await start();
    expect(await shown(running)).toBe(await fingerprintOf("first"));
    const wire = await Wire.dial(`${running.url}/${alice.publicKey}`, TRUSTING);
    await writeFile(certFile, "no certificate");
    running.child.kill("SIGHUP");
    await expect.poll(() => running.stderr()).toMatch(/could not reload; what was before stays in use/);
    expect(await shown(running)).toBe(await fingerprintOf("first"));
    await use("second");
    running.child.kill("SIGHUP");
    await expect.poll(() => shown(running)).toBe(await fingerprintOf("second"));
    await wire.login(alice);
    wire.close();
  });

  it("[OP7] a certificate or key that cannot be used is one clear line and exit 1", async () => {
    const refused = async (sentence: RegExp) => {
      const ended = await runRelayCommand(flags("--port", "0", "--db-path", join(folder.path, "circles")));
      expect(ended).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(sentence) });
      expect(ended.stderr).toMatch(/^circles-relay: [^\n]*\n$/);
    };
    await copyFile(certificate("second.key"), keyFile);
    await refused(/--tls-cert, --tls-key: expected a certificate and its key in /);
    await writeFile(keyFile, "no key");
    await refused(/--tls-cert, --tls-key: expected/);
    keyFile = join(folder.path, "none");
    await refused(/--tls-key: ENOENT/);
  });
});
