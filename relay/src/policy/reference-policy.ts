import type { Grant, PolicyDocument } from "@circles/sdk/protocol";

/** What a policy says, the slow and obvious way: for tests to compare with. */
export function referenceVerdict(
  { groups = {}, grants }: PolicyDocument,
  { caller, script, now }: { caller: string; script: string; now: number },
  needed: string,
): "held" | "ask" | "missing" {
  const isFor = ({ to }: Grant) => to === "*" || to === caller || (groups[to] ?? []).some((key) => key === caller);
  const holds = (grant: Grant) =>
    isFor(grant) &&
    (grant.expires === undefined || Date.parse(grant.expires) > now) &&
    (grant.scripts === undefined || grant.scripts.some((hash) => hash === `sha256:${script}`)) &&
    grant.allow.some((capability) => allows(capability, needed));
  const holding = grants.filter(holds);
  if (holding.some(({ approval }) => approval !== "ask")) return "held";
  return holding.length > 0 ? "ask" : "missing";
}

function allows(capability: string, needed: string): boolean {
  const [kind = "", ...pattern] = capability.split(":");
  const [neededKind = "", ...name] = needed.split(":");
  if (pattern.length === 0) return capability === needed;
  return (
    kind === neededKind && name.length > 0 && segmentsMatch(pattern.join(":").split("/"), name.join(":").split("/"))
  );
}

function segmentsMatch([first, ...rest]: readonly string[], name: readonly string[]): boolean {
  if (first === undefined) return name.length === 0;
  if (first === "**") {
    const least = rest.length === 0 ? 1 : 0;
    for (let taken = least; taken <= name.length; taken++) if (segmentsMatch(rest, name.slice(taken))) return true;
    return false;
  }
  const [segment, ...others] = name;
  return (
    segment !== undefined && charactersMatch(Array.from(first), Array.from(segment)) && segmentsMatch(rest, others)
  );
}

function charactersMatch([first, ...rest]: readonly string[], text: readonly string[]): boolean {
  if (first === undefined) return text.length === 0;
  if (first === "*") return text.some((_, i) => charactersMatch(rest, text.slice(i))) || charactersMatch(rest, []);
  return first === text[0] && charactersMatch(rest, text.slice(1));
}
