import { inTime } from "../in-time.ts";
import { checkNonce } from "../keys/login.ts";
import type { Signer } from "../keys/signer.ts";
import type { PublicKey } from "../protocol/ids.ts";
import { Calls, type CallsOptions } from "./calls.ts";
import type { Transport } from "./transport.ts";

export type Address = {
  readonly circle: PublicKey;
  /** Host and port as in the URL that is dialled (`URL.host`). */
  readonly host: string;
  /** Rejects with `ConnectionError`. */
  readonly dial: (signal: AbortSignal) => Promise<Transport>;
};

/** One connection on which a peer is logged in. */
export type Session = {
  readonly calls: Calls;
  /** How far the relay's clock is ahead of this one. */
  readonly clockOffsetS: number;
};

export type SessionOptions = CallsOptions & { readonly signer: Signer; readonly timeoutMs: number };

/** Dials and logs in. Rejects with `ConnectionError`, `DeadlineError`, `NonceRefused`, `WireError`, or as the signer does. */
export async function openSession(
  { circle, host, dial }: Address,
  { signer, timeoutMs, ...options }: SessionOptions,
): Promise<Session> {
  const end = Date.now() + timeoutMs;
  const calls = new Calls(await dial(AbortSignal.timeout(timeoutMs)), options);
  const left = () => Math.max(1, end - Date.now());
  try {
    const { delegation } = signer;
    const pubkey = delegation?.device ?? signer.publicKey;
    const { nonce } = await calls.call("fetch_nonce", { pubkey }, left());
    const clockOffsetS = checkNonce(nonce, { circle, host });
    const signature = await inTime(signer.signLogin(nonce, { circle, host }), left());
    await calls.call("authenticate", { pubkey, signature, ...(delegation ? { delegation } : {}) }, left());
    return { calls, clockOffsetS };
  } catch (error) {
    calls.close();
    throw error;
  }
}
