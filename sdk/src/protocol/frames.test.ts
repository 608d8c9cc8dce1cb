import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerTo, errorOf } from "../../test/answers.ts";
import { anyJson } from "../../test/arbitraries.ts";
import { ErrorCode, WireError } from "./errors.ts";
import {
  type Handle,
  parseFrame,
  type RequestId,
  serveFrame,
  writeError,
  writeNotification,
  writeRequest,
  writeResult,
} from "./frames.ts";
import { MAX_BATCH_ITEMS, MAX_FRAME_BYTES } from "./limits.ts";

const fail = (error: unknown) => {
  throw error;
};
const ignore = () => {};

describe("parseFrame", () => {
  it("[F3] reads any text at all without throwing", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({ unit: "binary" }),
          anyJson.map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const frame = parseFrame(text);
          expect(frame.batch ? frame.messages.length : 1).toBeGreaterThan(0);
        },
      ),
    );
  });

  it("[F3] reads JSON that is nested deeper than any stack without throwing", () => {
    const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
    expect(parseFrame(deep)).toMatchObject({ batch: true, messages: [{ kind: "invalid" }] });
    expect(parseFrame(`{"jsonrpc":"2.0","id":1,"method":"m","params":${deep}}`)).toMatchObject({
      message: { kind: "request" },
    });
  });

  it("[F1] reads back what was written", () => {
    const id = fc.oneof(fc.string(), fc.maxSafeInteger(), fc.constant(null));
    const params = fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
    fc.assert(
      fc.property(id, fc.string(), params, (id, method, given) => {
        const params = JSON.parse(JSON.stringify(given)) as unknown; // JSON has no -0
        expect(parseFrame(writeRequest(id, method, params))).toEqual({
          batch: false,
          message: { kind: "request", id, method, params },
        });
        expect(parseFrame(writeNotification(method, params))).toEqual({
          batch: false,
          message: { kind: "notification", method, params },
        });
        expect(parseFrame(writeResult(id, params))).toEqual({
          batch: false,
          message: { kind: "response", id, result: params },
        });
        const error = { code: -32000, message: method, data: params };
        expect(parseFrame(writeError(id, error))).toEqual({ batch: false, message: { kind: "response", id, error } });
      }),
    );
  });

  it.each<[string, string, RequestId]>([
    ["no version", '{"method":"m","id":1}', 1],
    ["another version", '{"jsonrpc":"1.0","method":"m","id":1}', 1],
    ["a version that is a number", '{"jsonrpc":2.0,"method":"m","id":1}', 1],
    ["a method that is a number", '{"jsonrpc":"2.0","method":1,"id":"a"}', "a"],
    ["a method that is null", '{"jsonrpc":"2.0","method":null,"id":"a"}', "a"],
    ["params that are a text", '{"jsonrpc":"2.0","method":"m","params":"p","id":1}', 1],
    ["params that are null", '{"jsonrpc":"2.0","method":"m","params":null,"id":1}', 1],
    ["neither method nor result", '{"jsonrpc":"2.0","id":1}', 1],
    ["both result and error", '{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}', 1],
    ["a result without an id", '{"jsonrpc":"2.0","result":1}', null],
    ["an error without a code", '{"jsonrpc":"2.0","id":1,"error":{"message":""}}', 1],
    ["an error with half a code", '{"jsonrpc":"2.0","id":1,"error":{"code":0.5,"message":""}}', 1],
    ["an error that is a text", '{"jsonrpc":"2.0","id":1,"error":"no"}', 1],
    ["a method in __proto__", '{"jsonrpc":"2.0","id":1,"__proto__":{"method":"m"}}', 1],
    ["a number", "1", null],
    ["null", "null", null],
    ["a text", '"play"', null],
  ])("[F3] refuses %s, with the id where it is usable", (_, frame, id) => {
    expect(parseFrame(frame)).toMatchObject({ message: { kind: "invalid", id, error: { code: -32600 } } });
  });

  it.each(["", " ", "{", "nonsense", "\ufeff{}", "{'a':1}", "[1,]", "NaN", "undefined"])(
    "[F3] calls %j no JSON",
    (frame) => {
      expect(parseFrame(frame)).toMatchObject({ message: { kind: "invalid", id: null, error: { code: -32700 } } });
    },
  );

  it.each(["true", "{}", "[1]", "9007199254740992", "-9007199254740993", "12345678901234567890", "1e400"])(
    "[F4] refuses the id %s, with null for it",
    (id) => {
      const frame = `{"jsonrpc":"2.0","method":"m","id":${id}}`;
      expect(parseFrame(frame)).toMatchObject({ message: { kind: "invalid", id: null, error: { code: -32600 } } });
    },
  );

  it.each(["null", "0", "-1", "1.5", "9007199254740991", '""', '"9007199254740993"', '"\\ud800"'])(
    "[F4] sends the id %s back as it came",
    async (id) => {
      const answer = await serveFrame(`{"jsonrpc":"2.0","method":"m","id":${id}}`, () => "ok", fail);
      expect(answer).toBe(`{"jsonrpc":"2.0","id":${id},"result":"ok"}`);
    },
  );
});

