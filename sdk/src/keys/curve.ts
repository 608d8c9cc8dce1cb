import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { getPublicKey, hashes, Point, sign, utils, verify } from "@noble/secp256k1";

// noble's synchronous functions need these two slots filled; its asynchronous ones need `crypto.subtle`, which pages
// on plain http lack. Every use of the curve goes through this file, so nobody can meet it unprepared.
hashes.sha256 = sha256;
hashes.hmacSha256 = (key, message) => hmac(sha256, key, message);

export { getPublicKey, Point, sign, utils, verify };
