import type { Method } from "@circles/sdk/protocol";
import type { RefusedBecause } from "./addresses.ts";

/** `unknown` for a name that is no method. */
export type CalledMethod = Method | "unknown";

/** Hears what happens at a gateway, to count and time it. Called often: it neither throws nor waits. */
export interface GatewayObserver {
  /** A request was turned away before it became a connection. */
  refused(because: RefusedBecause): void;
  opened(): void;
  closed(): void;
  /** UTF-8 bytes of a frame. */
  received(bytes: number): void;
  /** UTF-8 bytes of a frame. */
  sent(bytes: number): void;
  called(method: CalledMethod): void;
  /** Follows each `called`. `error`: what was thrown, `undefined` for a result. */
  answered(call: { readonly method: CalledMethod; readonly error: unknown; readonly ms: number }): void;
}

export const UNOBSERVED: GatewayObserver = {
  refused: () => {},
  opened: () => {},
  closed: () => {},
  received: () => {},
  sent: () => {},
  called: () => {},
  answered: () => {},
};
