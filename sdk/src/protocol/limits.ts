/** Both sides refuse a longer frame without parsing it. Room for a full script and full args, escaped. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** UTF-8 bytes of one script. Longer programs belong into a circle's library. */
export const MAX_SCRIPT_BYTES = 256 * 1024;
/** UTF-8 bytes of the canonical JSON of one play's arguments. */
export const MAX_ARGS_BYTES = 256 * 1024;
/** Arrays and objects inside each other, in arguments. Keeps every recursive walk far from the end of its stack. */
export const MAX_ARGS_DEPTH = 128;
/** Requests in one JSON-RPC batch. */
export const MAX_BATCH_ITEMS = 100;

/** UTF-16 units of a topic's name. */
export const MAX_TOPIC_CHARACTERS = 200;

/** How long a nonce may be used for one login. */
export const NONCE_LIFETIME_S = 60;
/** An envelope that lives longer than this is refused. */
export const MAX_ENVELOPE_LIFETIME_S = 24 * 60 * 60;
/** A delegation that lives longer than this is refused. */
export const MAX_DELEGATION_LIFETIME_S = 30 * 24 * 60 * 60;
/** Circles that one delegation names; it travels with every play. */
export const MAX_DELEGATION_CIRCLES = 100;
/** How far a worker lets a caller's clock differ from its own. */
export const CLOCK_SKEW_S = 60;
/** The largest correction of its own clock that a client accepts from a relay. */
export const MAX_CLOCK_OFFSET_S = 5 * 60;

/** The caller's deadline when it names none. */
export const DEFAULT_TIMEOUT_MS = 30_000;
export const MIN_TIMEOUT_MS = 1;
export const MAX_TIMEOUT_MS = 10 * 60 * 1000;

/** A task id is remembered until its envelope expires and this much longer. */
export const TASK_MEMORY_AFTER_EXPIRY_S = 10 * 60;
/** How long a task id is remembered when its play came without an envelope. */
export const TASK_MEMORY_UNSIGNED_S = 24 * 60 * 60;
