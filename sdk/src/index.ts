/** Send scripts to other peers' circles: keys, login and `play`, in browsers and in Node. */
export { Circle, type ConnectOptions, connect, type PlayOptions } from "./circle.ts";
export { ConnectionError, DeadlineError, ProtocolError } from "./errors.ts";
export { generateKeypair, Keypair, keypairFrom } from "./keys/keypair.ts";
export { NonceRefused } from "./keys/login.ts";
export { canonicalPublicKey } from "./keys/public-key.ts";
export type { Dialled, Signer } from "./keys/signer.ts";
export { Play, type Played } from "./play.ts";
export { ErrorCode, type LimitReached, type ScriptFailure, WireError } from "./protocol/errors.ts";
export type { PublicKey, Signature, TaskId } from "./protocol/ids.ts";
export type { InboxEntry } from "./protocol/inbox.ts";
export type { ContentHash, LogOptions, LogPage, LogRecord } from "./protocol/log.ts";
export type { InboxNotice, LogHead, PlayOutput, Progress, Waiting } from "./protocol/messages.ts";
export type { Grant, PolicyDocument } from "./protocol/policy.ts";
export type { PlayContext, ScriptFunction } from "./script.ts";
export type { CircleInbox } from "./tools/inbox.ts";
export type { CircleLibrary } from "./tools/library.ts";
export type { CircleLog } from "./tools/log.ts";
export type { CirclePolicy } from "./tools/policy.ts";
