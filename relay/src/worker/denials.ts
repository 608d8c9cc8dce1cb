import type { PublicKey } from "@circles/sdk/protocol";
import type { Namespace } from "../namespace/namespace.ts";

const WINDOW_MS = 60_000;
/** While the log is followed: whoever looks on wants to see it, and a stranger's records are still few. */
const FOLLOWED_WINDOW_MS = 5_000;
/** Denials told apart in one record; keys and names cost nothing, so the rest of a minute is only counted. */
const MOST_NAMED = 32;
/** Of these at most so many are one caller's. */
const MOST_NAMED_OF_CALLER = 8;
const MOST_CAPABILITY_CHARACTERS = 256;

type Counted = { readonly caller: PublicKey; readonly capability: string; plays: number };
type Window = {
  readonly since: string;
  readonly named: Counted[];
  readonly others: { plays: number };
  readonly timer: NodeJS.Timeout;
};

/** Runs `use` with the namespace of a circle that is not in use now. */
type WithNamespace = (circle: PublicKey, use: (namespace: Namespace) => Promise<void>) => Promise<void>;

export type DenialsParts = {
  readonly withNamespace: WithNamespace;
  /** Is somebody looking at the log as it grows? */
  readonly isFollowed: (namespace: Namespace) => boolean;
  /** Called when a record was written. */
  readonly onWritten: (namespace: Namespace) => void;
};

/**
 * What circles denied, counted and written into their logs once a minute, or every 5 seconds while the log is followed: one
 * record in that time, however many strangers knock, so that they cannot fill a disk. A crash loses the counts of a minute at most.
 */
export class Denials {
  readonly #windows = new Map<PublicKey, Window>();
  readonly #parts: DenialsParts;

  constructor(parts: DenialsParts) {
    this.#parts = parts;
  }

  /** A circle that is not on disk yet denies everybody and keeps nothing. */
  count(namespace: Namespace, caller: PublicKey, capability: string): void {
    if (!namespace.exists) return;
    const { named, others } = this.#window(namespace);
    const shown = capability.slice(0, MOST_CAPABILITY_CHARACTERS);
    const ofCaller = named.filter((counted) => counted.caller === caller);
    const known = ofCaller.find((counted) => counted.capability === shown);
    if (known) known.plays += 1;
    else if (named.length < MOST_NAMED && ofCaller.length < MOST_NAMED_OF_CALLER) {
      named.push({ caller, capability: shown, plays: 1 });
    } else others.plays += 1;
  }

  /** Writes what was counted so far, before somebody reads the log. */
  async flush(namespace: Namespace): Promise<void> {
    const window = this.#windows.get(namespace.circle);
    if (!window) return;
    this.#windows.delete(namespace.circle);
    clearTimeout(window.timer);
    const others = window.others.plays > 0 ? { others: window.others } : {};
    await namespace.noteDenials({ denials: window.named, since: window.since, ...others });
    this.#parts.onWritten(namespace);
  }

  /** Writes everything; nothing is counted any more. */
  async close(): Promise<void> {
    const circles = Array.from(this.#windows.keys());
    await Promise.allSettled(
      circles.map((circle) => this.#parts.withNamespace(circle, (namespace) => this.flush(namespace))),
    );
  }

  #window(namespace: Namespace): Window {
    const { circle } = namespace;
    const known = this.#windows.get(circle);
    if (known) return known;
    const flush = () => {
      // A circle that cannot be opened now has told whoever used it; its counts are lost with its next window.
      this.#parts.withNamespace(circle, (one) => this.flush(one)).catch(() => this.#windows.delete(circle));
    };
    const ms = this.#parts.isFollowed(namespace) ? FOLLOWED_WINDOW_MS : WINDOW_MS;
    const timer = setTimeout(flush, ms).unref();
    const window = { since: new Date().toISOString(), named: [], others: { plays: 0 }, timer };
    this.#windows.set(circle, window);
    return window;
  }
}
