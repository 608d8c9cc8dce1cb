import type { SignatureCase } from "../read-vectors.ts";
import { secretOf, sign, wire } from "./ecdsa.ts";
import { compressed, G, hex, nextXOffCurve, P, times, uncompressed } from "./secp256k1.ts";
import { malformedCase, numbersCase } from "./signature-case.ts";

const secret = secretOf("wire forms");
const message = "wire forms";
const key = times(secret, G);
const numbers = sign(secret, message);
const signature = wire(numbers);

/** A good signature or key, written otherwise than the wire has it. */
export function formCases(): SignatureCase[] {
  const asItIs = numbersCase({
    comment: "as the wire has it",
    flags: ["WireForm"],
    key,
    message,
    numbers,
    valid: true,
  });
  return [asItIs, ...signatureForms(), ...keyForms()];
}

function signatureForms(): SignatureCase[] {
  const bytes = Buffer.from(signature, "hex");
  const forms = {
    "in capitals": signature.toUpperCase(),
    "one letter in capitals": signature.replace(/[a-f]/, (letter) => letter.toUpperCase()),
    "0x in front": `0x${signature}`,
    "0x in front, 128 characters in all": `0x${signature.slice(2)}`,
    "a space in front": ` ${signature}`,
    "a space behind": `${signature} `,
    "a line end behind": `${signature}\n`,
    "a line end in front": `\n${signature}`,
    "a NUL behind": `${signature}\u0000`,
    "a space between r and s": `${signature.slice(0, 64)} ${signature.slice(64)}`,
    "a comma between r and s": `${signature.slice(0, 64)},${signature.slice(64)}`,
    "another letter at its end, 128 characters": `${signature.slice(0, -1)}g`,
    "another letter in front, 128 characters": `g${signature.slice(1)}`,
    "a line end as the last of 128 characters": `${signature.slice(0, -1)}\n`,
    "fullwidth digits": signature.replace(/[0-9]/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
    "a soft hyphen inside": `${signature.slice(0, 10)}\u00ad${signature.slice(10)}`,
    base64: bytes.toString("base64"),
    base64url: bytes.toString("base64url"),
    "the bytes as Latin-1": bytes.toString("latin1"),
    "r and s as decimal numbers": `${numbers.r}${numbers.s}`,
    "s in front of r": signature.slice(64) + signature.slice(0, 64),
    "r and s with their bytes reversed": hexReversed(signature.slice(0, 64)) + hexReversed(signature.slice(64)),
  };
  return Object.entries(forms).map(([how, given]) => {
    const comment = `signature: ${how}`;
    return malformedCase({ comment, flags: ["WireForm"], public_key: compressed(key), message, signature: given });
  });
}

/** Keys as the wire has them are compressed, in lowercase, and points of the curve; the edge canonicalises others first. */
function keyForms(): SignatureCase[] {
  const short = compressed(key);
  const long = uncompressed(key);
  const x = short.slice(2);
  const forms = {
    "in capitals": short.toUpperCase(),
    "0x in front": `0x${short}`,
    "a line end behind": `${short}\n`,
    uncompressed: long,
    "uncompressed without 04": long.slice(2),
    "hybrid, even y": `06${long.slice(2)}`,
    "hybrid, odd y": `07${long.slice(2)}`,
    "first byte 00": `00${x}`,
    "first byte 01": `01${x}`,
    "first byte 04": `04${x}`,
    "first byte 05": `05${x}`,
    "x alone": x,
    "the last byte left out": short.slice(0, -2),
    "a byte behind": `${short}00`,
    nothing: "",
    "the point at infinity": "00",
    "x = 0, not on the curve": `02${hex(0n)}`,
    "x = 5, not on the curve": `02${hex(nextXOffCurve(5n))}`,
    "x not on the curve": `03${hex(nextXOffCurve(secret))}`,
    "x = p - 1, not on the curve": `02${hex(nextXOffCurve(P - 1n))}`,
    "x = p": `02${hex(P)}`,
    "x = p + 1, which is 1 on the curve": `02${hex(P + 1n)}`,
    "x = 2^256 - 1": `03${"f".repeat(64)}`,
  };
  return Object.entries(forms).map(([how, public_key]) =>
    malformedCase({ comment: `key: ${how}`, flags: ["InvalidPublicKey"], public_key, message, signature }),
  );
}

function hexReversed(digits: string): string {
  return Buffer.from(Buffer.from(digits, "hex").toReversed()).toString("hex");
}
