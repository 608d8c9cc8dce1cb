import { LOG_TOPIC, lastEventId } from "@circles/sdk/protocol";
import type { Notice } from "./broker.ts";

// What gateways are told beside the events of a circle. Topics of the relay's own begin with $: no play can emit to them.

/** The circle's policy is another one: who may subscribe is to be asked again. */
export const POLICY_TOPIC = "$policy";
/** Somebody has opened the circle; events up to `head` were committed, and perhaps never told. `data` is `{ head }`. */
export const OPENED_TOPIC = "$opened";
/** A broker says so by itself: notices may have been lost on the way here. */
export const GAP_TOPIC = "$gap";

export const POLICY_CHANGED: Notice = Object.freeze({ topic: POLICY_TOPIC, data: null });
export const GAP: Notice = Object.freeze({ topic: GAP_TOPIC, data: null });

export function logOpened(head: number): Notice {
  return { topic: OPENED_TOPIC, data: { head } };
}

/** For who follows the log: it has grown to record `seq`. `data` is `{ head }`, in the numbers of events. */
export function logGrown(seq: number): Notice {
  return { topic: LOG_TOPIC, data: { head: lastEventId(seq) } };
}
