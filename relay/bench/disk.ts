import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { middle } from "./middle.ts";

/** One way to make records durable. The writers are told it over the channel between processes, so it is plain JSON. */
export type Writing = {
  readonly files: number;
  readonly inFlight: number;
  readonly recordsPerSync: number;
  /**
   * `append` then fdatasync in the thread pool, as the relay does; `block`: both on the main thread; `dsync`: one write
   * in the thread pool to a file opened with O_DSYNC; `overwrite`: as `append`, but where zeros were synced before, so
   * that the file's size and its blocks are settled.
   */
  readonly how: "append" | "block" | "dsync" | "overwrite";
};
export type Written = { readonly perSecond: number; readonly cpuSecondsPer1000: number };

export const ONE_AT_A_TIME: Writing = { files: 1, inFlight: 1, recordsPerSync: 1, how: "append" };

const RECORD_BYTES = 300;
const OVERWRITTEN_BYTES = 64 * 2 ** 10;

/** A process of its own, for the size of libuv's thread pool is settled when a process starts. */
export class Writer {
  readonly #child: ChildProcess;

  constructor({ folder, poolSize }: { folder: string; poolSize: number }) {
    const env = { ...process.env, UV_THREADPOOL_SIZE: String(poolSize) };
    this.#child = fork(fileURLToPath(import.meta.url), ["--writer", folder], { env });
  }

