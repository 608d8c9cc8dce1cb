import { hash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { COMMON } from "./lua-common.ts";

/** One connection, or those of one cluster. */
export type Link = {
  /**
   * `key` says where in a cluster. Rejects when the connection is lost: whether the command was carried out, nobody knows
   * then.
   */
  send(command: readonly string[], key: string): Promise<unknown>;
  destroy(): void;
};
export type Connect = () => Promise<Link>;

/** A script that Redis runs as one step. */
export type Script = { readonly source: string; readonly sha: string };
/** A script that Redis runs as one step for several calls, each by itself. */
export type GatheringScript = Script & { readonly gathers: true };

/** Where Redis' memory is full, only what begins something is refused: the rest makes room, or is needed for that. */
export function makeScript(body: string, { isRefusedWhenFull = false } = {}): Script {
  const source = `#!lua${isRefusedWhenFull ? "" : " flags=allow-oom"}${COMMON}${body}`;
  return { source, sha: hash("sha1", source) };
}

/** `ARGV` of each call is as it were alone. One that fails does so for itself. */
export function makeGatheringScript(body: string, options?: { isRefusedWhenFull?: boolean }): GatheringScript {
  const script = makeScript(
    `
local function each(ARGV)
${body}
end
local replies, at = {}, 3
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local ok, reply = pcall(each, { ARGV[1], ARGV[2], unpack(ARGV, at + 1, at + count) })
  if not ok then reply = { 'failed', type(reply) == 'table' and reply.err or tostring(reply) } end
  replies[#replies + 1] = reply
  at = at + count + 1
end
return replies
`,
    options,
  );
  return { ...script, gathers: true };
}

/** What a script answered: first what became of it. */
export type Reply = readonly [kind: string, ...rest: unknown[]];

type Call = {
  readonly command: readonly string[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
};

type GatheredCall = Omit<Call, "command"> & { readonly args: readonly string[] };
type Gathered = { readonly script: GatheringScript; readonly calls: GatheredCall[]; characters: number };

/** What one command may bring: Redis does nothing else meanwhile. */
const MOST_GATHERED = 64;
const MOST_GATHERED_CHARACTERS = 256 * 1024;
/** A connection that owes an answer for so long is taken for dead. */
const MOST_SILENCE_MS = 3_000;
const MOST_BACKOFF_MS = 1_000;

export type RedisCallsOptions = {
  readonly connect: Connect;
  readonly prefix: string;
  readonly scripts: readonly Script[];
  /** Microseconds, for tests. Default: the clock of Redis. */
  readonly clock?: (() => number) | undefined;
  /**
   * Called after a connection was lost, before anything else is sent: Redis may have restarted and lost what it heard last.
   * What is called here goes first.
   */
  readonly onRecovered: () => void;
  readonly onError: (error: unknown) => void;
};

/**
 * Runs scripts in the order of the calls, over whatever connections that takes: what was not answered when one is lost is
 * sent again over the next, so every script does the same when it is asked twice.
 */
export class RedisCalls {
  readonly #options: RedisCallsOptions;
  /** Oldest first. */
  readonly #pending = new Set<Call>();
  readonly #watch: NodeJS.Timeout;
  /** Calls that are sent at the end of this turn of the event loop, or before the next other one. */
  #gathered: Gathered | undefined;
  #link: Link | undefined;
  #isUp = false;
  #hadLink = false;
  #isClosed = false;
  #answeredAt = performance.now();
  /** Connections since a script was last answered. */
  #tries = 0;

  constructor(options: RedisCallsOptions) {
    this.#options = options;
    this.#watch = setInterval(() => this.#checkSilence(), MOST_SILENCE_MS / 4).unref();
    void this.#recover();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Rejects only if Redis refuses it, or this is closed. */
  call(script: Script | GatheringScript, ...args: (string | number)[]): Promise<Reply> {
    if (this.#isClosed) return Promise.reject(new Error("broker: closed"));
    if ("gathers" in script) return this.#gather(script, args.map(String));
    this.flush();
    return this.#command(script, args.map(String)) as Promise<Reply>;
  }

  /** Sends what is gathered. */
  flush(): void {
    const gathered = this.#gathered;
    if (!gathered) return;
    this.#gathered = undefined;
    const { script, calls } = gathered;
    this.#command(
      script,
      calls.flatMap(({ args }) => [String(args.length), ...args]),
    ).then(
      (replies) => {
        for (const [i, { resolve, reject }] of calls.entries()) {
          const reply = replies[i] as Reply;
          if (reply[0] === "failed") reject(new Error(String(reply[1])));
          else resolve(reply);
        }
      },
      (error: unknown) => {
        for (const { reject } of calls) reject(error);
      },
    );
  }

  #gather(script: GatheringScript, args: readonly string[]): Promise<Reply> {
    if (this.#gathered && this.#gathered.script !== script) this.flush();
    if (!this.#gathered) {
      this.#gathered = { script, calls: [], characters: 0 };
      setImmediate(() => this.flush());
    }
    const gathered = this.#gathered;
    return new Promise((resolve, reject) => {
      gathered.calls.push({ args, resolve, reject });
      gathered.characters += args.reduce((sum, { length }) => sum + length, 0);
      if (gathered.calls.length >= MOST_GATHERED || gathered.characters >= MOST_GATHERED_CHARACTERS) this.flush();
    });
  }

  #command(script: Script, args: readonly string[]): Promise<readonly unknown[]> {
    if (this.#isClosed) return Promise.reject(new Error("broker: closed"));
    const { prefix, clock } = this.#options;
    const now = clock ? String(clock()) : "";
    const command = ["EVALSHA", script.sha, "1", prefix, prefix, now, ...args];
    return new Promise((resolve, reject) => {
      const call: Call = { command, resolve, reject };
      if (this.#pending.size === 0) this.#answeredAt = performance.now();
      this.#pending.add(call);
      if (this.#isUp) this.#send(call);
    });
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#isUp = false;
    clearInterval(this.#watch);
    this.#link?.destroy();
    for (const { reject } of this.#pending) reject(new Error("broker: closed"));
    this.#pending.clear();
  }

  #send(call: Call): void {
    const link = this.#link;
    if (!link) return;
    link.send(call.command, this.#options.prefix).then(
      (reply) => {
        this.#answeredAt = performance.now();
        this.#tries = 0;
        if (this.#pending.delete(call)) call.resolve(reply as Reply);
      },
      (error: unknown) => {
        if (this.#isClosed || link !== this.#link) return; // it is sent again, or was
        if (isRefusal(error)) {
          this.#pending.delete(call);
          call.reject(error);
        } else this.#lose(error);
      },
    );
  }

  #lose(error: unknown): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#options.onError(error);
    void this.#recover();
  }

  async #recover(): Promise<void> {
    while (!this.#isClosed) {
      this.#link?.destroy();
      this.#link = undefined;
      if (this.#tries > 0) await wait(backoffMs(this.#tries), undefined, { ref: false });
      this.#tries += 1;
      if (this.#isClosed) return;
      try {
        const link = await this.#options.connect();
        const { scripts, prefix } = this.#options;
        const silence = setTimeout(() => link.destroy(), MOST_SILENCE_MS).unref();
        await Promise.all(scripts.map(({ source }) => link.send(["SCRIPT", "LOAD", source], prefix))).finally(() =>
          clearTimeout(silence),
        );
        if (this.#isClosed) return link.destroy();
        this.#link = link;
        break;
      } catch (error) {
        if (this.#tries === 1) this.#options.onError(error);
      }
    }
    if (this.#isClosed) return;
    this.#isUp = true;
    this.#answeredAt = performance.now();
    const unanswered = [...this.#pending];
    this.#pending.clear();
    if (this.#hadLink) this.#options.onRecovered();
    this.#hadLink = true;
    for (const call of unanswered) {
      this.#pending.add(call);
      this.#send(call);
    }
  }

  #checkSilence(): void {
    if (this.#pending.size === 0 || performance.now() - this.#answeredAt < MOST_SILENCE_MS) return;
    this.#lose(new Error(`redis: expected an answer within ${MOST_SILENCE_MS} ms, got none`));
  }
}

function backoffMs(tries: number): number {
  return Math.min(MOST_BACKOFF_MS, 10 * 2 ** tries) * (0.5 + Math.random());
}

/** Redis says no to this very command; asked again it would say the same. */
function isRefusal(error: unknown): boolean {
  const message = error instanceof Error ? error.message : "";
  return (
    /^(?:ERR|WRONGTYPE|OOM|NOPERM|CROSSSLOT|user_script)\b/.test(message) && !/Script killed|max.*clients/.test(message)
  );
}
