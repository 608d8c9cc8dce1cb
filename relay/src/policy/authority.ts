import type { Sha256 } from "@circles/sdk/protocol";
import { type Capability, covers, parseCapability } from "./capability.ts";

/** Limits by the names that a sandbox has for them. */
export type PlayLimits = {
  readonly cpuMs?: number;
  readonly wallMs?: number;
  readonly memoryBytes?: number;
  readonly outputBytes?: number;
  readonly storageBytes?: number;
};

/** A grant as far as one play needs it. */
export type PlayGrant = {
  /** Names its content: the same grant has the same id in another policy. */
  readonly id: string;
  readonly allow: readonly string[];
  readonly ask?: true;
  /** Unix milliseconds. */
  readonly expires?: number;
  readonly limits?: PlayLimits;
  /** It gives nothing now: as many plays per minute as it allows have used it. */
  readonly exhausted?: { readonly allowed: number; readonly retryAfterMs: number };
};

/** What one play may do, in a form that can be sent to a thread as JSON. */
export type PlayAuthority = {
  /** SHA-256 of the script as its caller sent it: what runs may have had its types taken out. */
  readonly script: Sha256;
  /** In the order of the policy. */
  readonly grants: readonly PlayGrant[];
  /** Capabilities that the owner allowed this play. */
  readonly approved: readonly string[];
};

export type Verdict =
  | { readonly kind: "held"; readonly limits?: PlayLimits }
  | { readonly kind: "missing" }
  | { readonly kind: "ask" }
  | { readonly kind: "exhausted"; readonly allowed: number; readonly retryAfterMs: number };

type Indexed = PlayAuthority & {
  /** Places in `grants`, by a whole capability such as `read:notes/a`. */
  readonly exact: ReadonlyMap<string, readonly number[]>;
  /** By what stands before `**` at the end: `read:notes/` of `read:notes/**`. */
  readonly below: ReadonlyMap<string, readonly number[]>;
  readonly globs: readonly { readonly capability: Capability; readonly place: number }[];
  readonly initialLimits: PlayLimits;
};

/** Reading a large policy costs more than asking it: plays of one caller often bring the same text. */
const MOST_KEPT = 8;
const kept = new Map<string, Indexed>();

/** Opens what `JSON.stringify` made of a `PlayAuthority`. Each play has its own, for it remembers what it relied on. */
export function openAuthority(text: string): GrantedAuthority {
  const indexed = kept.get(text) ?? index(JSON.parse(text) as PlayAuthority);
  kept.delete(text);
  kept.set(text, indexed);
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return new GrantedAuthority(indexed);
}

/**
 * What a play may do by its caller's grants. A capability is given by the first grant, in the policy's order, that has it
 * and is not used up; from then on that grant's limits bind the play.
 */
export class GrantedAuthority {
  readonly #indexed: Indexed;
  readonly #used = new Set<string>();

  constructor(indexed: Indexed) {
    this.#indexed = indexed;
  }

  /** For each limit the most generous of the grants; a play that uses none of them runs under these. */
  get initialLimits(): PlayLimits {
    return this.#indexed.initialLimits;
  }

