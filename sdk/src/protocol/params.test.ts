import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyDelegation, anyJson, anyPlay, anyTaskId } from "../../test/arbitraries.ts";
import { alice, bob } from "../../test/people.ts";
import { canonicalJson } from "./canonical-json.ts";
import { delegationText } from "./delegation.ts";
import { playText } from "./envelope.ts";
import { ErrorCode, WireError } from "./errors.ts";
import type { Sha256 } from "./ids.ts";
import { MAX_ARGS_BYTES, MAX_SCRIPT_BYTES, MAX_TOPIC_CHARACTERS } from "./limits.ts";
import {
  parseAttach,
  parseAuthenticate,
  parseCancel,
  parseFetchNonce,
  parsePlay,
  parseSubscribe,
  parseTopic,
} from "./params.ts";

const taskId = "0123456789abcdef";
const signature = "0a".repeat(64);
const envelope = { issued_at: 1_800_000_000, expires_at: 1_800_000_120, signature };
const delegation = {
  root: alice.publicKey,
  device: bob.publicKey,
  circles: [bob.publicKey],
  not_before: 1_800_000_000,
  expires_at: 1_800_086_400,
  signature,
};

/** The member that -32602 blames; fails if anything else is thrown, or nothing. */
function blamedBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    expect(error.code).toBe(ErrorCode.InvalidParams);
    return (error.data as { param: unknown }).param;
  }
  throw new Error("expected a refusal, got none");
}

