import type { Grant, PolicyDocument, PublicKey, Sha256 } from "@circles/sdk/protocol";
import { covers, parseCapability } from "./capability.ts";

export type Wanted = {
  readonly caller: PublicKey;
  readonly script: Sha256;
  readonly capability: string;
  /** Unix milliseconds. Default: now. */
  readonly now?: number;
};

/** The first grant that would ask the owner for this; `undefined` if none does, or does any more. */
export function grantThatAsks(
  { groups = {}, grants }: PolicyDocument,
  { caller, script, capability, now = Date.now() }: Wanted,
): Grant | undefined {
  const isFor = (to: string) => to === "*" || to === caller || (groups[to]?.includes(caller) ?? false);
  const gives = (allowed: string) => {
    const parsed = parseCapability(allowed);
    return parsed !== undefined && covers(parsed, capability);
  };
  return grants.find(
    ({ to, allow, approval, scripts, expires }) =>
      approval === "ask" &&
      isFor(to) &&
      (expires === undefined || Date.parse(expires) > now) &&
      (scripts?.includes(`sha256:${script}`) ?? true) &&
      allow.some(gives),
  );
}
