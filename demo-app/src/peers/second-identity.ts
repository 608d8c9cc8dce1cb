import { createIdentity, type Known } from "./identities.ts";

/** Who stands beside the first peer: another identity of this page, made if there is none. */
export async function secondIdentity(first: string, known: readonly Known[]): Promise<string> {
  const other = known.find(({ publicKey }) => publicKey !== first);
  return other ? other.publicKey : createIdentity("Visitor");
}
