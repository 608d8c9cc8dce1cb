import {
  CLOCK_SKEW_S,
  type Envelope,
  ErrorCode,
  type EventsPage,
  isTopic,
  LOG_TOPIC,
  SUBSCRIBE_SCRIPT,
  WireError,
} from "@circles/sdk/protocol";
import type { Claim, ClaimedTask } from "../broker/broker.ts";
import type { Namespace } from "../namespace/namespace.ts";
import type { Heard, Outcome, Task } from "../task.ts";
import { SIGNATURE } from "./admission.ts";
import { DEVICE, denied, failureOf } from "./ends.ts";
import { checkLifetime, checkProof } from "./proof.ts";
import type { ServeParts } from "./serve-claim.ts";

const MOST_EVENTS = 1_000;

/**
 * Answers the tasks of one claim of the lane of events: what a subscriber has missed, if its caller may hear it by the policy as
 * it is now. None is a play, and none leaves a record.
 */
export class ServingSubscribers {
  readonly #parts: ServeParts;
  readonly #claim: Claim;
  readonly #finished = new Set<ClaimedTask["key"]>();

  constructor(parts: ServeParts, claim: Claim) {
    this.#parts = parts;
    this.#claim = claim;
  }

  async serve(namespace: Namespace): Promise<void> {
    for (const claimed of this.#claim.tasks) {
      const outcome = await this.#answer(namespace, claimed).catch((error: unknown) => this.#refusal(claimed, error));
      await this.#finish(claimed, outcome);
    }
  }

  /** Finishes what is not finished. */
  async giveUp(error: unknown): Promise<void> {
    for (const claimed of this.#claim.tasks) await this.#finish(claimed, this.#refusal(claimed, error));
  }

  async #answer(namespace: Namespace, { task }: ClaimedTask): Promise<Outcome> {
    const { authorities } = this.#parts;
    const { until: proven, envelope } = this.#prove(task);
    const topic = topicOf(task);
    const capability = topic === LOG_TOPIC ? "log" : `subscribe:${topic}`;
    // A grant of `log` lets others see what `log.read` shows; lines have in them what was written.
    if (topic === LOG_TOPIC && task.caller !== namespace.circle) throw denied(capability);
    /** Answers until when its caller may hear this. @throws {WireError} if that is not by now. */
    const permit = (isCounted: boolean): number => {
      if (!envelope && authorities.refusesUnsigned(namespace)) throw denied(SIGNATURE);
      if (authorities.revokes(namespace, envelope?.delegation?.device)) throw denied(DEVICE);
      return Math.min(proven, authorities.checkSubscriber(namespace, task, { capability, isCounted }));
    };
    try {
      permit(!task.again);
      const page = await this.#read(namespace, topic, task);
      const until = permit(false); // asked once more: what was read is no later than this
      const heard: Heard = until < Number.POSITIVE_INFINITY ? { ...page, until } : page;
      return { status: "answered", output: JSON.stringify(heard) };
    } catch (error) {
      if (error instanceof WireError && error.code === ErrorCode.Denied) {
        this.#parts.denials.count(namespace, task.caller, capability);
      }
      throw error;
    }
  }

  async #read(namespace: Namespace, topic: string, { after, again }: Task): Promise<EventsPage> {
    if (topic !== LOG_TOPIC) return namespace.readEvents({ topic, after, limit: MOST_EVENTS });
    const { news, denials } = this.#parts;
    if (!again) await denials.flush(namespace);
    news.follow(namespace);
    return namespace.readLines({ after, limit: MOST_EVENTS });
  }

  /** Answers until when that holds, in Unix milliseconds. @throws {WireError} if its caller did not ask for this. */
  #prove(task: Task): { readonly until: number; readonly envelope: Envelope | undefined } {
    const envelope = checkProof(task, this.#parts);
    if (!envelope) return { until: Number.POSITIVE_INFINITY, envelope };
    checkLifetime(envelope, task.circle);
    const { expires_at, delegation } = envelope;
    const expiresAt = Math.min(expires_at, delegation?.expires_at ?? expires_at);
    return { until: (expiresAt + CLOCK_SKEW_S) * 1_000, envelope };
  }

  #refusal(claimed: ClaimedTask, error: unknown): Outcome {
    if (!(error instanceof WireError) || error.code === ErrorCode.BadEnvelope) this.#parts.onError(error, claimed);
    const status = error instanceof WireError && error.code === ErrorCode.Denied ? "denied" : "error";
    return { status, failure: failureOf(error) };
  }

  async #finish({ key }: ClaimedTask, outcome: Outcome): Promise<void> {
    if (this.#finished.has(key)) return;
    this.#finished.add(key);
    await this.#parts.broker.finish(this.#claim, key, outcome);
  }
}

/** Whatever was put into this line by whomever: nothing else is done here. @throws {WireError} */
function topicOf({ script, args, deadline }: Task): string {
  if (deadline <= Date.now())
    throw new WireError(ErrorCode.TimedOut, "timed out: the subscription was not looked at in time");
  const { topic } = script === SUBSCRIBE_SCRIPT ? ((JSON.parse(args) ?? {}) as { topic?: unknown }) : {};
  if (isTopic(topic) || topic === LOG_TOPIC) return topic;
  throw new WireError(ErrorCode.InvalidParams, "subscribe: expected a topic, got something else", { param: "topic" });
}
