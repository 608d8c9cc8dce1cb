import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { ethereumAddress, personalDigest } from "../src/keys/ethereum.ts";
import type { Keypair } from "../src/keys/keypair.ts";
import { Point, sign } from "../src/keys/plain-curve.ts";

/** An error as EIP-1193 has them. */
class ProviderError extends Error {
  override name = "ProviderRpcError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

type Asked = { readonly method: string; readonly params?: readonly unknown[] | object | undefined };

const ORDER = Point.CURVE().n;

/** An Ethereum wallet with the keys of a test, as a page finds it: EIP-1193 with `personal_sign`. */
export class EthereumWallet {
  readonly asked: Asked[] = [];
  /** What it showed its person, and was told to sign. */
  readonly shown: string[] = [];
  /** What comes of a signature, r‖s‖v in hex, before the page gets it. */
  alter: (signature: string) => unknown = (signature) => signature;
  /** Its person says no to these. */
  refuses: readonly string[] = [];
  #accounts: readonly Keypair[];

  constructor(...accounts: Keypair[]) {
    this.#accounts = accounts;
  }

  /** Its person chooses another account; pages see that one from now on. */
  change(...accounts: Keypair[]): void {
    this.#accounts = accounts;
  }

  async request({ method, params }: Asked): Promise<unknown> {
    this.asked.push({ method, params });
    if (this.refuses.includes(method)) throw new ProviderError(4001, "User rejected the request.");
    if (method === "eth_requestAccounts") return this.#accounts.map(({ publicKey }) => ethereumAddress(publicKey));
    if (method === "personal_sign") {
      const [message, address] = params as [string, string];
      return this.alter(this.#sign(new TextDecoder().decode(hexToBytes(message.slice(2))), address));
    }
    throw new ProviderError(4200, "Unsupported method");
  }

  #sign(text: string, address: string): string {
    const account = this.#accounts.find(({ publicKey }) => ethereumAddress(publicKey) === address);
    if (!account) throw new ProviderError(4100, "Unauthorized");
    this.shown.push(text);
    return personalSignature(account, text);
  }
}

/** 0x, r‖s and v as most wallets write it: 27 or 28. */
export function personalSignature(account: Keypair, text: string): string {
  const secret = hexToBytes(account.exportSecret());
  const [recovery = 0, ...rs] = sign(personalDigest(text), secret, { prehash: false, format: "recovered" });
  return `0x${bytesToHex(Uint8Array.from([...rs, 27 + recovery]))}`;
}

/** The same signature with the other s, and the v that belongs to it. */
export function withHighS(signature: string): string {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith("1b") ? "1c" : "1b";
  return signature.slice(0, 66) + s.toString(16).padStart(64, "0") + v;
}

/** As EIP-2098 packs it: v in the top bit of s. */
export function packed(signature: string): string {
  const bytes = hexToBytes(signature.slice(2));
  if (bytes[64] === 28) bytes[32] = (bytes[32] ?? 0) | 0x80;
  return `0x${bytesToHex(bytes.subarray(0, 64))}`;
}
