import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { type DelegateOptions, makeDelegated, signed } from "../keys/delegation.ts";
import { signerUnder } from "../keys/device-signer.ts";
import { checksummed, recoverPersonal } from "../keys/ethereum.ts";
import { signedDelegationText } from "../keys/signed-delegation.ts";
import type { Signer } from "../keys/signer.ts";
import type { SignedDelegation } from "../protocol/delegation.ts";
import { walletDelegationText } from "../protocol/wallet-delegation.ts";

/** A wallet as a page finds it: the one method of EIP-1193 that is needed, `window.ethereum` for example. */
export interface WalletProvider {
  request(call: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

export type ConnectWalletOptions = Omit<DelegateOptions, "device"> & {
  /** The key that is to act for the wallet's. */
  readonly device: Signer;
  /** Which of the wallet's accounts, `0x` and 40 hex characters. Default: the one that the wallet names first. */
  readonly account?: string;
};

/** The wallet, or its person, did not sign. `code` as in EIP-1193, 4001 where the person said no; else left out. */
export class WalletRefused extends Error {
  override name = "WalletRefused";
  readonly code: number | undefined;

  constructor(message: string, { code, cause }: { code?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** EIP-1193. */
const USER_REJECTED = 4001;

/**
 * Asks an Ethereum wallet once to let a device key act for its account (`personal_sign`, in words), and returns what logs in
 * and plays as the key of that account, without asking again until the delegation ends. Keep `signer.delegation` beside the
 * device key, and `walletSigner` makes the same of them after a reload. Rejects with `WalletRefused`; with `TypeError` or
 * `RangeError` for options that make no delegation, before the wallet is asked to sign.
 */
export async function connectWallet(
  provider: WalletProvider,
  { device, account, ...options }: ConnectWalletOptions,
): Promise<Signer> {
  const delegated = makeDelegated({ ...options, device: device.publicKey });
  const address = accountOf(await ask(provider, "eth_requestAccounts"), account);
  // Until the wallet has signed only the address of its key is known: that is why the text names the address.
  const text = walletDelegationText(delegated, address);
  const given = await ask(provider, "personal_sign", [`0x${bytesToHex(utf8ToBytes(text))}`, address]);
  const recovered = recoverPersonal(given, text, address);
  if (!recovered) {
    throw new WalletRefused(
      "wallet: expected a signature of the account's own key over the text it was asked to sign, got another " +
        "(an account that is a contract cannot be a peer)",
    );
  }
  const { publicKey: root, signature } = recovered;
  return walletSigner(device, { ...signed({ ...delegated, root }, signature), scheme: "eip191" });
}

/**
 * Signs with a device key in the name of the wallet that signed `delegation`, as `deviceSigner` does for other roots.
 * @throws {TypeError} if it is for another device key, or not a wallet's.
 */
export function walletSigner(device: Signer, delegation: SignedDelegation): Signer {
  if (delegation.scheme !== "eip191") {
    throw new TypeError("delegation: expected one that a wallet signed, got another; use deviceSigner for it");
  }
  return signerUnder(device, delegation, signedDelegationText(delegation));
}

async function ask(provider: WalletProvider, method: string, params: readonly unknown[] = []): Promise<unknown> {
  try {
    return await provider.request({ method, params });
  } catch (cause) {
    const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
    const message = code === USER_REJECTED ? "wallet: its person said no" : `wallet: ${method} failed`;
    throw new WalletRefused(message, { cause, ...(typeof code === "number" ? { code } : {}) });
  }
}

function accountOf(answer: unknown, wanted: string | undefined): string {
  const accounts = Array.isArray(answer) ? answer.filter(isAddress).map(checksummed) : [];
  if (wanted !== undefined && !isAddress(wanted)) {
    throw new TypeError("account: expected 0x and 40 hex characters, got another text");
  }
  const account = wanted === undefined ? accounts[0] : accounts.find((one) => one === checksummed(wanted));
  if (account !== undefined) return account;
  throw new WalletRefused(`wallet: expected ${wanted === undefined ? "an account" : "the account"}, got none`);
}

function isAddress(value: unknown): value is string {
  return typeof value === "string" && /^0x[0-9a-f]{40}$/i.test(value);
}
