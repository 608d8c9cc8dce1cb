/** Send scripts to other peers' circles: keys, login and `play`, in browsers and in Node. */
export { Circle, type ConnectOptions, connect, type PlayOptions } from "./circle.ts";
export { ConnectionError, DeadlineError, ProtocolError } from "./errors.ts";
export { generateKeypair, Keypair, keypairFrom } from "./keys/keypair.ts";
export { NonceRefused } from "./keys/login.ts";
export { canonicalPublicKey } from "./keys/public-key.ts";
export type { Dialled, Signer } from "./keys/signer.ts";
export { Play, type Played, type PlayOutput } from "./play.ts";
export { ErrorCode, type LimitReached, type ScriptFailure, WireError } from "./protocol/errors.ts";
export type { PublicKey, Signature, TaskId } from "./protocol/ids.ts";
export type { LogHead, Progress } from "./protocol/messages.ts";
export type { PlayContext, ScriptFunction } from "./script.ts";
