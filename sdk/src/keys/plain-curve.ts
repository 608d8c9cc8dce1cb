import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { hashes, Point, recoverPublicKey, sign, verify } from "@noble/secp256k1";

// noble's synchronous functions need these two slots filled. Whoever signs or verifies without WebCrypto, which pages on
// plain http lack, goes through this file, so nobody can meet them unprepared.
hashes.sha256 = sha256;
hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

export { Point, recoverPublicKey, sign, verify };
