import { type Keypair, keypairFrom } from "../src/keys/index.ts";
import { readVectors } from "./read-vectors.ts";

/** The owner of the circle. */
export const alice = personNamed("alice");
/** Allowed in it. */
export const bob = personNamed("bob");
/** Not allowed, and trying. */
export const mallory = personNamed("mallory");

function personNamed(name: string): Keypair {
  const pair = readVectors("keys").pairs.find(({ comment }) => comment === name);
  if (!pair) throw new Error(`keys.json: expected a pair for ${name}`);
  return keypairFrom(pair.secret_key);
}
