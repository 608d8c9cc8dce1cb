import { DeadlineError } from "./errors.ts";

/**
 * A signature, if it comes in time. Signers may ask a person or another process: one that never answers holds up nothing for
 * ever. Rejects with `DeadlineError`.
 */
export function inTime<T>(signing: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DeadlineError(`signer: expected a signature within ${timeoutMs} ms, got none`)),
      timeoutMs,
    );
    void signing.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
