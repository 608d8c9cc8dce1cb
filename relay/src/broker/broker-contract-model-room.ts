import type { Task } from "../task.ts";
import type { BrokerLimits } from "./broker.ts";
import { type Full, laneOf } from "./broker-contract-words.ts";

const MOST_IN_CONTROL_LANE = 200;

/** The first limit, in the order of BR11, that leaves no room for a task beside those that wait or run. */
export function limitReached(task: Task, inRoom: readonly Task[], limits: BrokerLimits): Full | undefined {
  const ofLane = inRoom.filter((other) => laneOf(other) === laneOf(task)).length;
  const ofCaller = inRoom.filter(({ caller }) => caller === task.caller);
  const mostInLane = task.lane === "control" ? MOST_IN_CONTROL_LANE : limits.mostPerCircle;
  const { mostPerCaller, mostCharactersPerCaller, mostCharacters } = limits;
  if (ofLane >= mostInLane) return { limit: "queued_per_circle", used: ofLane, allowed: mostInLane };
  if (ofCaller.length >= mostPerCaller) {
    return { limit: "queued_per_caller", used: ofCaller.length, allowed: mostPerCaller };
  }
  const ofCallerThen = characters([...ofCaller, task]);
  if (ofCallerThen > mostCharactersPerCaller) {
    return { limit: "queued_characters_per_caller", used: ofCallerThen, allowed: mostCharactersPerCaller };
  }
  const then = characters([...inRoom, task]);
  return then > mostCharacters ? { limit: "queued_characters", used: then, allowed: mostCharacters } : undefined;
}

function characters(tasks: readonly Task[]): number {
  return tasks.reduce((sum, { script, args }) => sum + script.length + args.length, 0);
}
