/** The wire between peers and relays: shapes, forms and limits. Rules in SPEC.md. */
export * from "./canonical-json.ts";
export * from "./deadline.ts";
export * from "./delegation.ts";
export * from "./envelope.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./frames.ts";
export * from "./ids.ts";
export * from "./inbox.ts";
export * from "./limits.ts";
export * from "./log.ts";
export * from "./login-nonce.ts";
export * from "./messages.ts";
export * from "./openrpc.ts";
export * from "./params.ts";
export * from "./policy.ts";
export * from "./wallet-delegation.ts";
