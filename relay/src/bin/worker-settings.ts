import { canonicalPublicKey } from "@circles/sdk/keys";
import type { PublicKey } from "@circles/sdk/protocol";
import type { Durability } from "../namespace/log.ts";
import { parseWhole, UsageError } from "./option-values.ts";

/** What a process is told that plays scripts: a relay of its own, or a worker. */
export type WorkerSettings = {
  readonly dbPath: string;
  readonly durability: Durability;
  /** Bytes of the files of one circle. */
  readonly circleBytes: number;
  /** Milliseconds that a record is kept at least; `undefined` for ever. */
  readonly keepLogMs: number | undefined;
  readonly threads: number;
};

/** Where tasks are, if not in the process itself. */
export type RedisSettings = {
  /** Several are servers of their own, or nodes of one cluster. */
  readonly redisUrls: readonly string[];
  readonly isCluster: boolean;
};

const MOST_THREADS = 256;
const MIB = 2 ** 20;
const DAY_MS = 24 * 60 * 60 * 1000;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** The value of an option, from the command line or its variable. */
export type Setting = (
  name: "db-path" | "durability" | "circle-mib" | "keep-log" | "threads" | "log-level",
) => string | undefined;

/** @throws {UsageError} */
export function parseWorkerSettings(setting: Setting, { processors }: { processors: number }): WorkerSettings {
  const keepLog = setting("keep-log") ?? "all";
  return {
    dbPath: setting("db-path") ?? "./circles-data",
    durability: parseDurability(setting("durability") ?? "strict"),
    circleBytes: MIB * parseWhole("--circle-mib", setting("circle-mib") ?? "256", 1, 1_048_576),
    keepLogMs: keepLog === "all" ? undefined : DAY_MS * parseWhole("--keep-log", keepLog, 1, 36_500),
    threads: parseWhole("--threads", setting("threads") ?? String(processors), 1, MOST_THREADS),
  };
}

/** @throws {UsageError} */
export function parseLogLevel(setting: Setting): string {
  const level = setting("log-level") ?? "info";
  if (LOG_LEVELS.includes(level)) return level;
  throw new UsageError(`--log-level: expected one of ${LOG_LEVELS.join(", ")}, got ${JSON.stringify(level)}`);
}

/** Names what is wrong without repeating it: there may be a password in it. @throws {UsageError} */
export function parseRedisUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ["redis:", "rediss:"].includes(url.protocol) && url.hostname !== "") return text;
  throw new UsageError("--redis-url: expected redis://host:port or rediss://user:password@host:port, got another text");
}

/** @throws {UsageError} */
export function parseKey(option: string, text: string): PublicKey {
  try {
    return canonicalPublicKey(text);
  } catch (error) {
    throw new UsageError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseDurability(text: string): Durability {
  if (text === "strict" || text === "relaxed") return text;
  throw new UsageError(`--durability: expected strict or relaxed, got ${JSON.stringify(text)}`);
}
