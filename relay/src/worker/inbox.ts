import { ErrorCode, INBOX_TOPIC, type InboxNotice, type LimitReached, WireError } from "@circles/sdk/protocol";
import type { Namespace } from "../namespace/namespace.ts";
import type { Write } from "../sandbox/sandbox.ts";
import type { Task } from "../task.ts";
import { type AskingPlay, inboxPath, MOST_ASKING_BYTES, parseAskingPlay } from "./asking-play.ts";

const MOST_PER_CALLER = 20;
const MOST_PER_CIRCLE = 1_000;
/** Keys cost nothing: what many strangers together may put into an owner's inbox. */
const MOST_CHARACTERS_PER_CIRCLE = 16 * 2 ** 20;
const RETRY_AFTER_MS = 60_000;

const ENTRY = /^inbox\/(?<id>[0-9a-f]{32})\.json$/;

type Known = Pick<AskingPlay, "caller" | "task" | "state" | "expires_at"> & { readonly characters: number };

/** The plays that wait in one circle, as the worker of the circle knows them without reading all of them again. */
export class Inbox {
  readonly #namespace: Namespace;
  readonly #known = new Map<string, Known>();

  constructor(namespace: Namespace) {
    this.#namespace = namespace;
    for (const id of namespace.list({ kind: "inbox", prefix: "" })) {
      const json = namespace.readText(inboxPath(id));
      if (json !== undefined) this.#know(id, json);
    }
  }

  /** The entry of a play, whatever it asks for now. */
  ofTask({ caller, id }: Pick<Task, "caller" | "id">): AskingPlay | undefined {
    for (const [entry, known] of this.#known) if (known.task === id && known.caller === caller) return this.get(entry);
    return undefined;
  }

  get(id: string): AskingPlay | undefined {
    const json = this.#known.has(id) ? this.#namespace.readText(inboxPath(id)) : undefined;
    return json === undefined ? undefined : parseAskingPlay(json);
  }

  /** Ids of entries that are decided or whose time is over: their plays are to go on. */
  due(now = Date.now() / 1000): string[] {
    return Array.from(this.#known).flatMap(([id, { state, expires_at }]) =>
      state !== "waiting" || expires_at <= now ? [id] : [],
    );
  }

  /** When the first of those that wait expires, in Unix seconds; infinity if none does. */
  get nextExpiry(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { expires_at } of this.#known.values()) next = Math.min(next, expires_at);
    return next;
  }

  /** @throws {WireError} -32004 if a play is too large to wait, -32007 if too many do. */
  checkRoom({ caller, script, args }: Task): void {
    const bytes = Buffer.byteLength(script) + Buffer.byteLength(args);
    if (bytes > MOST_ASKING_BYTES) {
      const data: LimitReached = { limit: "waiting_bytes", used: bytes, allowed: MOST_ASKING_BYTES };
      const message = `limit reached: waiting_bytes of ${MOST_ASKING_BYTES}, for the owner is to read what asks`;
      throw new WireError(ErrorCode.LimitReached, message, data);
    }
    if (this.#known.size >= MOST_PER_CIRCLE) throw busy("waiting_per_circle", this.#known.size, MOST_PER_CIRCLE);
    const all = Array.from(this.#known.values());
    const ofCaller = all.filter((known) => known.caller === caller).length;
    if (ofCaller >= MOST_PER_CALLER) throw busy("waiting_per_caller", ofCaller, MOST_PER_CALLER);
    const characters = all.reduce((sum, known) => sum + known.characters, script.length + args.length);
    if (characters > MOST_CHARACTERS_PER_CIRCLE) {
      throw busy("waiting_characters", characters, MOST_CHARACTERS_PER_CIRCLE);
    }
  }

  /** Takes in what was committed. Answers the ids of entries that are now to go on. */
  changed(writes: readonly Write[]): string[] {
    const due: string[] = [];
    for (const { path, content } of writes) {
      const id = ENTRY.exec(path)?.groups?.id;
      if (id === undefined) continue;
      this.#known.delete(id);
      if (content && "json" in content && this.#know(id, content.json).state !== "waiting") due.push(id);
    }
    return due;
  }

  #know(id: string, json: string): Known {
    const { caller, task, state, expires_at } = parseAskingPlay(json);
    const known = { caller, task, state, expires_at, characters: json.length };
    this.#known.set(id, known);
    return known;
  }
}

/** Each circle's, made when first asked for. */
export class Inboxes {
  readonly #inboxes = new WeakMap<Namespace, Inbox>();

  of(namespace: Namespace): Inbox {
    const inbox = this.#inboxes.get(namespace) ?? new Inbox(namespace);
    this.#inboxes.set(namespace, inbox);
    return inbox;
  }
}

/** What the owner is told at once. */
export function inboxNotice(id: string, { caller, capability, expires_at }: AskingPlay) {
  return { topic: INBOX_TOPIC, data: { id, caller, capability, expires_at } satisfies InboxNotice };
}

function busy(limit: string, used: number, allowed: number): WireError {
  const data: LimitReached = { limit, used, allowed, retry_after_ms: RETRY_AFTER_MS };
  return new WireError(ErrorCode.Busy, `busy: ${limit} is at its limit of ${allowed}`, data);
}
