import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem, type } from "node:os";
import { middle } from "../middle.ts";
import type { Ratio } from "./aims.ts";
import type { Cell, Round } from "./rounds.ts";

/** All that a run has found, as it is written to results.json. */
export type Results = {
  readonly date: string;
  readonly commit: string;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly durability: Readonly<Record<string, string>>;
  readonly method: readonly string[];
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
};

/** Medians of the rounds. */
export type Figure = Round & {
  readonly id: string;
  readonly contender: string;
  readonly what: string;
  readonly inFlight: number;
};

const root = new URL("../../../", import.meta.url);

export function figuresOf(cells: readonly Cell[]): Figure[] {
  return cells.map(({ contender, case: { id, what }, inFlight, rounds }) => {
    const median = (figure: keyof Round) => middle(rounds.map((round) => round[figure]));
    return {
      id,
      contender: contender.name,
      what,
      inFlight,
      perSecond: median("perSecond"),
      perCpuSecond: median("perCpuSecond"),
      p50Ms: median("p50Ms"),
      p99Ms: median("p99Ms"),
      rssBytes: median("rssBytes"),
    };
  });
}

/** The commit that is checked out, with a + if there is more in the working tree. */
export function readCommit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  return git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
}

export function describeMachine(disk: string): Results["machine"] {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${arch()}`,
    disk,
  };
}

/** Of Circles, of what it runs on, and of the peers as relay/bench/package.json pins them. */
export function readVersions(): Results["versions"] {
  type Manifest = {
    version: string;
    devDependencies: Record<string, string>;
    optionalDependencies: Record<string, string>;
  };
  const manifest = (path: string) => JSON.parse(readFileSync(new URL(path, root), "utf8")) as Manifest;
  const { devDependencies: peers, optionalDependencies: workerds } = manifest("relay/bench/package.json");
  const redis = execFileSync("redis-server", ["--version"], { encoding: "utf8" });
  return {
    circles: manifest("relay/package.json").version,
    node: process.version.slice(1),
    "redis-server": /v=(\S+)/.exec(redis)?.[1] ?? "unknown",
    workerd: Object.values(workerds)[0] ?? "unknown",
    ...Object.fromEntries(["bullmq", "socket.io", "ws"].map((peer) => [peer, peers[peer] ?? "unknown"])),
  };
}
