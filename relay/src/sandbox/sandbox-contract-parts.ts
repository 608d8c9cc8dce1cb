import { type Authority, RefusedName, type Snapshot, type Tools } from "./sandbox.ts";

/** A circle that has documents and nothing else. */
export function documentsSnapshot(read: (name: string) => string | undefined, names: () => string[]): Snapshot {
  return {
    pathOf(kind, name) {
      if (name.includes("..")) throw new RefusedName("name: expected no dots");
      return kind === "document" ? `data/${name}.json` : `${kind === "file" ? "data" : kind}/${name}`;
    },
    readText: (path) =>
      /^data\/.*\.json$/s.test(path) ? read(path.slice("data/".length, -".json".length)) : undefined,
    readBase64: () => undefined,
    list: ({ kind, prefix, start = "", limit = Number.POSITIVE_INFINITY }) =>
      kind === "document"
        ? names()
            .filter((name) => name.startsWith(prefix) && name >= start)
            .toSorted()
            .slice(0, limit)
        : [],
  };
}

/** For authorities that are lists of what is held, in JSON. */
export function openHeldAuthority(text: string): Authority {
  const held = JSON.parse(text) as string[];
  const used: string[] = [];
  return {
    initialLimits: {},
    used,
    readsBelow: () => ({ kind: held.some((capability) => capability.startsWith("read:")) ? "held" : "missing" }),
    check(capability) {
      if (!held.includes(capability)) return { kind: "missing" };
      used.push(capability);
      return { kind: "held" };
    },
  };
}

/** Say what was asked, by whom and where. */
export const echoingTools: Tools = {
  call: (operation, _args, { caller, circle }) => [operation, caller, circle],
};
