import { EVENT_IDS_PER_RECORD, isTopic } from "@circles/sdk/protocol";
import { namedAt } from "./names.ts";
import { TaskTable } from "./task-table.ts";

/**
 * Is this a record as it stands in a line? A log's hashes are nobody's signature: whoever writes one anew may say anything,
 * and what it says must lead nowhere but into its own circle.
 */
export function isLoggedRecord(value: unknown): boolean {
  if (!isObject(value) || !isCount(value.seq) || !isText(value.prev) || !isText(value.at)) return false;
  if ("task" in value) {
    const { task, caller, device = "", script, args, until, end, writes, events = [] } = value;
    const isPlay =
      [task, caller, device, script, args].every(isText) && isCount(until) && isObject(end) && isText(end.status);
    return isPlay && isArrayOf(writes, isWrite) && isArrayOf(events, isEvent) && events.length <= EVENT_IDS_PER_RECORD;
  }
  if ("checkpoint" in value) {
    const { checkpoint, writes, tasks } = value;
    return isObject(checkpoint) && isCount(checkpoint.part) && isArrayOf(writes, isWrite) && isTasks(tasks);
  }
  if ("segment" in value) {
    const { segment } = value;
    if (!isObject(segment) || !isCount(segment.number) || !isText(segment.circle) || !isCount(segment.lease ?? 0))
      return false;
    const { previous } = segment;
    return (
      isObject(previous) && [previous.number, previous.bytes, previous.seq].every(isCount) && isText(previous.hash)
    );
  }
  return "denials" in value && isText(value.since) && isArrayOf(value.denials, isDenial);
}

function isWrite(write: unknown): boolean {
  if (!isObject(write) || !isText(write.path) || !namedAt(write.path)) return false;
  const { text, base64 } = write;
  if (write.deleted === true || "json" in write) return true;
  return isText(text ?? base64);
}

/** More than there are numbers for would have those of the next record. */
function isEvent(event: unknown): boolean {
  return isObject(event) && isTopic(event.topic) && "data" in event;
}

/** Of a checkpoint. */
function isTasks(tasks: unknown): boolean {
  return isObject(tasks) && isText(tasks.salt) && isArrayOf(tasks.tables, isTable);
}

function isTable(table: unknown): boolean {
  if (!isObject(table)) return false;
  const { from, until, slots } = table;
  return isCount(from) && isCount(until) && isText(slots) && TaskTable.parse({ from, until, slots }) !== undefined;
}

function isDenial(denial: unknown): boolean {
  return isObject(denial) && isText(denial.caller) && isText(denial.capability) && isCount(denial.plays);
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArrayOf(value: unknown, isMember: (member: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isMember);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
