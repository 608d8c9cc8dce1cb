import { delegate, keypairFrom, sha256Hex, signedDelegationText } from "@circles/sdk/keys";
import type { SignedDelegation } from "@circles/sdk/protocol";
import { describe, expect, it, vi } from "vitest";
import { readVectors } from "../../../sdk/test/read-vectors.ts";
import { alice, bob } from "../../test/people.ts";
import { Delegations } from "./delegations.ts";
import { chooseVerifier } from "./verifier.ts";

const device = keypairFrom("d0".repeat(32)).publicKey;
const options = { device, circles: "*", lifetimeS: 60 } as const;

describe("delegations", () => {
  const countingVerifier = async () => {
    const { verify, ...others } = await chooseVerifier();
    return { ...others, verify: vi.fn(verify) };
  };

  it("[WK22] are checked once while they are remembered, and have the hash of the text that was signed", async () => {
    const verifier = await countingVerifier();
    const delegations = new Delegations(verifier);
    const delegation = await delegate(alice, options);
    const hash = sha256Hex(signedDelegationText(delegation));
    for (let i = 0; i < 3; i++) expect(delegations.hashOf(structuredClone(delegation))).toBe(hash);
    expect(verifier.verify).toHaveBeenCalledTimes(1);
  });

  it("[WK22] that one root signed are nothing of another, remembered or not; what was wrong is checked again", async () => {
    const verifier = await countingVerifier();
    const delegations = new Delegations(verifier);
    const delegation = await delegate(alice, options);
    delegations.hashOf(delegation);
    const forged = { ...delegation, root: bob.publicKey };
    for (let i = 0; i < 3; i++) expect(delegations.hashOf(forged)).toBeUndefined();
    expect(verifier.verify).toHaveBeenCalledTimes(4);
  });

  it("[WK22] are remembered up to a number, the oldest no longer", async () => {
    const verifier = { name: "takes everything", verify: vi.fn(() => true), verifyHash: () => true };
    const delegations = new Delegations(verifier);
    const first = await delegate(alice, options);
    const nth = (i: number): SignedDelegation => ({ ...first, expires_at: first.expires_at + i });
    for (let i = 0; i <= 4_096; i++) delegations.hashOf(nth(i));
    verifier.verify.mockClear();
    delegations.hashOf(nth(4_096));
    expect(verifier.verify).not.toHaveBeenCalled();
    delegations.hashOf(nth(0));
    expect(verifier.verify).toHaveBeenCalledTimes(1);
  });

  it.each([{}, { circles: null }, { circles: {} }, { root: 5 }, { signature: 5 }, { scheme: "eip191", root: "02" }])(
    "[WK22] that are none, %j, are refused without a word",
    async (change) => {
      const delegations = new Delegations(await chooseVerifier());
      const given = Object.keys(change).length === 0 ? {} : { ...(await delegate(alice, options)), ...change };
      expect(delegations.hashOf(given as SignedDelegation)).toBeUndefined();
    },
  );

  it("[WK22] are right or wrong as the vectors of the SDK say, and have the hash that a play's text names", async () => {
    const delegations = new Delegations(await chooseVerifier());
    const { signed, wrong } = readVectors("delegations");
    for (const { delegation, sha256 } of signed) {
      expect(delegations.hashOf(delegation as SignedDelegation)).toBe(sha256);
    }
    expect(wrong.filter(({ delegation }) => delegations.hashOf(delegation as SignedDelegation))).toEqual([]);
  });
});
