import WebSocket from "isomorphic-ws";
import { ConnectionError } from "../errors.ts";
import { MAX_FRAME_BYTES } from "../protocol/limits.ts";
import type { Transport } from "./transport.ts";

/** Opens a WebSocket. Rejects with `ConnectionError` if that fails, or has not happened when `signal` aborts. */
export async function openWebSocket(url: string, signal: AbortSignal): Promise<Transport> {
  // Browsers take no third argument, and frames of any size.
  const socket = new WebSocket(url, [], { maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  let failure = "";
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => {
      socket.close();
      reject(new ConnectionError(`connection: ${url} could not be opened: ${why}`));
    };
    const onAbort = () => fail("it took too long");
    signal.addEventListener("abort", onAbort, { once: true });
    socket.onopen = () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    // Browsers do not say why; ws does.
    socket.onerror = (event) => {
      failure = "message" in event ? event.message : "";
    };
    socket.onclose = () => fail(failure || "the relay did not answer, or refused");
  });
  const transport: Transport = {
    send: (frame) => {
      if (socket.readyState === socket.OPEN) socket.send(frame);
    },
    close: () => socket.close(),
    onFrame: () => {},
    onClose: () => {},
  };
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") return;
    if (data.length > MAX_FRAME_BYTES) socket.close();
    else transport.onFrame(data);
  };
  socket.onerror = () => {}; // a close follows
  socket.onclose = ({ reason }) => transport.onClose(reason || "the connection was lost");
  return transport;
}
