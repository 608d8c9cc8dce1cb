import { describe, expect, it } from "vitest";
import { answerTo, errorOf } from "../../test/answers.ts";
import { ErrorCode, WireError } from "./errors.ts";
import type { Handle } from "./frames.ts";

describe("the examples of the JSON-RPC 2.0 specification, section 7", () => {
  const handled: string[] = [];
  const methods: Record<string, (params: never) => unknown> = {
    subtract: (params: number[] | { minuend: number; subtrahend: number }) => {
      const [minuend = 0, subtrahend = 0] = Array.isArray(params) ? params : [params.minuend, params.subtrahend];
      return minuend - subtrahend;
    },
    sum: (params: number[]) => params.reduce((total, each) => total + each, 0),
    get_data: () => ["hello", 5],
    update: () => "dropped",
    notify_hello: () => "dropped",
    notify_sum: () => "dropped",
  };
  const handle: Handle = (method, params) => {
    handled.push(method);
    const known = methods[method];
    if (!known) throw new WireError(ErrorCode.MethodNotFound, "no such method");
    return known(params as never);
  };

  it.each<[string, string, unknown]>([
    [
      "positional parameters",
      '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
      { jsonrpc: "2.0", result: 19, id: 1 },
    ],
    [
      "positional parameters, the other way round",
      '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
      { jsonrpc: "2.0", result: -19, id: 2 },
    ],
    [
      "named parameters",
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
      { jsonrpc: "2.0", result: 19, id: 3 },
    ],
    [
      "named parameters, the other way round",
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
      { jsonrpc: "2.0", result: 19, id: 4 },
    ],
    ["a notification", '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
    ["a notification that nobody knows", '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
    ["an unknown method", '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', errorOf(-32601, "1")],
    ["invalid JSON", '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', errorOf(-32700, null)],
    ["an invalid request", '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', errorOf(-32600, null)],
    [
      "a batch of invalid JSON",
      `[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method"
      ]`,
      errorOf(-32700, null),
    ],
    ["an empty array", "[]", errorOf(-32600, null)],
    ["an invalid batch that is not empty", "[1]", [errorOf(-32600, null)]],
    ["an invalid batch", "[1,2,3]", [errorOf(-32600, null), errorOf(-32600, null), errorOf(-32600, null)]],
    [
      "a batch",
      `[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
      ]`,
      [
        { jsonrpc: "2.0", result: 7, id: "1" },
        { jsonrpc: "2.0", result: 19, id: "2" },
        errorOf(-32600, null),
        errorOf(-32601, "5"),
        { jsonrpc: "2.0", result: ["hello", 5], id: "9" },
      ],
    ],
    [
      "a batch of notifications",
      `[
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
      ]`,
      undefined,
    ],
  ])("[F1] %s", async (_, frame, answer) => {
    expect(await answerTo(frame, handle)).toEqual(answer);
  });

  it("[F7] ran every method that they call, those of notifications too", () => {
    expect(new Set(handled)).toEqual(new Set([...Object.keys(methods), "foobar", "foo.get"]));
  });
});
