import { fileURLToPath } from "node:url";
import { type ServerProcess, startServer } from "./server-process.ts";

const RELAY = pathOf("../bin/circles-relay.cjs");
const COLLECT = pathOf("./curves/collect-when-asked.mjs");

export type MeasuredRelay = ServerProcess & {
  /** What is left of its memory when all garbage of its main thread is gone. */
  liveMemory(): Promise<NodeJS.MemoryUsage>;
};

/** `npx circles-relay` as built, in which every peer may do everything. `node`: flags for Node itself. */
export function startRelay(
  dbPath: string,
  more: readonly string[] = [],
  node: readonly string[] = [],
): Promise<ServerProcess> {
  return startServer([...node, RELAY, ...argumentsFor(dbPath, more)]);
}

/** The same, and it can be asked what it keeps in memory. */
export async function startMeasuredRelay(dbPath: string, more: readonly string[] = []): Promise<MeasuredRelay> {
  const args = ["--expose-gc", "--import", COLLECT, RELAY, ...argumentsFor(dbPath, more)];
  const relay = await startServer(args, { answers: true });
  return { ...relay, liveMemory: async () => (await relay.ask("collect")) as NodeJS.MemoryUsage };
}

function argumentsFor(dbPath: string, more: readonly string[]): string[] {
  return ["--port", "0", "--open", "--log-level", "warn", "--logins-per-key", "1000000", "--db-path", dbPath, ...more];
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
