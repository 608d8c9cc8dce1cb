import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type LogHead, type PublicKey, parsePublicKey } from "@circles/sdk/protocol";
import { CircleFiles } from "../namespace/circle-files.ts";
import { exportCircle } from "../namespace/export-circle.ts";
import { lockFolder } from "../namespace/folder-lock.ts";
import { importCircle } from "../namespace/import-circle.ts";
import { type KeptHead, type LogReport, verifyLog } from "../namespace/verify-log.ts";
import type { CircleCommand } from "./circle-command-options.ts";

export type CommandParts = {
  readonly say: (line: string) => void;
  /** Asks whoever sits there; answers what they typed, `undefined` if nobody does. */
  readonly ask: (question: string) => Promise<string | undefined>;
};

/** Characters of a key that a person types to say which circle is meant. */
const TYPED_CHARACTERS = 8;

/** Does what the command says, and answers whether all is well. @throws an error with a sentence for whoever typed it. */
export async function runCircleCommand(command: CircleCommand, { say, ask }: CommandParts): Promise<boolean> {
  const dbPath = resolve(command.dbPath);
  if (!(await isFolder(dbPath)) && command.do !== "import")
    throw new Error(`--db-path: expected a folder, got ${dbPath}`);
  switch (command.do) {
    case "verify":
      return verifyCircles(dbPath, command, say);
    case "export": {
      const report = await exportCircle({ dbPath, circle: command.circle, to: command.file });
      if (!report) throw new Error(`circle ${command.circle} is not in ${dbPath}`);
      if (report.damage) throw new Error(`circle ${command.circle} is damaged: verify says where`);
      say(`exported circle ${command.circle} to ${command.file}: ${report.records} records`);
      return true;
    }
    case "import": {
      await mkdir(dbPath, { recursive: true, mode: 0o700 });
      const { circle, head } = await alone(dbPath, () => importCircle({ dbPath, from: command.file }));
      say(`imported circle ${circle}, head ${head.seq}:${head.hash}`);
      return true;
    }
    case "delete":
      return deleteCircle(dbPath, command, { say, ask });
  }
}

async function verifyCircles(
  dbPath: string,
  { circle, head }: Extract<CircleCommand, { do: "verify" }>,
  say: (line: string) => void,
): Promise<boolean> {
  let isSound = true;
  for (const one of circle ? [circle] : await circlesIn(dbPath)) {
    if (circle && !(await isFolder(join(dbPath, one)))) throw new Error(`circle ${one} is not in ${dbPath}`);
    if (!(await verifyCircle({ dbPath, circle: one, head }, say))) isSound = false;
  }
  return isSound;
}

/** Whatever is wrong with one circle keeps nobody from looking at the next. */
async function verifyCircle(
  { dbPath, circle, head }: { dbPath: string; circle: PublicKey; head: LogHead | undefined },
  say: (line: string) => void,
): Promise<boolean> {
  const folder = join(dbPath, circle);
  try {
    const report = await verifyLog({ folder: join(folder, "logs"), circle, ...(head ? { head } : {}) });
    if (report) {
      for (const line of tell(circle, report)) say(line);
      return !report.damage && (report.kept ?? "there") === "there";
    }
    const orphan = new CircleFiles(folder).findAny();
    if (orphan === undefined && !head) return true; // it was begun, and nothing has happened in it
    say(`circle ${circle}: NO LOG${orphan === undefined ? "" : `, though ${orphan} is there`}`);
  } catch (error) {
    say(`circle ${circle}: CANNOT BE READ: ${error instanceof Error ? error.message : String(error)}`);
  }
  return false;
}

const KEPT: Readonly<Record<KeptHead, string>> = {
  there: "the head that was kept is in it",
  altered: "NOT THE SAME LOG: another record has the number of the head that was kept",
  removed: "the head that was kept is older than the first record that is left: nothing can be said of it",
  "cut off": "CUT OFF: the log ends before the head that was kept",
};

function tell(circle: PublicKey, { records, firstSeq, head, damage, ignored, kept }: LogReport): string[] {
  const range = firstSeq === undefined ? "no records" : `${records} records, ${firstSeq} to ${head.seq}`;
  return [
    `circle ${circle}: ${range}, head ${head.seq}:${head.hash}`,
    ...(damage ? [`  DAMAGED at record ${damage.seq}, ${damage.segment} byte ${damage.byte}: ${damage.why}`] : []),
    ...ignored.map(({ segment, byte, why }) => `  ${segment} from byte ${byte} counts for nothing: ${why}`),
    ...(kept ? [`  ${KEPT[kept]}`] : []),
  ];
}

async function deleteCircle(
  dbPath: string,
  { circle, yes }: Extract<CircleCommand, { do: "delete" }>,
  { say, ask }: CommandParts,
): Promise<boolean> {
  const folder = join(dbPath, circle);
  if (!(await isFolder(folder))) throw new Error(`circle ${circle} is not in ${dbPath}`);
  const start = circle.slice(0, TYPED_CHARACTERS);
  if (!yes) {
    const typed = await ask(`This deletes circle ${circle} with all it holds. Type ${start} to go on: `);
    if (typed === undefined) throw new Error("delete: nobody can be asked here; --yes says that it is meant");
    if (typed.trim() !== start) {
      say("nothing was deleted");
      return false;
    }
  }
  await alone(dbPath, async () => {
    const doomed = `${folder}.deleted`; // at once it is no circle any more, however long removing it takes
    await rm(doomed, { recursive: true, force: true }); // of one that was cut short
    await rename(folder, doomed);
    await rm(doomed, { recursive: true });
  });
  say(`deleted circle ${circle}`);
  return true;
}

/** Runs `use` while no relay has the folder. */
async function alone<T>(dbPath: string, use: () => Promise<T>): Promise<T> {
  const unlock = await lockFolder(dbPath);
  try {
    return await use();
  } finally {
    await unlock();
  }
}

async function circlesIn(dbPath: string): Promise<PublicKey[]> {
  return (await readdir(dbPath)).flatMap((name) => {
    try {
      return [parsePublicKey(name)];
    } catch {
      return []; // something else lies here
    }
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
