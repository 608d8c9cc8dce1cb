import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { personalSignature } from "../../test/ethereum-wallet.ts";
import { alice, bob, mallory } from "../../test/people.ts";
import type { SignedDelegation } from "../protocol/delegation.ts";
import type { Signature } from "../protocol/ids.ts";
import { signed } from "./delegation.ts";
import { type Keypair, keypairFrom } from "./keypair.ts";
import { sign } from "./plain-curve.ts";
import { signedDelegationText, verifyDelegation } from "./signed-delegation.ts";

const NOW = 1_800_000_000;
const device = keypairFrom("de".repeat(32));
const fields = {
  root: alice.publicKey,
  device: device.publicKey,
  circles: [bob.publicKey],
  notBefore: NOW,
  expiresAt: NOW + 86_400,
};

const byKey = async (root: Keypair = alice) =>
  signed({ ...fields, root: root.publicKey }, await root.signDelegation({ ...fields, root: root.publicKey }));

async function byWallet(root: Keypair = alice): Promise<SignedDelegation> {
  const unsigned = { ...(await byKey(root)), scheme: "eip191" } as const;
  const signature = personalSignature(root, signedDelegationText(unsigned)).slice(2, 130) as Signature;
  return { ...unsigned, signature };
}

describe.each([
  ["a key", byKey],
  ["a wallet", byWallet],
])("what %s signed for a device", (_, make) => {
  it("[D1] counts as it was signed, with every field as it is, and no other", async () => {
    const delegation = await make();
    const others: SignedDelegation[] = [
      { ...delegation, root: mallory.publicKey },
      { ...delegation, device: mallory.publicKey },
      { ...delegation, circles: "*" },
      { ...delegation, circles: [mallory.publicKey] },
      { ...delegation, circles: [bob.publicKey, mallory.publicKey] },
      { ...delegation, not_before: NOW - 1 },
      { ...delegation, expires_at: NOW + 86_401 },
      { ...delegation, signature: (await make(mallory)).signature },
      {
        ...delegation,
        signature: `${delegation.signature.slice(64)}${delegation.signature.slice(0, 64)}` as Signature,
      },
    ];
    expect(verifyDelegation(delegation)).toBe(true);
    expect(others.map(verifyDelegation)).toEqual(others.map(() => false));
  });

  it("[D1] is the root's own: what a device signs for another one, in the root's name, gives nothing", async () => {
    const onward = { ...(await make()), device: mallory.publicKey };
    const text = signedDelegationText(onward);
    const plain = bytesToHex(sign(utf8ToBytes(text), hexToBytes(device.exportSecret())));
    for (const signature of [plain, personalSignature(device, text).slice(2, 130)] as Signature[]) {
      expect(verifyDelegation({ ...onward, signature })).toBe(false);
    }
  });
});

describe("schemes", () => {
  it("[E7] a signature of one is worth nothing in the other, and neither in one that there is not", async () => {
    const [plain, wallet] = [await byKey(), await byWallet()];
    const { scheme: _, ...unmarked } = wallet;
    expect(verifyDelegation({ ...plain, scheme: "eip191" })).toBe(false);
    expect(verifyDelegation(unmarked)).toBe(false);
    for (const scheme of ["eip712", "", null, 1]) {
      expect(verifyDelegation({ ...wallet, scheme: scheme as never }), String(scheme)).toBe(false);
      expect(() => signedDelegationText({ ...wallet, scheme: scheme as never })).toThrow(TypeError);
    }
  });

  it("[W1] the text that a wallet signs is rebuilt from the fields; a member with another text counts for nothing", async () => {
    const delegation = await byWallet();
    const text = "I agree to nothing";
    const signature = personalSignature(alice, text).slice(2, 130) as Signature;
    expect(verifyDelegation({ ...delegation, signature, text } as SignedDelegation)).toBe(false);
    expect(signedDelegationText({ ...delegation, text } as SignedDelegation)).toBe(signedDelegationText(delegation));
  });

  it("[W1] a wallet's key is no device of its own", async () => {
    const delegation = { ...(await byWallet()), device: alice.publicKey };
    const text = signedDelegationText(await byWallet()).replace(device.publicKey, alice.publicKey);
    const signature = personalSignature(alice, text).slice(2, 130) as Signature;
    expect(verifyDelegation({ ...delegation, signature })).toBe(false);
  });
});
