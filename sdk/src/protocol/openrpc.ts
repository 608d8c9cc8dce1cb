import { ErrorCode } from "./errors.ts";
import {
  MAX_DELEGATION_CIRCLES,
  MAX_SCRIPT_BYTES,
  MAX_TIMEOUT_MS,
  MAX_TOPIC_CHARACTERS,
  MIN_TIMEOUT_MS,
} from "./limits.ts";
import type { Method } from "./messages.ts";

// JSON Schemas of every method, by its name on the wire. A test holds them against `Methods` and against the parsers.

const publicKey = {
  type: "string",
  description: "secp256k1 public key in hex, compressed or uncompressed, with or without 0x",
  pattern: "^(0[xX])?(0[23][0-9a-fA-F]{64}|04[0-9a-fA-F]{128})$",
} as const;
const compressedKey = { type: "string", pattern: "^0[23][0-9a-f]{64}$" } as const;
const signature = { type: "string", description: "r‖s, low-s, 64 bytes in hex", pattern: "^[0-9a-f]{128}$" } as const;
const taskId = { type: "string", pattern: "^[A-Za-z0-9_-]{16,64}$" } as const;
const seconds = { type: "integer", minimum: 0, description: "Unix seconds" } as const;

const delegation = {
  type: "object",
  description: "A root key's signature that lets a device key act for it; its text is rule E5 or W1 of SPEC.md",
  properties: {
    root: compressedKey,
    device: compressedKey,
    circles: {
      oneOf: [{ type: "array", items: compressedKey, minItems: 1, maxItems: MAX_DELEGATION_CIRCLES }, { const: "*" }],
    },
    not_before: seconds,
    expires_at: seconds,
    scheme: { const: "eip191", description: "Signed by an Ethereum wallet; left out: by the key itself" },
    signature,
  },
  required: ["root", "device", "circles", "not_before", "expires_at", "signature"],
  additionalProperties: false,
} as const;

const envelope = {
  type: "object",
  description: "The caller's signature over the play, which then needs a task_id; its text is rule E1 of SPEC.md",
  properties: { issued_at: seconds, expires_at: seconds, signature, delegation },
  required: ["issued_at", "expires_at", "signature"],
} as const;

const logHead = {
  type: "object",
  description: "The head of the circle's log, with this play in it",
  properties: { seq: { type: "integer", minimum: 1 }, hash: { type: "string", pattern: "^[0-9a-f]{64}$" } },
  required: ["seq", "hash"],
  additionalProperties: false,
} as const;

const milliseconds = { type: "number", minimum: 0 } as const;

const playTiming = {
  type: "object",
  description: "What the relay did with the play, in milliseconds; left out where nothing was run for this answer",
  properties: {
    relay_ms: { ...milliseconds, description: "From when the relay read the call until it knew the outcome" },
    run_ms: { ...milliseconds, description: "The script's run" },
    commit_ms: { ...milliseconds, description: "From the script's end until its record stood in the circle's log" },
  },
  required: ["relay_ms", "run_ms", "commit_ms"],
  additionalProperties: false,
} as const;

const playResult = {
  type: "object",
  properties: {
    output: { type: "string", description: "The result as text" },
    format: { enum: ["text", "json"], description: "text: a string result as it is; json: anything else, as JSON" },
    task_id: taskId,
    log: logHead,
    timing: playTiming,
  },
  required: ["output", "format", "task_id", "log"],
  additionalProperties: false,
} as const;

const topic = { type: "string", minLength: 1, maxLength: MAX_TOPIC_CHARACTERS } as const;

