import { useState } from "preact/hooks";

/** Something that a person asked for, and why it did not work. */
export type Attempts = {
  readonly error: unknown;
  readonly isBusy: boolean;
  /** Resolves with whether it worked; it never rejects. */
  readonly attempt: (what: () => PromiseLike<unknown>) => Promise<boolean>;
};

export function useAttempt(): Attempts {
  const [error, setError] = useState<unknown>(undefined);
  const [underWay, setUnderWay] = useState(0);
  const attempt: Attempts["attempt"] = async (what) => {
    setError(undefined);
    setUnderWay((count) => count + 1);
    try {
      await what();
      return true;
    } catch (failed) {
      setError(failed);
      return false;
    } finally {
      setUnderWay((count) => count - 1);
    }
  };
  return { error, isBusy: underWay > 0, attempt };
}
