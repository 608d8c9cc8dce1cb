import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alice, bob } from "../../test/people.ts";
import { hashTask } from "../task.ts";
import { GatewayKey, type Vouched, vouchedText } from "./gateway-key.ts";
import { chooseVerifier } from "./verifier.ts";

const vouched = {
  circle: alice.publicKey,
  caller: bob.publicKey,
  id: "task-0000000000000001",
  hashes: hashTask({ script: "1", args: "null" }),
  deadline: 1_800_000_000_000,
} as Vouched;

describe("a gateway's key", () => {
  it("[WK18] signs so that every verifier takes it, for this play only", async () => {
    const verifier = await chooseVerifier();
    for (let i = 0; i < 20; i++) {
      const key = GatewayKey.from(GatewayKey.makeSecret());
      const signature = key.vouch(vouched);
      expect(verifier.verify(signature, vouchedText(vouched), key.publicKey)).toBe(true);
      expect(verifier.verify(signature, vouchedText({ ...vouched, deadline: 1 }), key.publicKey)).toBe(false);
    }
  });

  it("[WK18] signs another text for every other play", () => {
    const anyVouched = fc.record({
      circle: fc.constantFrom(alice.publicKey, bob.publicKey),
      caller: fc.constantFrom(alice.publicKey, bob.publicKey),
      id: fc.constantFrom("a", "b"),
      hashes: fc.constantFrom(...["1", "2"].map((script) => hashTask({ script, args: "null" }))),
      timeoutMs: fc.constantFrom(undefined, 1, 2),
      deadline: fc.constantFrom(1, 2),
    }) as fc.Arbitrary<Vouched>;
    fc.assert(
      fc.property(anyVouched, anyVouched, (a, b) => {
        expect(vouchedText(a) === vouchedText(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it.each(["", "zz".repeat(32), "0".repeat(64), "f".repeat(64)])("[WK18] is not made of %j", (secret) => {
    expect(() => GatewayKey.from(secret)).toThrow(TypeError);
  });
});
