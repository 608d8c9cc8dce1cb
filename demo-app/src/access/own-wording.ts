import { identities } from "../peers/identities.ts";
import type { Wording } from "./sentence.ts";

/** How sentences speak to this person. */
export function ownWording(): Wording {
  return {
    names: new Map(identities.value.map(({ publicKey, name }) => [publicKey, name])),
    time: (iso) => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }),
  };
}