describe("parsePlay", () => {
  it("[M1] takes a script alone", () => {
    expect(parsePlay({ script: "1 + 1" })).toEqual({ script: "1 + 1", args: "null" });
  });

  it("[E2] takes any JSON value for arguments, and gives its canonical text", () => {
    fc.assert(
      fc.property(anyJson, (args) => {
        expect(parsePlay({ script: "", args }).args).toBe(canonicalJson(args));
      }),
    );
  });

  it("[M2] takes every member in its form", () => {
    const whole = {
      script: "1",
      args: [1],
      task_id: taskId,
      timeout_ms: 600_000,
      envelope: { ...envelope, delegation },
      lane: "control",
      trace: "9f86d081884c7d659a2feaa0c55ad015",
    };
    expect(parsePlay(whole)).toEqual({
      script: "1",
      args: "[1]",
      taskId,
      timeoutMs: 600_000,
      envelope: { ...envelope, delegation },
      lane: "control",
      trace: "9f86d081884c7d659a2feaa0c55ad015",
    });
  });

  it("[F5] ignores members that no rule names, and does not pass them on", () => {
    const given = JSON.parse(`{"script":"1","task_id":"${taskId}","note":1,"__proto__":{"timeout_ms":5},
      "envelope":{"issued_at":1,"expires_at":2,"signature":"${signature}","note":1}}`) as unknown;
    expect(parsePlay(given)).toEqual({
      script: "1",
      args: "null",
      taskId,
      envelope: { issued_at: 1, expires_at: 2, signature },
    });
  });

  it.each<[string, object, string]>([
    ["no script", {}, "script"],
    ["a script that is a list", { script: ["1"] }, "script"],
    ["a script with a lone surrogate", { script: "'\ud800'" }, "script"],
    ["a script above its limit", { script: "x".repeat(MAX_SCRIPT_BYTES + 1) }, "script"],
    ["a script above its limit in bytes", { script: "é".repeat(MAX_SCRIPT_BYTES / 2 + 1) }, "script"],
    ["arguments above their limit", { script: "", args: "x".repeat(MAX_ARGS_BYTES - 1) }, "args"],
    ["arguments above their limit in bytes", { script: "", args: "日".repeat(MAX_ARGS_BYTES / 3) }, "args"],
    ["arguments with a lone surrogate", { script: "", args: ["\udfff"] }, "args"],
    ["arguments nested too deep", { script: "", args: JSON.parse("[".repeat(129) + "]".repeat(129)) }, "args"],
    ["a task id that is null", { script: "", task_id: null }, "task_id"],
    ["a task id of 15 characters", { script: "", task_id: "a".repeat(15) }, "task_id"],
    ["a trace in capitals", { script: "", trace: "9F86D081884C7D659A2FEAA0C55AD015" }, "trace"],
    ["a trace of nothing", { script: "", trace: "0".repeat(32) }, "trace"],
    ["a timeout that is null", { script: "", timeout_ms: null }, "timeout_ms"],
    ["a timeout of 0", { script: "", timeout_ms: 0 }, "timeout_ms"],
    ["a timeout above 10 minutes", { script: "", timeout_ms: 600_001 }, "timeout_ms"],
    ["a timeout with a fraction", { script: "", timeout_ms: 1.5 }, "timeout_ms"],
    ["a timeout that is a text", { script: "", timeout_ms: "1000" }, "timeout_ms"],
    ["an envelope without a task id", { script: "", envelope }, "task_id"],
    ["a lane that is null", { script: "", lane: null }, "lane"],
    ["a lane that there is not", { script: "", lane: "fast" }, "lane"],
  ])("[M2] refuses %s", (_, params, param) => {
    expect(blamedBy(() => parsePlay(params))).toBe(param);
  });

  it("[M3] takes a script and arguments that just fit", () => {
    const script = "x".repeat(MAX_SCRIPT_BYTES);
    const args = "é".repeat(MAX_ARGS_BYTES / 2 - 1);
    expect(parsePlay({ script, args })).toEqual({ script, args: `"${args}"` });
    expect([MAX_SCRIPT_BYTES, MAX_ARGS_BYTES]).toEqual([262_144, 262_144]);
  });

  it.each<[string, object, string]>([
    ["no signature", { signature: undefined }, "signature"],
    ["a signature in capitals", { signature: signature.toUpperCase() }, "signature"],
    ["a signature in DER", { signature: "3006020101020101" }, "signature"],
    ["no issue time", { issued_at: undefined }, "issued_at"],
    ["an issue time below 0", { issued_at: -1 }, "issued_at"],
    ["an issue time that is a text", { issued_at: "1800000000" }, "issued_at"],
    ["an expiry with a fraction", { expires_at: 1_800_000_120.5 }, "expires_at"],
    ["an expiry at the issue time", { expires_at: envelope.issued_at }, "expires_at"],
    ["an expiry more than 24 h later", { expires_at: envelope.issued_at + 86_401 }, "expires_at"],
    ["a delegation that is null", { delegation: null }, "delegation"],
  ])("[E3] refuses an envelope with %s", (_, change, param) => {
    const params = { script: "", task_id: taskId, envelope: { ...envelope, ...change } };
    expect(blamedBy(() => parsePlay(params))).toBe(`envelope.${param}`);
  });

  it.each<[string, object, string]>([
    ["a root uncompressed", { root: `04${"0".repeat(128)}` }, "root"],
    ["no device", { device: undefined }, "device"],
    ["its root as its device", { device: alice.publicKey }, "device"],
    ["no circle", { circles: [] }, "circles"],
    ["more than 100 circles", { circles: Array.from({ length: 101 }, () => bob.publicKey) }, "circles"],
    ["a text other than * for circles", { circles: bob.publicKey }, "circles"],
    ["* among circles", { circles: [bob.publicKey, "*"] }, "circles"],
    ["a start below 0", { not_before: -1 }, "not_before"],
    ["an expiry before its start", { expires_at: delegation.not_before - 1 }, "expires_at"],
    ["an expiry more than 30 days later", { expires_at: delegation.not_before + 2_592_001 }, "expires_at"],
    ["no signature", { signature: undefined }, "signature"],
    ["a signature with v", { signature: `${signature}1b` }, "signature"],
    ["a scheme that there is not", { scheme: "eip712" }, "scheme"],
    ["a scheme that is null", { scheme: null }, "scheme"],
    ["a member that no rule names", { plays_per_minute: 1 }, ""],
    ["a member with an odd name", JSON.parse('{"__proto__":{}}') as object, ""],
  ])("[E6] refuses a delegation with %s", (_, change, member) => {
    const param = member === "" ? "delegation" : `delegation.${member}`;
    const given = Object.assign(JSON.parse(JSON.stringify(delegation)) as object, change);
    if (Object.hasOwn(change, "__proto__")) Object.defineProperty(given, "__proto__", { value: {}, enumerable: true });
    const params = { script: "", task_id: taskId, envelope: { ...envelope, delegation: given } };
    expect(blamedBy(() => parsePlay(params))).toBe(`envelope.${param}`);
    expect(blamedBy(() => parseAuthenticate({ pubkey: bob.publicKey, signature, delegation: given }))).toBe(param);
  });

  it("[E6] takes a wallet's delegation, and one for 100 circles", () => {
    const circles = Array.from({ length: 100 }, () => bob.publicKey);
    const given = { ...delegation, circles, scheme: "eip191" };
    expect(parseAuthenticate({ pubkey: bob.publicKey, signature, delegation: given })).toHaveProperty(
      "delegation",
      given,
    );
  });

  it("[E1] lets through only what a text can be made of, so that checking a signature never fails half way", () => {
    const member = fc.oneof(fc.integer(), fc.nat(2 ** 31), fc.double(), fc.constant(signature), anyJson);
    const anyEnvelope = fc.record(
      { issued_at: member, expires_at: member, signature: fc.constant(signature), delegation: fc.constant(undefined) },
      { requiredKeys: ["signature"] },
    );
    fc.assert(
      fc.property(anyEnvelope, anyTaskId, (envelope, task_id) => {
        const play = parsedOrUndefined({ script: "", task_id, envelope });
        if (!play?.envelope) return;
        const { issued_at: issuedAt, expires_at: expiresAt } = play.envelope;
        const hash = "0".repeat(64) as Sha256;
        const people = { circle: bob.publicKey, caller: alice.publicKey };
        playText({ ...people, taskId: task_id, script: hash, args: hash, issuedAt, expiresAt });
      }),
    );
  });

  it("[E3] takes every envelope and delegation that a text can be made of", () => {
    fc.assert(
      fc.property(anyPlay, anyDelegation, (fields, { notBefore, expiresAt, circles, ...keys }) => {
        playText(fields);
        delegationText({ ...keys, circles, notBefore, expiresAt });
        const delegation = { ...keys, circles, not_before: notBefore, expires_at: expiresAt, signature };
        const envelope = { issued_at: fields.issuedAt, expires_at: fields.expiresAt, signature, delegation };
        const params = { script: "", task_id: fields.taskId, timeout_ms: fields.timeoutMs, envelope };
        expect(parsePlay(params)).toMatchObject({ taskId: fields.taskId, envelope });
      }),
    );
  });
});

