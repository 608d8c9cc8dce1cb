import type { Grant, PolicyDocument } from "@circles/sdk/protocol";

/** One play, as the reference sees it. */
export type ReferencePlay = {
  readonly caller: string;
  readonly script: string;
  readonly now: number;
  readonly approved: readonly string[];
  readonly isExhausted: (grant: Grant) => boolean;
};

/** What a policy says, the slow and obvious way: for tests to compare with. `by` is the grant that decides. */
export function referenceVerdict(
  policy: PolicyDocument,
  play: ReferencePlay,
  needed: string,
): { kind: "held" | "ask" | "missing" | "exhausted"; by?: Grant | undefined; isUsed?: boolean } {
  const holding = referenceGrants(policy, play).filter(({ allow }) => allow.some((one) => allows(one, needed)));
  const plain = holding.filter(({ approval }) => approval !== "ask");
  const asking = holding.filter(({ approval }) => approval === "ask");
  const giving = plain.find((grant) => !play.isExhausted(grant));
  if (giving) return { kind: "held", by: giving, isUsed: true };
  if (asking[0] && play.approved.includes(needed)) return { kind: "held", by: asking[0], isUsed: true };
  if (plain.length > 0) return { kind: "exhausted" };
  const asked = asking.find((grant) => !play.isExhausted(grant));
  if (asked) return { kind: "ask", by: asked, isUsed: true };
  return { kind: asking.length > 0 ? "exhausted" : "missing" };
}

/** The grants that matter for a play, in the policy's order. */
export function referenceGrants({ groups = {}, grants }: PolicyDocument, play: ReferencePlay): Grant[] {
  const { caller, script, now } = play;
  const isFor = ({ to }: Grant) => to === "*" || to === caller || (groups[to] ?? []).some((key) => key === caller);
  return grants.filter(
    (grant) =>
      isFor(grant) &&
      (grant.expires === undefined || Date.parse(grant.expires) > now) &&
      (grant.scripts === undefined || grant.scripts.some((hash) => hash === `sha256:${script}`)),
  );
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
