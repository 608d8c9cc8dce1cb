import pino from "pino";
import { type RunningRelay, startRelay } from "../src/bin/relay.ts";
import type { RelayOptions } from "../src/bin/relay-options.ts";
import { DEFAULT_PEER_LIMITS } from "../src/gateway/address-limits.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** A whole relay in this process, on a free port and a folder of its own that goes with it. */
export async function startRelayInProcess(options: Partial<RelayOptions> = {}): Promise<RunningRelay> {
  const folder = await makeTemporaryFolder();
  const relay = await startRelay(
    {
      port: 0,
      host: "127.0.0.1",
      dbPath: folder.path,
      publicUrl: undefined,
      allowedOrigins: [],
      circlesFile: undefined,
      open: false,
      demo: false,
      durability: "strict",
      circleBytes: 256 * 2 ** 20,
      keepLogMs: undefined,
      threads: 1,
      logLevel: "silent",
      redis: undefined,
      tls: undefined,
      trustedProxies: [],
      metricsReaders: [],
      peerLimits: DEFAULT_PEER_LIMITS,
      ...options,
    },
    pino({ level: "silent" }),
  );
  return {
    ...relay,
    async close() {
      await relay.close();
      await folder.remove();
    },
  };
}