/** Of each method: the schema of its params as one object, and of its result. */
export const methodSchemas = {
  fetch_nonce: {
    summary: "A text to sign, to log in with on this connection",
    params: { type: "object", properties: { pubkey: publicKey }, required: ["pubkey"] },
    result: {
      type: "object",
      properties: { nonce: { type: "string", description: "base64; rule N1 of SPEC.md" }, expires_at: seconds },
      required: ["nonce", "expires_at"],
      additionalProperties: false,
    },
  },
  authenticate: {
    summary: "Log in with the signature under the nonce; where it is refused, the connection closes",
    params: {
      type: "object",
      properties: { pubkey: publicKey, signature, delegation },
      required: ["pubkey", "signature"],
    },
    result: {
      type: "object",
      properties: { authenticated: { const: true } },
      required: ["authenticated"],
      additionalProperties: false,
    },
  },
  play: {
    summary: "Run a script in this circle; play_event notifications come while it runs",
    params: {
      type: "object",
      properties: {
        script: { type: "string", description: `JavaScript or TypeScript, at most ${MAX_SCRIPT_BYTES} bytes of UTF-8` },
        args: { description: "Any JSON value; left out it is null" },
        task_id: taskId,
        timeout_ms: { type: "integer", minimum: MIN_TIMEOUT_MS, maximum: MAX_TIMEOUT_MS, default: 30_000 },
        envelope,
        lane: {
          const: "control",
          description: "Beside the circle's other plays; for its policy, library, inbox and log only",
        },
        trace: {
          type: "string",
          pattern: "^(?!0+$)[0-9a-f]{32}$",
          description: "A trace-id of W3C Trace Context, by which operators find the play in their logs",
        },
      },
      required: ["script"],
    },
    result: playResult,
  },
  cancel: {
    summary: "Ask for the end of a task; cancelled is true only if that came before the commit",
    params: { type: "object", properties: { task_id: taskId }, required: ["task_id"] },
    result: {
      type: "object",
      properties: { cancelled: { type: "boolean" } },
      required: ["cancelled"],
      additionalProperties: false,
    },
  },
  attach: {
    summary: "The outcome of a task, after its events with a number above `after` were sent again",
    params: {
      type: "object",
      properties: { task_id: taskId, after: { type: "integer", minimum: 0, default: 0 } },
      required: ["task_id"],
    },
    result: playResult,
  },
  subscribe: {
    summary: "Events of a topic, from those after a number on; event notifications bring them, event_end the end",
    params: {
      type: "object",
      properties: {
        topic,
        after: { type: "integer", minimum: 0, description: "Number of an event; left out: what comes from now on" },
        task_id: taskId,
        envelope,
      },
      required: ["topic"],
    },
    result: {
      type: "object",
      properties: {
        subscribed: { type: "boolean" },
        head: { type: "integer", minimum: 0, description: "The last number that an event can have up to now" },
        gap: { const: true, description: "The log does not have everything after `after` any more" },
      },
      required: ["subscribed"],
      additionalProperties: false,
    },
  },
  unsubscribe: {
    summary: "No more events of a topic",
    params: { type: "object", properties: { topic }, required: ["topic"] },
    result: {
      type: "object",
      properties: { subscribed: { type: "boolean" } },
      required: ["subscribed"],
      additionalProperties: false,
    },
  },
  "rpc.discover": {
    summary: "This document",
    params: { type: "object", properties: {}, additionalProperties: false },
    result: { type: "object" },
  },
} as const satisfies Record<Method, { summary: string; params: object; result: object }>;

type ObjectSchema = { readonly properties: Record<string, object>; readonly required?: readonly string[] };

function contentDescriptors({ properties, required = [] }: ObjectSchema) {
  return Object.entries(properties).map(([name, schema]) => ({ name, required: required.includes(name), schema }));
}

/** What `rpc.discover` answers (OpenRPC 1.3.2). */
export const openRpcDocument = {
  openrpc: "1.3.2",
  info: { title: "Circles", version: "1.0.0", license: { name: "MIT" } },
  methods: Object.entries(methodSchemas).map(([name, { summary, params, result }]) => ({
    name,
    summary,
    paramStructure: "by-name",
    params: contentDescriptors(params),
    result: { name: "result", schema: result },
    errors: Object.entries(ErrorCode).map(([message, code]) => ({ code, message })),
  })),
};