  /** Ids of the grants that gave something, or asked for it. */
  get used(): string[] {
    return [...this.#used];
  }

  check(needed: string): Verdict {
    const now = Date.now();
    const grants = this.#candidates(needed).filter(({ expires = Number.POSITIVE_INFINITY }) => expires > now);
    const [asking, plain] = [grants.filter(({ ask }) => ask), grants.filter(({ ask }) => !ask)];
    const giving = plain.find(({ exhausted }) => !exhausted);
    if (giving) {
      this.#used.add(giving.id);
      return held(giving);
    }
    const [first] = asking;
    if (first && this.#indexed.approved.includes(needed)) {
      this.#used.add(first.id);
      return held(first);
    }
    const asked = plain.length === 0 ? asking.find(({ exhausted }) => !exhausted) : undefined;
    if (asked) {
      this.#used.add(asked.id);
      return { kind: "ask" };
    }
    const usedUp = soonest(plain) ?? soonest(asking);
    return usedUp ? { kind: "exhausted", ...usedUp } : { kind: "missing" };
  }

  /** May it list names that begin so? `nothing`: it may, and there is none that it may read. */
  readsBelow(prefix: string): Verdict | { readonly kind: "nothing" } {
    const now = Date.now();
    const { grants, approved } = this.#indexed;
    const reading = grants.filter(
      ({ allow, ask, expires = Number.POSITIVE_INFINITY }) =>
        expires > now && allow.some((text) => isReading(text) && (!ask || approved.some(isReading))),
    );
    if (reading.length === 0) return { kind: "missing" };
    const usable = reading.filter(({ exhausted }) => !exhausted);
    const usedUp = soonest(reading);
    if (usable.length === 0 && usedUp) return { kind: "exhausted", ...usedUp };
    const isBelow = (text: string) => isReading(text) && mayMeet(literalOf(text), prefix);
    return { kind: usable.some(({ allow }) => allow.some(isBelow)) ? "held" : "nothing" };
  }

  /** Grants that have it, in order. */
  #candidates(needed: string): PlayGrant[] {
    const { exact, below, globs, grants } = this.#indexed;
    const places = new Set(exact.get(needed));
    // After the colon and after every slash begins what "**" may stand for; it stands for one segment at least.
    for (let at = needed.indexOf(":"); at >= 0; at = needed.indexOf("/", at + 1)) {
      for (const place of below.get(needed.slice(0, at + 1)) ?? []) places.add(place);
    }
    for (const { capability, place } of globs) if (covers(capability, needed)) places.add(place);
    return Array.from(places)
      .toSorted((a, b) => a - b)
      .flatMap((place) => grants[place] ?? []);
  }
}

/** Of grants that are used up, what the one that is free first says. */
export function soonest(grants: readonly PlayGrant[]): PlayGrant["exhausted"] {
  return grants.flatMap(({ exhausted }) => exhausted ?? []).toSorted((a, b) => a.retryAfterMs - b.retryAfterMs)[0];
}

function isReading(capability: string): boolean {
  return capability.startsWith("read:");
}

/** What every name begins with that a capability gives. */
function literalOf(capability: string): string {
  return capability.slice(capability.indexOf(":") + 1).replace(/\*.*$/su, "");
}

/** Can one name begin with both? */
function mayMeet(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function held(grant: PlayGrant | undefined): Verdict {
  return grant?.limits ? { kind: "held", limits: grant.limits } : { kind: "held" };
}

function index(authority: PlayAuthority): Indexed {
  const exact = new Map<string, number[]>();
  const below = new Map<string, number[]>();
  const globs: { capability: Capability; place: number }[] = [];
  const add = (map: Map<string, number[]>, text: string, place: number) => {
    const places = map.get(text);
    if (places) places.push(place);
    else map.set(text, [place]);
  };
  for (const [place, { allow }] of authority.grants.entries()) {
    for (const text of allow) {
      const capability = parseCapability(text);
      if (!capability) continue; // a later version's
      if (!text.includes("*")) add(exact, text, place);
      else if (text.endsWith("**") && !text.slice(0, -2).includes("*")) add(below, text.slice(0, -2), place);
      else globs.push({ capability, place });
    }
  }
  return { ...authority, exact, below, globs, initialLimits: mostGenerous(authority.grants) };
}

function mostGenerous(grants: readonly PlayGrant[]): PlayLimits {
  const most: { -readonly [name in keyof PlayLimits]: number } = {};
  const names = ["cpuMs", "wallMs", "memoryBytes", "outputBytes", "storageBytes"] as const;
  for (const name of names) {
    const given = grants.map(({ limits }) => limits?.[name] ?? Number.POSITIVE_INFINITY);
    const generous = given.reduce((a, b) => Math.max(a, b), 0);
    if (given.length > 0 && generous < Number.POSITIVE_INFINITY) most[name] = generous;
  }
  return most;
}
