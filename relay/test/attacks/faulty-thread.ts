import { serveSandbox } from "../../src/sandbox/quickjs-thread.ts";

/** What a thread does when a play reads the document of this name. */
const FAULTS: Record<string, () => void> = {
  "fault/exit": () => process.exit(1),
  "fault/exit-when-idle": () => void setTimeout(() => process.exit(1), 1),
  "fault/unreadable": () => {
    throw new Error("EIO: the disk does not answer");
  },
  "fault/heap": () => {
    for (const all: unknown[] = []; ; ) all.push(Array.from({ length: 1e5 }, Math.random));
  },
  "fault/unhandled": () => void Promise.reject(new Error("nobody handles this")),
};

/** A sandbox thread that fails on demand. */
serveSandbox((documents: Record<string, string>) => {
  if ("fault/closed" in documents) throw new Error("EACCES: the circle's folder cannot be read");
  return {
    checkName: () => {},
    read(name) {
      FAULTS[name]?.();
      return documents[name];
    },
    list: () => [],
  };
});
