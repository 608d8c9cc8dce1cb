import type { Request } from "../channel.ts";
import { circleKey, makePlays } from "../plays.ts";

/** What peers are sent with each request: the parameters of a signed play, so that all read and parse as much. */
export const PARAMS = paramsOfAPlay();

/** A request to each channel in turn, for ever. */
export function* everyChannel(channels: number, frame: string): Generator<Request> {
  for (let i = 0; ; i = (i + 1) % channels) yield { channel: i, frame };
}

/** JSON-RPC, as peers do not ask for it, but as one of us would speak to them. */
export function requestFrame(method: "read" | "write"): string {
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: PARAMS });
}

function paramsOfAPlay(): Readonly<Record<string, unknown>> {
  const [play] = makePlays([circleKey(0)], { script: "data.get('n')", signed: true }, 1);
  const { params } = JSON.parse(play?.frame ?? "{}") as { params: Record<string, unknown> };
  return params;
}
