import { randomBytes } from "node:crypto";
import { canonicalPublicKey } from "@circles/sdk/keys";
import {
  CLOCK_SKEW_S,
  delegationFault,
  ErrorCode,
  type LimitReached,
  type Methods,
  makeLoginNonce,
  NONCE_LIFETIME_S,
  type Nonce,
  type PublicKey,
  parseAuthenticate,
  parseFetchNonce,
  type SignedDelegation,
  WireError,
} from "@circles/sdk/protocol";
import { Delegations } from "../signatures/delegations.ts";
import type { Verifier } from "../signatures/verifier.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { Connection, Session } from "./connection.ts";

/** On one connection. Checking a key costs more than asking for it: a flood of requests is to cost a flood of connections. */
const MOST_NONCES = 32;
const RETRY_AFTER_MS = 60_000;

export type LoginParts = { readonly verifier: Verifier; readonly limits: AddressLimits };

type Issued = { readonly nonce: Nonce; readonly pubkey: PublicKey; readonly expiresAt: number };

/**
 * Logs peers in. A nonce is good on the connection and for the key it was given to, once, for a minute; a connection has
 * at most one, the last that it fetched, so strangers cannot make the relay remember many.
 */
export class Login {
  readonly #verifier: Verifier;
  readonly #delegations: Delegations;
  readonly #limits: AddressLimits;
  readonly #issued = new WeakMap<Connection, Issued>();
  readonly #fetched = new WeakMap<Connection, number>();
  readonly #now: () => number;

  /** `now` in Unix seconds. */
  constructor({ verifier, limits }: LoginParts, now: () => number = () => Math.floor(Date.now() / 1000)) {
    this.#verifier = verifier;
    this.#delegations = new Delegations(verifier);
    this.#limits = limits;
    this.#now = now;
  }

  fetchNonce(params: unknown, connection: Connection): Methods["fetch_nonce"]["result"] {
    const { pubkey: text } = parseFetchNonce(params);
    const fetched = this.#fetched.get(connection) ?? 0;
    if (fetched >= MOST_NONCES) throw tooManyNonces(fetched);
    this.#fetched.set(connection, fetched + 1);
    const pubkey = parseKey(text);
    const { circle, host } = connection;
    const expiresAt = this.#now() + NONCE_LIFETIME_S;
    const nonce = makeLoginNonce({ circle, host, expiresAt, random: randomBytes(32).toString("hex") });
    this.#issued.set(connection, { nonce, pubkey, expiresAt });
    return { nonce, expires_at: expiresAt };
  }

  /** @throws {WireError} -32002 whatever is wrong with key, nonce or signature; the caller closes the connection. */
  authenticate(params: unknown, connection: Connection): Methods["authenticate"]["result"] {
    const { pubkey: text, signature, delegation } = parseAuthenticate(params);
    this.#limits.countTry(connection.address); // checking a signature is what costs most here
    const pubkey = parseKey(text);
    const issued = this.#issued.get(connection);
    this.#issued.delete(connection);
    if (!issued) throw refused("expected fetch_nonce on this connection first");
    if (issued.pubkey !== pubkey) throw refused("expected the key that the nonce was fetched for, got another");
    if (issued.expiresAt < this.#now()) throw refused("expected a nonce that has not expired");
    if (!this.#verifier.verify(signature, issued.nonce, pubkey))
      throw refused("expected the key's signature, got another");
    const session = delegation ? this.#delegated(delegation, pubkey, connection.circle) : { caller: pubkey };
    this.#limits.countLogin(session.caller);
    connection.begin(session);
    return { authenticated: true };
  }

  /** The session of a root whose device has shown that it is here. */
  #delegated(delegation: SignedDelegation, device: PublicKey, circle: PublicKey): Session {
    if (delegation.device !== device) throw refused("expected a delegation for this device, got one for another");
    const fault = delegationFault(delegation, { circle, now: this.#now() });
    if (fault) throw refused(`expected a delegation that counts here now, got one that does not: ${fault}`);
    if (!this.#delegations.hashOf(delegation)) throw refused("expected the root's signature, got another");
    return { caller: delegation.root, ends: (delegation.expires_at + CLOCK_SKEW_S) * 1000 };
  }
}

function parseKey(text: string): PublicKey {
  try {
    return canonicalPublicKey(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new WireError(ErrorCode.InvalidParams, `pubkey: ${message}`, { param: "pubkey" }, { cause });
  }
}

function tooManyNonces(used: number): WireError {
  const data: LimitReached = { limit: "nonces", used, allowed: MOST_NONCES, retry_after_ms: RETRY_AFTER_MS };
  return new WireError(ErrorCode.Busy, "busy: this connection has fetched its share of nonces", data);
}

function refused(why: string): WireError {
  return new WireError(ErrorCode.InvalidCredentials, `invalid credentials: ${why}`);
}
