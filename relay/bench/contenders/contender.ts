import type { Ask } from "../load.ts";

/** One way to load a server. */
export type Case = {
  /** `{contender}/{one or many circles, objects}/{what they do}`, as aims.ts refers to it. */
  readonly id: string;
  readonly what: string;
  /** Makes at least `count` requests ahead, where making them costs what would be measured otherwise. */
  readonly prepare: (count: number) => Ask;
};

/** A server that is measured. What it consists of is started by it alone, so that its time and memory are its own. */
export type Contender = {
  readonly name: string;
  /** What is safe when an answer comes, as the reader of the figures has to know. */
  readonly durability: string;
  /** Its processes, without their children. */
  readonly pids: readonly number[];
  readonly cases: readonly Case[];
  stop(): Promise<void>;
};

/** One, and how many more: the same for circles and for Durable Objects. */
export type Population = { readonly id: "one" | "many"; readonly count: number };

export function populations(many: number): readonly Population[] {
  return [
    { id: "one", count: 1 },
    { id: "many", count: many },
  ];
}

/** `3 circles`. */
export function counted(count: number, thing: string): string {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}
