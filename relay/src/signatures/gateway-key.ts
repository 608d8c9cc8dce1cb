import { createECDH, createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { PublicKey, Sha256, Signature, TaskId } from "@circles/sdk/protocol";

/** What a gateway vouches for: that this caller, logged in, asked for this play, which begins by the deadline or never. */
export type Vouched = {
  readonly circle: PublicKey;
  readonly caller: PublicKey;
  readonly id: TaskId;
  readonly hashes: { readonly script: Sha256; readonly args: Sha256 };
  readonly timeoutMs?: number | undefined;
  /** Unix milliseconds. */
  readonly deadline: number;
};

const CURVE = "secp256k1";
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The key with which a gateway signs plays that their callers did not sign, for workers elsewhere. */
export class GatewayKey {
  readonly publicKey: PublicKey;
  readonly #key: KeyObject;

  private constructor(secret: Buffer) {
    const ecdh = createECDH(CURVE);
    ecdh.setPrivateKey(secret);
    const point = ecdh.getPublicKey();
    this.publicKey = ecdh.getPublicKey("hex", "compressed") as PublicKey;
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
    const jwk = { kty: "EC", crv: CURVE, d: secret.toString("base64url"), x: x ?? "", y: y ?? "" };
    this.#key = createPrivateKey({ key: jwk, format: "jwk" });
  }

  /** 64 hex characters. @throws {TypeError} for anything else. */
  static from(secret: string): GatewayKey {
    if (!/^[0-9a-f]{64}$/i.test(secret))
      throw new TypeError("gateway key: expected 64 hex characters, got another text");
    try {
      return new GatewayKey(Buffer.from(secret, "hex"));
    } catch {
      throw new TypeError("gateway key: expected a secret key of secp256k1, got a number outside its order");
    }
  }

  /** The secret of a new key, for `from`. */
  static makeSecret(): string {
    const ecdh = createECDH(CURVE);
    ecdh.generateKeys();
    return ecdh.getPrivateKey("hex").padStart(64, "0");
  }

  vouch(vouched: Vouched): Signature {
    const signature = sign("sha256", Buffer.from(vouchedText(vouched)), { key: this.#key, dsaEncoding: "ieee-p1363" });
    return lowS(signature).toString("hex") as Signature;
  }
}

/** What is signed. Nothing else that is signed with a key of a peer begins so. */
export function vouchedText({ circle, caller, id, hashes, timeoutMs, deadline }: Vouched): string {
  const timeout = timeoutMs === undefined ? "-" : String(timeoutMs);
  return ["circles-vouch/1", circle, caller, id, hashes.script, hashes.args, timeout, String(deadline), ""].join("\n");
}

/** Of the two signatures that are as good, the one that is taken everywhere (SDK's SPEC, K4). */
function lowS(signature: Buffer): Buffer {
  const s = BigInt(`0x${signature.toString("hex", 32)}`);
  if (s <= ORDER / 2n) return signature;
  return Buffer.concat([signature.subarray(0, 32), Buffer.from((ORDER - s).toString(16).padStart(64, "0"), "hex")]);
}