  /** One at a time. The files of a way to write are made when it is first asked for. */
  async write(writing: Writing, seconds: number): Promise<Written> {
    const listening = new AbortController();
    const { signal } = listening;
    this.#child.send({ writing, seconds });
    const [answer] = await Promise.race([
      once(this.#child, "message", { signal }),
      once(this.#child, "exit", { signal }),
    ]);
    listening.abort();
    if (typeof answer !== "object") throw new Error("disk: the writer ended");
    return answer as Written;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

/** A folder beside `./circles-data`, the relay's default, so on the disk where circles would lie. git does not see it. */
export async function withFolderBesideCircles<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(resolve("circles-data-bench-"));
  try {
    await writeFile(join(folder, ".gitignore"), "*\n");
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The file system under a folder, for the reader of the figures. Linux only, as the figures are. */
export function fileSystemOf(folder: string): string {
  const mounts = fs.readFileSync("/proc/mounts", "utf8").trim().split("\n");
  const [device = "?", point = "/", type = "?"] =
    mounts
      .map((line) => line.split(" "))
      .filter(([, point = ""]) => `${folder}/`.startsWith(point === "/" ? "/" : `${point}/`))
      .toSorted(([, a = ""], [, b = ""]) => b.length - a.length)[0] ?? [];
  const warning = type === "tmpfs" ? ". IN MEMORY: these figures say nothing about a disk" : "";
  return `${type} on ${device}, mounted at ${point}${warning}`;
}

if (process.argv[2] === "--writer") serveParent(process.argv[3] ?? "");
else if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await compare();

function serveParent(folder: string): void {
  const opened = new Map<string, number[]>();
  const answer = async ({ writing, seconds }: { writing: Writing; seconds: number }) => {
    const key = `${process.env.UV_THREADPOOL_SIZE}-${writing.how}-${writing.files}`;
    let files = opened.get(key);
    if (!files) {
      files = openFiles(join(folder, key), writing);
      opened.set(key, files);
    }
    process.send?.(await write(files, writing, seconds));
  };
  process.on("message", (asked: { writing: Writing; seconds: number }) => void answer(asked));
}

function openFiles(folder: string, { files, how }: Writing): number[] {
  const { O_RDWR, O_CREAT, O_APPEND, O_DSYNC } = fs.constants;
  const place = how === "overwrite" ? 0 : O_APPEND;
  fs.mkdirSync(folder);
  return Array.from({ length: files }, (_, i) => {
    const file = fs.openSync(join(folder, `${i}`), O_RDWR | O_CREAT | place | (how === "dsync" ? O_DSYNC : 0));
    if (how === "overwrite") fs.writeSync(file, Buffer.alloc(OVERWRITTEN_BYTES));
    fs.fsyncSync(file);
    return file;
  });
}

async function write(files: readonly number[], writing: Writing, seconds: number): Promise<Written> {
  const { inFlight, recordsPerSync, how } = writing;
  const bytes = Buffer.alloc(RECORD_BYTES * recordsPerSync, "x");
  const fdatasync = promisify(fs.fdatasync);
  const writeInPool = promisify(fs.write);
  const turns = Math.floor(OVERWRITTEN_BYTES / bytes.length);
  const ways: { readonly [W in Writing["how"]]: (file: number, turn: number) => unknown } = {
    append(file) {
      fs.writeSync(file, bytes);
      return fdatasync(file);
    },
    block(file) {
      fs.writeSync(file, bytes);
      fs.fdatasyncSync(file);
    },
    dsync: (file) => writeInPool(file, bytes),
    overwrite(file, turn) {
      fs.writeSync(file, bytes, 0, bytes.length, (turn % turns) * bytes.length);
      return fdatasync(file);
    },
  };
  const way = ways[how];
  let syncs = 0;
  let started = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const one = async () => {
    while (performance.now() < start + seconds * 1000) {
      const turn = started++;
      await way(files[turn % files.length] ?? -1, Math.floor(turn / files.length));
      syncs += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const records = syncs * recordsPerSync;
  return { perSecond: records / elapsed, cpuSecondsPer1000: (user + system) / 1e6 / (records / 1000) };
}

/** Prints every way beside every other. */
async function compare(): Promise<void> {
  const { rounds, seconds } = process.argv.includes("--short")
    ? { rounds: 1, seconds: 0.1 }
    : { rounds: 5, seconds: 1 };
  const many: Writing = { files: 1_000, inFlight: 64, recordsPerSync: 1, how: "append" };
  const cases: { name: string; poolSize: number; writing: Writing }[] = [
    { name: "one file, one at a time", poolSize: 4, writing: ONE_AT_A_TIME },
    { name: "one file, 64 records a sync", poolSize: 4, writing: { ...ONE_AT_A_TIME, recordsPerSync: 64 } },
    { name: "one file, on the main thread", poolSize: 4, writing: { ...ONE_AT_A_TIME, how: "block" } },
    { name: "one file, O_DSYNC", poolSize: 4, writing: { ...ONE_AT_A_TIME, how: "dsync" } },
    { name: "one file, over synced zeros", poolSize: 4, writing: { ...ONE_AT_A_TIME, how: "overwrite" } },
  ];
  for (const poolSize of [4, 16, 64]) {
    for (const inFlight of [1, 4, 16, 64, 256]) {
      cases.push({ name: "1,000 files", poolSize, writing: { ...many, inFlight } });
    }
    cases.push({ name: "1,000 files, O_DSYNC", poolSize, writing: { ...many, how: "dsync" } });
    cases.push({ name: "1,000 files, over synced zeros", poolSize, writing: { ...many, how: "overwrite" } });
  }
  await withFolderBesideCircles(async (folder) => {
    console.log(`${folder}: ${fileSystemOf(folder)}; Node ${process.version}`);
    console.log(`Records of ${RECORD_BYTES} bytes, medians of ${rounds} interleaved rounds of ${seconds} s; CPU is`);
    console.log("the writing process's, user and system.");
    const writers = new Map([4, 16, 64].map((poolSize) => [poolSize, new Writer({ folder, poolSize })]));
    const measured = cases.map((): (Written & { readonly ofOne: number })[] => []);
    for (let round = -1; round < rounds; round++) {
      let single = 0;
      for (const [i, { poolSize, writing }] of cases.entries()) {
        const written = await writers.get(poolSize)?.write(writing, round < 0 ? 0.1 : seconds);
        if (!written || round < 0) continue; // the first round makes the files and is not counted
        if (i === 0) single = written.perSecond;
        measured[i]?.push({ ...written, ofOne: written.perSecond / single });
      }
    }
    console.table(
      cases.map(({ name, poolSize, writing }, i) => {
        const median = (pick: (written: Written & { ofOne: number }) => number) =>
          middle((measured[i] ?? []).map(pick));
        return {
          what: name,
          pool: poolSize,
          "in flight": writing.inFlight,
          "records per second": Math.round(median(({ perSecond }) => perSecond)),
          "× one at a time": Number(median(({ ofOne }) => ofOne).toFixed(2)),
          "CPU s per 1,000": Number(median(({ cpuSecondsPer1000 }) => cpuSecondsPer1000).toFixed(3)),
        };
      }),
    );
    for (const writer of writers.values()) writer.stop();
  });
}
