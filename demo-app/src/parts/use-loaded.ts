import { useEffect, useState } from "preact/hooks";

/** What a view shows of something that takes a while. */
export type Loaded<T> =
  | { readonly is: "loading" }
  | { readonly is: "there"; readonly value: T }
  | { readonly is: "failed"; readonly error: unknown };

/** Loads when the view appears and whenever one of `when` changes; what was there stays until the next is. */
export function useLoaded<T>(load: () => PromiseLike<T>, when: readonly unknown[]): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ is: "loading" });
  useEffect(() => {
    let isWanted = true;
    const show = (next: Loaded<T>) => {
      if (isWanted) setLoaded(next);
    };
    Promise.resolve(load()).then(
      (value) => show({ is: "there", value }),
      (error: unknown) => show({ is: "failed", error }),
    );
    return () => {
      isWanted = false;
    };
  }, when);
  return loaded;
}