describe("limits", () => {
  const padded = (bytes: number) => {
    const frame = '{"jsonrpc":"2.0","method":"m","id":1,"params":[""]}';
    return frame.replace('""', `"${"x".repeat(bytes - frame.length)}"`);
  };

  it("[F2] a frame of 1,048,576 bytes is read, one of a byte more is not", () => {
    expect(MAX_FRAME_BYTES).toBe(1_048_576);
    expect(parseFrame(padded(MAX_FRAME_BYTES))).toMatchObject({ message: { kind: "request", id: 1 } });
    expect(parseFrame(padded(MAX_FRAME_BYTES + 1))).toMatchObject({ message: { kind: "invalid", id: null } });
  });

  it.each([
    ["two bytes each", "é", 2],
    ["three bytes each", "日", 3],
    ["four bytes each", "😀", 4],
  ])("[F2] counts bytes, not characters: %s", (_, character, bytes) => {
    const frame = (count: number) =>
      JSON.stringify({ jsonrpc: "2.0", method: "m", id: 1, params: [character.repeat(count)] });
    const room = Math.floor((MAX_FRAME_BYTES - frame(0).length) / bytes);
    expect(parseFrame(frame(room))).toMatchObject({ message: { kind: "request" } });
    expect(parseFrame(frame(room + 1))).toMatchObject({ message: { kind: "invalid", error: { code: -32600 } } });
  });

  it("[F2] a frame above the limit is not parsed: even what is no JSON is -32600", () => {
    expect(parseFrame("{".repeat(MAX_FRAME_BYTES + 1))).toMatchObject({ message: { error: { code: -32600 } } });
  });

  it("[F6] a batch of 100 is served, one of 101 not at all", async () => {
    const batch = (count: number) => `[${Array(count).fill('{"jsonrpc":"2.0","method":"m","id":1}').join(",")}]`;
    let calls = 0;
    const handle = () => ++calls;
    expect(await answerTo(batch(MAX_BATCH_ITEMS), handle)).toHaveLength(100);
    expect(await answerTo(batch(MAX_BATCH_ITEMS + 1), handle)).toEqual(errorOf(-32600, null));
    expect(calls).toBe(100);
  });
});

