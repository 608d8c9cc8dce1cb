import { matchesGlob } from "./glob.ts";

/** What a capability is about, and, where it has one, a pattern of names. */
export type Capability = { readonly kind: string; readonly glob: string | undefined };

const WITH_NAMES = new Set(["read", "write", "call", "emit", "subscribe"]);
const WITHOUT_NAMES = new Set(["policy", "library", "inbox", "log"]);
const MOST_CHARACTERS = 4_096;

/** Reads a capability as a grant gives it. `undefined` for what is none. */
export function parseCapability(text: string): Capability | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const colon = text.indexOf(":");
  if (colon < 0) return WITHOUT_NAMES.has(text) ? { kind: text, glob: undefined } : undefined;
  const [kind, glob] = [text.slice(0, colon), text.slice(colon + 1)];
  if (!WITH_NAMES.has(kind) || !isGlob(glob)) return undefined;
  return { kind, glob };
}

/** A grant's capability against what a play needs, such as `read:notes/a`. */
export function covers({ kind, glob }: Capability, needed: string): boolean {
  if (glob === undefined) return needed === kind;
  return needed.startsWith(`${kind}:`) && matchesGlob(glob, needed.slice(kind.length + 1));
}

/** `**` stands for segments, so nothing stands beside it in its own. */
function isGlob(glob: string): boolean {
  return glob.split("/").every((segment) => segment !== "" && (segment === "**" || !segment.includes("**")));
}
