import { describe, expect, it } from "vitest";
import { canonicalPublicKey, keypairFrom, verifySignature } from "../src/keys/index.ts";
import {
  ErrorCode,
  type PublicKey,
  parseAttach,
  parseAuthenticate,
  parseCancel,
  parseFetchNonce,
  parseLoginNonce,
  parsePlay,
  parsePublicKey,
  parseSha256,
  parseSignature,
  parseTaskId,
  type Signature,
  WireError,
} from "../src/protocol/index.ts";
import { alice } from "./people.ts";
import { nameOf, WRONG_VALUES } from "./wrong-values.ts";

const parsers: Record<string, (value: unknown) => unknown> = {
  parsePublicKey,
  parseSignature,
  parseTaskId,
  parseSha256,
  parseLoginNonce,
  canonicalPublicKey,
};

describe.each(Object.keys(parsers))("%s", (name) => {
  it.each(WRONG_VALUES.map((value) => [nameOf(value), value] as const))("[K5] refuses %s", (_, value) => {
    expect(() => parsers[name]?.(value)).toThrow(TypeError);
  });
});

describe("keypairFrom", () => {
  const wrong = WRONG_VALUES.filter((value) => !(value instanceof Uint8Array && value.length === 32));
  it.each(wrong.map((value) => [nameOf(value), value] as const))("[K3] refuses %s", (_, value) => {
    expect(() => keypairFrom(value as string)).toThrow(TypeError);
  });

  it("[K3] refuses 32 bytes of zero, and of the order and above", () => {
    expect(() => keypairFrom(new Uint8Array(32))).toThrow(RangeError);
    expect(() => keypairFrom(new Uint8Array(32).fill(255))).toThrow(RangeError);
  });
});

const paramsParsers: Record<string, (value: unknown) => unknown> = {
  parseFetchNonce,
  parseAuthenticate,
  parsePlay,
  parseCancel,
  parseAttach,
};

describe.each(Object.keys(paramsParsers))("%s", (name) => {
  it.each(WRONG_VALUES.map((value) => [nameOf(value), value] as const))("[M2] refuses %s as its params", (_, value) => {
    expect(thrownBy(() => paramsParsers[name]?.(value))).toMatchObject({ code: ErrorCode.InvalidParams });
  });
});

/** Members of a play, each given every wrong value. Leaving one out is not wrong, unless it is the script. */
const members = {
  script: (value: unknown) => ({ script: value }),
  task_id: (value: unknown) => ({ script: "1", task_id: value }),
  timeout_ms: (value: unknown) => ({ script: "1", timeout_ms: value }),
  envelope: (value: unknown) => ({ script: "1", task_id: "a".repeat(16), envelope: value }),
};

describe.each(Object.entries(members))("the member %s of play", (name, withMember) => {
  it.each(WRONG_VALUES.map((value) => [nameOf(value), value] as const))("[M2] refuses %s", (_, value) => {
    const isRight =
      (name === "script" && typeof value === "string" && value.isWellFormed()) ||
      (name === "timeout_ms" && value === 1) ||
      (name !== "script" && value === undefined);
    if (isRight) return expect(parsePlay(withMember(value))).toBeDefined();
    const error = thrownBy(() => parsePlay(withMember(value)));
    expect(error).toMatchObject({ code: ErrorCode.InvalidParams });
    expect(error.data).toEqual({ param: expect.stringMatching(new RegExp(`^${name}`)) });
  });
});

describe("verifySignature", () => {
  const signature = "01".repeat(64);
  it.each(WRONG_VALUES.map((value) => [nameOf(value), value] as const))("[K5] answers false to %s", (_, value) => {
    expect(verifySignature(value as Signature, "text", alice.publicKey)).toBe(false);
    expect(verifySignature(signature as Signature, value as string, alice.publicKey)).toBe(false);
    expect(verifySignature(signature as Signature, "text", value as PublicKey)).toBe(false);
  });
});

function thrownBy(run: () => unknown): WireError {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error("expected a WireError, got none");
}
