/** What taking the types out of a script gave. */
export type Stripped =
  | { readonly kind: "stripped"; readonly script: string }
  /** TypeScript that means more than its types, such as an enum: it cannot just be left out. Counts from 1. */
  | { readonly kind: "unsupported"; readonly syntax: string; readonly line: number; readonly column: number };

/** Replaces TypeScript's types with white space, so that every line and column stays. */
export interface TypeStripper {
  /** Resolves with `undefined` when what strips had to be ended, because it took too long or too much memory. */
  strip(script: string): Promise<Stripped | undefined>;
  /** What `strip` gave for a script not long ago, if it was JavaScript. */
  known(script: string): string | undefined;
  close(): Promise<void>;
}
