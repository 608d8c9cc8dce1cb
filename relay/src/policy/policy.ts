import type { PublicKey } from "@circles/sdk/protocol";

export type Decision = { readonly allow: true } | { readonly allow: false; readonly capability: string };

/** May `caller` play in `circle`? A policy that throws counts as a denial. */
export type Policy = (play: { readonly circle: PublicKey; readonly caller: PublicKey }) => Decision;

/** The capability that nobody but the owner can hold while there are no grants. */
export const EVERYTHING = "*";

/** Nobody but the owner can do anything until a grant says so. */
export const ownerOnly: Policy = ({ circle, caller }) =>
  caller === circle ? { allow: true } : { allow: false, capability: EVERYTHING };

/** For development: every peer that logged in is treated as the owner. */
export const open: Policy = () => ({ allow: true });
