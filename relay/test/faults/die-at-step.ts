/**
 * Loaded before anything else into a process that is to die: counts what it does to the disk, and has the process kill
 * itself at step `DIE_AT`: `before` it, `after` it, or, where something is written, in the middle (`torn`).
 */
import fs from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const dieAt = Number(process.env.DIE_AT ?? Number.POSITIVE_INFINITY);
const how = process.env.DIE_HOW ?? "before";
let steps = 0;

function die(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;); // nothing more is to happen until the signal has arrived
}

/** Is the process to die at this step? */
function isLast(): boolean {
  steps += 1;
  return steps === dieAt;
}

type AnyFunction = (...args: never[]) => unknown;

function around<T extends AnyFunction>(act: T): T {
  return function (this: unknown, ...args: never[]) {
    const last = isLast();
    if (last && how !== "after") die();
    const done = act.apply(this, args);
    if (!last) return done;
    if (done instanceof Promise) return done.then(die);
    return die();
  } as T;
}

const { writeSync, writeFileSync, ftruncateSync, fdatasync } = fs;
fs.writeSync = ((file: number, bytes: Uint8Array, ...rest: never[]) => {
  if (file <= 2 || !isLast()) return writeSync(file, bytes, ...rest);
  if (how !== "before") writeSync(file, how === "torn" ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes);
  return die();
}) as typeof fs.writeSync;
fs.writeFileSync = ((path: fs.PathOrFileDescriptor, bytes: Uint8Array, options: fs.WriteFileOptions) => {
  if (!isLast()) return writeFileSync(path, bytes, options);
  if (how !== "before") {
    writeFileSync(path, how === "torn" ? bytes.subarray(0, Math.floor(bytes.length / 2)) : bytes, options);
  }
  return die();
}) as typeof fs.writeFileSync;
fs.ftruncateSync = around(ftruncateSync);
for (const name of ["renameSync", "mkdirSync"] as const) Object.assign(fs, { [name]: around(fs[name] as AnyFunction) });
fs.fdatasync = ((file: number, done: (error: NodeJS.ErrnoException | null) => void) => {
  const last = isLast();
  if (last && how === "before") die();
  fdatasync(file, last ? die : done);
}) as typeof fs.fdatasync;
for (const name of ["rename", "unlink", "rmdir", "mkdir", "link", "rm"] as const) {
  Object.assign(promises, { [name]: around(promises[name] as AnyFunction) });
}

const opened = await promises.open(process.execPath);
const file = Object.getPrototypeOf(opened) as typeof opened;
await opened.close();
for (const name of ["writeFile", "truncate", "sync", "datasync"] as const) {
  Object.assign(file, { [name]: around(file[name] as AnyFunction) });
}
syncBuiltinESMExports();

process.on("exit", () => writeSync(1, `steps ${steps}\n`));
