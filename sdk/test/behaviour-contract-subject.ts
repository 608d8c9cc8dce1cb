import { afterEach, beforeEach } from "vitest";
import { type Circle, connect, generateKeypair, type Keypair, type Signer } from "../src/index.ts";

/** What a place where the SDK runs is given: a real relay, where nothing is allowed but to owners, behind a line that can be cut. */
export type Place = {
  /** Where peers dial through that line: append a circle's public key. */
  readonly url: string;
  /** The same, through somebody who passes on everything. */
  readonly middlemanUrl: string;
  /** An address where nobody listens. */
  readonly nobodyUrl: string;
  /** Ends every connection that goes through the line; the next ones go through. */
  readonly cut: () => unknown;
};

/** Bob, whose circle it is, and alice, in a test of the contract: others in each; what they dial is closed after it. */
export function peersUnderTest(place: () => Place) {
  const circles: Circle[] = [];
  let bob: Keypair;
  let alice: Keypair;
  beforeEach(() => {
    [bob, alice] = [generateKeypair(), generateKeypair()];
  });
  afterEach(() => {
    for (const circle of circles.splice(0)) circle.close();
  });
  const dial = async (signer: Signer, url = place().url) => {
    const circle = await connect(`${url}/${bob.publicKey}`, { signer });
    circles.push(circle);
    return circle;
  };
  /** Bob's circle as he and alice hold it, where she may do what he allows. */
  const both = async (...allow: string[]): Promise<[bobs: Circle, alices: Circle]> => {
    const bobs = await dial(bob);
    if (allow.length > 0) await bobs.policy.set({ grants: [{ to: alice.publicKey, allow }] });
    return [bobs, await dial(alice)];
  };
  return {
    dial,
    both,
    get bob() {
      return bob;
    },
    get alice() {
      return alice;
    },
  };
}