describe("every parser of params", () => {
  const parsers = [parseFetchNonce, parseAuthenticate, parsePlay, parseCancel, parseAttach, parseTopic, parseSubscribe];
  const names = fc.constantFrom(
    "script",
    "args",
    "task_id",
    "timeout_ms",
    "envelope",
    "pubkey",
    "signature",
    "after",
    "lane",
    "topic",
    "x",
  );

  it("[M2] answers any JSON with its parts or with -32602, and never repeats what came", () => {
    fc.assert(
      fc.property(fc.oneof(anyJson, fc.dictionary(names, anyJson)), (params) => {
        for (const parse of parsers) {
          try {
            parse(params);
          } catch (error) {
            expect(error).toMatchObject({ name: "WireError", code: ErrorCode.InvalidParams });
          }
        }
      }),
    );
  });

  it("[R2] never repeats a key, a nonce or a script in a message", () => {
    const secret = "a secret that nobody else may read in a log";
    const members = {
      pubkey: [secret],
      signature: secret,
      script: secret,
      task_id: secret,
      after: secret,
      envelope: secret,
      lane: secret,
      topic: [secret],
    };
    for (const parse of parsers) {
      try {
        parse(members);
      } catch (error) {
        expect(String(error)).not.toContain(secret);
        expect(JSON.stringify(error)).not.toContain(secret);
      }
    }
  });
});

describe("the other methods", () => {
  it("[K2] fetch_nonce and authenticate take a key as people write it, up to 132 characters", () => {
    const pubkey = `0x04${"AB".repeat(64)}`;
    expect(parseFetchNonce({ pubkey })).toEqual({ pubkey });
    expect(parseAuthenticate({ pubkey, signature: "00" })).toEqual({ pubkey, signature: "00" });
    expect(blamedBy(() => parseFetchNonce({ pubkey: `${pubkey}0` }))).toBe("pubkey");
    expect(blamedBy(() => parseAuthenticate({ pubkey, signature: "0".repeat(1_025) }))).toBe("signature");
  });

  it("[T1] cancel and attach take a task id", () => {
    expect(parseCancel({ task_id: taskId })).toEqual({ taskId });
    expect(parseAttach({ task_id: taskId })).toEqual({ taskId, after: 0 });
    expect(parseAttach({ task_id: taskId, after: 12 })).toEqual({ taskId, after: 12 });
    expect(blamedBy(() => parseCancel({ task_id: "short" }))).toBe("task_id");
    expect(blamedBy(() => parseAttach({}))).toBe("task_id");
  });

  it.each(["$inbox", "x".repeat(MAX_TOPIC_CHARACTERS), "💬"])(
    "[M9] subscribe and unsubscribe take a topic",
    (topic) => {
      expect(parseTopic({ topic })).toEqual({ topic });
    },
  );

  it("[M14] subscribe takes a number, and [M16] an envelope with the task id that it covers", () => {
    const envelope = { issued_at: 1, expires_at: 2, signature: "0".repeat(128) };
    expect(parseSubscribe({ topic: "chat" })).toEqual({ topic: "chat" });
    expect(parseSubscribe({ topic: "chat", after: 0, task_id: taskId, envelope })).toEqual({
      topic: "chat",
      after: 0,
      taskId,
      envelope,
    });
    expect(blamedBy(() => parseSubscribe({ topic: "chat", envelope }))).toBe("task_id");
    expect(blamedBy(() => parseSubscribe({ topic: "chat", task_id: taskId, envelope: {} }))).toBe("envelope.issued_at");
    for (const after of [-1, 0.5, "1", null, 2 ** 53]) {
      expect(blamedBy(() => parseSubscribe({ topic: "chat", after }))).toBe("after");
    }
    expect(blamedBy(() => parseSubscribe({ topic: "" }))).toBe("topic");
  });

  it.each([undefined, null, 1, "", "x".repeat(MAX_TOPIC_CHARACTERS + 1), "\ud800"])("[M9] %j is no topic", (topic) => {
    expect(blamedBy(() => parseTopic({ topic }))).toBe("topic");
  });

  it.each([-1, 0.5, "1", null])("[M7] attach refuses to send again what comes after %j", (after) => {
    expect(blamedBy(() => parseAttach({ task_id: taskId, after }))).toBe("after");
  });
});

function parsedOrUndefined(params: unknown) {
  try {
    return parsePlay(params);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return undefined;
  }
}
