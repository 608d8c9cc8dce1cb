/** Checks a circle's log, line by line, as its owner follows it. */
export { type CheckedRecord, type CheckLogOptions, checkLog } from "./check-log.ts";
export type { ReadLine } from "./read-log-line.ts";
