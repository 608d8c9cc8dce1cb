import { describe, expect, it } from "vitest";
import { ErrorCode } from "./errors.ts";
import { methodSchemas, openRpcDocument } from "./openrpc.ts";

describe("the OpenRPC document", () => {
  it("[M10] is JSON, names every method once with what it takes and gives, and every error code", () => {
    const copy = JSON.parse(JSON.stringify(openRpcDocument)) as typeof openRpcDocument;
    expect(copy).toEqual(openRpcDocument);
    expect(copy.methods.map(({ name }) => name)).toEqual(Object.keys(methodSchemas));
    for (const { params, result, errors } of copy.methods) {
      expect(result).toMatchObject({ name: "result", schema: { type: "object" } });
      for (const param of params) expect(param).toMatchObject({ name: expect.any(String), schema: expect.any(Object) });
      expect(errors.map(({ code }) => code)).toEqual(Object.values(ErrorCode));
    }
  });

  it("[M10] says which params a call cannot do without", () => {
    const needed = openRpcDocument.methods.map(({ name, params }) => [
      name,
      params.filter(({ required }) => required).map((param) => param.name),
    ]);
    expect(Object.fromEntries(needed)).toEqual({
      fetch_nonce: ["pubkey"],
      authenticate: ["pubkey", "signature"],
      play: ["script"],
      cancel: ["task_id"],
      attach: ["task_id"],
      subscribe: ["topic"],
      unsubscribe: ["topic"],
      "rpc.discover": [],
    });
  });
});
