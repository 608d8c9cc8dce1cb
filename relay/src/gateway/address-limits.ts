import { isIPv6 } from "node:net";
import { ErrorCode, type LimitReached, type PublicKey, WireError } from "@circles/sdk/protocol";
import { AddressRanges, LOOPBACK } from "./address-ranges.ts";
import { MinuteCounts } from "./minute-counts.ts";

/**
 * What one address or key may do. Defaults: enough for an office behind one address, and for a key that comes back to a thousand
 * circles at once; too little for a flood.
 */
export type PeerLimits = {
  readonly connectionsPerAddress: number;
  /** Tries, whether they succeed or not. */
  readonly loginsPerMinutePerAddress: number;
  /** Logins that succeed: whoever only names a key takes nothing from its owner. */
  readonly loginsPerMinutePerKey: number;
};

export const DEFAULT_PEER_LIMITS: PeerLimits = Object.freeze({
  connectionsPerAddress: 512,
  loginsPerMinutePerAddress: 600,
  loginsPerMinutePerKey: 3_000,
});

/**
 * Counts what comes from one address, and the logins of one key. Of IPv6, /64 count as one address, for a single machine has
 * as many. This machine itself has no limit by address.
 */
export class AddressLimits {
  readonly #limits: PeerLimits;
  readonly #connections = new Map<string, number>();
  readonly #loginsOfAddress: MinuteCounts;
  readonly #loginsOfKey: MinuteCounts;
  readonly #unlimited = new AddressRanges(LOOPBACK);

  constructor(limits: Partial<PeerLimits> = {}, now?: () => number) {
    this.#limits = { ...DEFAULT_PEER_LIMITS, ...limits };
    this.#loginsOfAddress = new MinuteCounts(this.#limits.loginsPerMinutePerAddress, now);
    this.#loginsOfKey = new MinuteCounts(this.#limits.loginsPerMinutePerKey, now);
  }

  /** Counts a connection, and answers what ends that; `undefined` if its address has as many as it may. */
  enter(address: string): (() => void) | undefined {
    const name = this.#nameOf(address);
    if (name === undefined) return () => {};
    const count = this.#connections.get(name) ?? 0;
    if (count >= this.#limits.connectionsPerAddress) return undefined;
    this.#connections.set(name, count + 1);
    return () => {
      const left = (this.#connections.get(name) ?? 1) - 1;
      if (left > 0) this.#connections.set(name, left);
      else this.#connections.delete(name);
    };
  }

  /** To be called for each try. @throws {WireError} -32007 */
  countTry(address: string): void {
    const name = this.#nameOf(address);
    const retryAfterMs = name === undefined ? undefined : this.#loginsOfAddress.add(name);
    if (retryAfterMs === undefined) return;
    throw busy("logins_per_minute_per_address", this.#limits.loginsPerMinutePerAddress, retryAfterMs);
  }

  /** To be called when a login is known to be its key's own. @throws {WireError} -32007 */
  countLogin(key: PublicKey): void {
    const retryAfterMs = this.#loginsOfKey.add(key);
    if (retryAfterMs === undefined) return;
    throw busy("logins_per_minute_per_key", this.#limits.loginsPerMinutePerKey, retryAfterMs);
  }

  /** `undefined` for whom no limit holds. */
  #nameOf(address: string): string | undefined {
    if (address === "" || this.#unlimited.includes(address)) return undefined;
    return isIPv6(address) ? networkOf(address) : address;
  }
}

/** The first 64 bits, in full. A zone (`%eth0`) is behind them. */
function networkOf(address: string): string {
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const groups = head === "" ? [] : head.split(":");
  const behind = tail === undefined || tail === "" ? 0 : tail.split(":").length;
  const filled =
    tail === undefined ? groups : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - behind)).fill("0")];
  const all = tail ? [...filled, ...tail.split(":")] : filled;
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

function busy(limit: string, allowed: number, retryAfterMs: number): WireError {
  const data: LimitReached = { limit, allowed, retry_after_ms: retryAfterMs };
  return new WireError(ErrorCode.Busy, `busy: ${limit} is at its limit of ${allowed}`, data);
}
