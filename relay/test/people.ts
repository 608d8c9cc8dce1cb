import { type Keypair, keypairFrom } from "@circles/sdk";

const person = (byte: string): Keypair => keypairFrom(byte.repeat(32));

/** The owner of the circle in a test. */
export const alice = person("a1");
/** A peer whom the test lets in. */
export const bob = person("b0");
/** A peer who should get nothing. */
export const mallory = person("66");
