import type { PublicKey, TaskId } from "./ids.ts";
import type { ContentHash } from "./log.ts";

/**
 * A play that asked the owner for a capability, as `inbox.list` shows it. Script, arguments and capability are a
 * stranger's texts: the relay writes out what hides or turns text around in them (controls, bidirectional marks), so
 * they are for reading; what runs is the text with this hash.
 */
export type InboxEntry = {
  /** Names it for `allow` and `deny`: 32 hex characters. */
  readonly id: string;
  readonly task: TaskId;
  readonly caller: PublicKey;
  /** The device key that signed it for its caller, if one did. */
  readonly device?: PublicKey;
  readonly script: string;
  readonly script_hash: ContentHash;
  /** JSON text. */
  readonly args: string;
  readonly capability: string;
  /** Unix seconds. */
  readonly asked_at: number;
  readonly expires_at: number;
  readonly state: "waiting" | "allowed" | "denied";
};