describe("serveFrame", () => {
  const request = '{"jsonrpc":"2.0","method":"m","id":7}';

  it("[F6] starts a batch in order and answers in that order when the last has ended", async () => {
    const started: string[] = [];
    const release = new Map<string, (value: unknown) => void>();
    const handle: Handle = (method) => {
      started.push(method);
      return new Promise((resolve) => release.set(method, resolve));
    };
    const served = answerTo(`[${["a", "b", "c"].map((name) => writeRequest(name, name)).join(",")}]`, handle);
    expect(started).toEqual(["a", "b", "c"]);
    for (const name of ["c", "a", "b"]) release.get(name)?.(name);
    expect(await served).toEqual(["a", "b", "c"].map((name) => ({ jsonrpc: "2.0", id: name, result: name })));
  });

  it("[F1] ignores responses", async () => {
    expect(await answerTo('{"jsonrpc":"2.0","id":1,"result":1}')).toBeUndefined();
    expect(await answerTo('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":""}}')).toBeUndefined();
    expect(await answerTo(`[{"jsonrpc":"2.0","id":1,"result":1},${request}]`, () => 1)).toHaveLength(1);
  });

  it("[F1] its own answer to a broken frame is owed no answer, so two peers never answer each other's answers", async () => {
    const answer = await serveFrame("{", fail, fail);
    expect(await answerTo(answer ?? "")).toBeUndefined();
  });

  it("[F8] sends what was thrown as -32603 without detail, and reports it", async () => {
    const reported: unknown[] = [];
    const error = new Error("password is 1234");
    const answer = await serveFrame(
      request,
      () => fail(error),
      (each) => reported.push(each),
    );
    expect(JSON.parse(answer ?? "")).toEqual(errorOf(-32603, 7));
    expect(answer).not.toContain("1234");
    expect(reported).toEqual([error]);
  });

  it("[F8] sends a WireError with its code and data, and does not report it", async () => {
    const error = new WireError(ErrorCode.Busy, "busy", { limit: "plays_per_minute", allowed: 30, retry_after_ms: 10 });
    const answer = { jsonrpc: "2.0", id: 7, error: { code: -32007, message: "busy", data: error.data } };
    expect(await answerTo(request, () => fail(error))).toEqual(answer);
    expect(await answerTo(request, () => Promise.reject(error))).toEqual(answer);
  });

  it.each<[string, unknown]>([
    ["a result", () => 1n],
    ["the data of an error", () => fail(new WireError(ErrorCode.ScriptError, "no", { value: 1n }))],
  ])("[F8] answers -32603 when %s cannot be said in JSON", async (_, handle) => {
    const reported: unknown[] = [];
    expect(await answerTo(request, handle as Handle, (each) => reported.push(each))).toEqual(errorOf(-32603, 7));
    expect(reported).toHaveLength(1);
  });

  it("[F7] answers no notification, and reports what one throws", async () => {
    const notification = '{"jsonrpc":"2.0","method":"m"}';
    const reported: unknown[] = [];
    expect(await answerTo(notification, () => 1)).toBeUndefined();
    expect(await answerTo(notification, () => fail(new WireError(ErrorCode.Denied, "no")))).toBeUndefined();
    expect(
      await answerTo(
        notification,
        () => fail("boom"),
        (each) => reported.push(each),
      ),
    ).toBeUndefined();
    expect(reported).toEqual(["boom"]);
  });

  it("[F1] sends null for no result, so that an answer always has a result or an error", async () => {
    expect(await answerTo(request, ignore)).toEqual({ jsonrpc: "2.0", id: 7, result: null });
  });

  it("[F6] owes one answer to each request of any batch, in order, whatever stands between them", async () => {
    const item = fc.oneof(
      fc.record({
        jsonrpc: fc.constant("2.0"),
        method: fc.constantFrom("m", "throws"),
        id: fc.oneof(fc.nat(), fc.string()),
      }),
      fc.record({ jsonrpc: fc.constant("2.0"), method: fc.constant("m") }),
      fc.record({ jsonrpc: fc.constant("2.0"), result: fc.constant(1), id: fc.nat() }),
    );
    const handle: Handle = (method) => (method === "throws" ? fail(new WireError(ErrorCode.Denied, "no")) : method);
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 100 }), async (batch) => {
        const owed = batch.flatMap((each) => ("id" in each && "method" in each ? [each.id] : []));
        const answers = ((await answerTo(JSON.stringify(batch), handle)) ?? []) as { id: RequestId }[];
        expect(answers.map(({ id }) => id)).toEqual(owed);
        for (const answer of answers)
          expect(parseFrame(JSON.stringify(answer))).toMatchObject({ message: { kind: "response" } });
      }),
    );
  });
});
