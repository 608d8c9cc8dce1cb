/** A fault that somebody might make, put in on purpose: the broker contract has to find it. */
export type Mutation = {
  /** What is wrong then, as the end of "a broker …". */
  readonly name: string;
  /** From `relay/src/broker/`. */
  readonly file: string;
  /** Is in the file exactly once. */
  readonly text: string;
  readonly instead: string;
};

/** @throws {Error} if the mutation's text is not in the file exactly once: whoever changes the file changes the mutation. */
export function mutate(source: string, { name, file, text, instead }: Mutation): string {
  const found = source.split(text).length - 1;
  if (found !== 1) throw new Error(`mutation "${name}": expected its text in ${file} once, found it ${found} times`);
  return source.replace(text, () => instead);
}
