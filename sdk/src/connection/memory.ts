import type { Transport } from "./transport.ts";

/** Two joined ends: what one sends, the other receives, in order and in a later microtask. For tests. */
export function makeMemoryTransports(): [Transport, Transport] {
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    for (const end of [left, right]) queueMicrotask(() => end.onClose("closed"));
  };
  const makeEnd = (other: () => Transport): Transport => ({
    send: (frame) => {
      if (open) queueMicrotask(() => other().onFrame(frame));
    },
    close,
    onFrame: () => {},
    onClose: () => {},
  });
  const left: Transport = makeEnd(() => right);
  const right: Transport = makeEnd(() => left);
  return [left, right];
}
