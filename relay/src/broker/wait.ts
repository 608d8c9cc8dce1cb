export type Wait<T> = {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
};

/** A promise that rejects with the signal's reason, should that abort first. `onEnd` is called at once when it is settled. */
export function waitUntil<T>(signal: AbortSignal, onEnd: () => void = () => {}): Wait<T> {
  let [resolve, reject]: [Wait<T>["resolve"], Wait<T>["reject"]] = [() => {}, () => {}];
  const promise = new Promise<T>((...settle) => {
    [resolve, reject] = settle;
  });
  const onAbort = () => wait.reject(signal.reason);
  const end = () => {
    signal.removeEventListener("abort", onAbort);
    onEnd();
  };
  const wait: Wait<T> = {
    promise,
    resolve: (value) => {
      end();
      resolve(value);
    },
    reject: (error) => {
      end();
      reject(error);
    },
  };
  signal.addEventListener("abort", onAbort, { once: true });
  return wait;
}
