import type { Circle, Grant } from "@circles/sdk";

/** One play that reads and writes: no moment in which neither grant holds, and of two changes at once neither is lost. */
const REPLACE = `
const { before, after } = args;
const text = (value) => JSON.stringify(value, (_, member) =>
  member && typeof member === "object" && !Array.isArray(member)
    ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
    : member);
const document = policy.get();
const place = document.grants.findIndex((grant) => text(grant) === text(before));
if (place >= 0) policy.set({ ...document, grants: document.grants.map((grant, i) => (i === place ? after : grant)) });
place >= 0;
`;

/** Puts a grant in another's place. Rejects if that is there no more. */
export async function replaceGrant(own: Circle, before: Grant, after: Grant): Promise<void> {
  const isDone = await own.play<boolean>(REPLACE, { before, after }, { lane: "control" });
  if (!isDone) throw new Error("This grant has been changed or revoked meanwhile.");
}
