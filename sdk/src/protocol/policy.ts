import type { PublicKey } from "./ids.ts";
import type { ContentHash } from "./log.ts";

/**
 * Who may do what in a circle. Nobody but the owner may do anything that no grant says. `config/policy.json` holds it,
 * and `policy.get` and `policy.set` take it.
 */
export type PolicyDocument = {
  /** Keys by a name that stands for all of them in `to`. */
  readonly groups?: { readonly [name: string]: readonly PublicKey[] };
  readonly grants: readonly Grant[];
  /** Plays that their callers did not sign are refused, the owner's too: no relay's word is enough. */
  readonly unsigned?: "refuse";
  /** Device keys: what they sign under a delegation, whoever's, is refused. */
  readonly revoked_devices?: readonly PublicKey[];
};

/** Capabilities for some callers. A script has those of all the grants that match its caller. */
export type Grant = {
  /** A public key, the name of a group, or `*` for everybody. */
  readonly to: string;
  /** Such as `read:notes/**`, `write:inbox/*`, `call:sign_guestbook`, `policy`. */
  readonly allow: readonly string[];
  /** The owner is asked each time; until it is allowed, a play waits. */
  readonly approval?: "ask";
  /** Only scripts with one of these contents. */
  readonly scripts?: readonly ContentHash[];
  /** The end of the grant, ISO 8601 with its zone. */
  readonly expires?: string;
  readonly limits?: GrantLimits;
};

/** Limits of the plays that use a grant. They may only lower what the relay allows. */
export type GrantLimits = {
  readonly cpu_ms?: number;
  readonly wall_ms?: number;
  readonly memory_bytes?: number;
  readonly output_bytes?: number;
  /** UTF-8 bytes that one play writes. */
  readonly storage_bytes?: number;
  /** Plays of one caller. */
  readonly plays_per_minute?: number;
  /** Of all callers together. */
  readonly in_total?: { readonly plays_per_minute: number };
};

/** What a play hears that needs something: it may; it may when the owner allows it; it may not. */
export type PolicyVerdict = "allowed" | "asks" | "denied";
