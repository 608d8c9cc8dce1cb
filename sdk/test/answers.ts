import { expect } from "vitest";
import { type Handle, type RequestId, serveFrame } from "../src/protocol/index.ts";

const fail = (error: unknown) => {
  throw error;
};

/** Serves one raw frame and reads the answer; `undefined` where nothing was owed. */
export async function answerTo(
  frame: string,
  handle: Handle = fail,
  report: (error: unknown) => void = fail,
): Promise<unknown> {
  const answer = await serveFrame(frame, handle, report);
  return answer === undefined ? undefined : JSON.parse(answer);
}

/** An error object with this code; its message is for people. */
export function errorOf(code: number, id: RequestId) {
  return { jsonrpc: "2.0", error: { code, message: expect.any(String) }, id };
}
