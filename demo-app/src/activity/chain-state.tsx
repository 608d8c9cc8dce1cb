import type { ChainCheck } from "./chain.ts";

/** Whether the log is whole, and still the one from which this browser was answered. */
export function ChainState({ check }: { readonly check: ChainCheck | undefined }) {
  if (!check) return null;
  if (check.is === "broken") {
    return (
      <p class="chain chain-broken" role="alert">
        The log is not what it was: {check.why}. Ask whoever runs the relay, and keep what this browser knows.
      </p>
    );
  }
  const { from, to, heads, unseen } = check;
  return (
    <p class="chain quiet" role="status">
      ✓ Records {from} to {to}: this browser has hashed each, and each holds the hash of the one before it.{" "}
      {heads === 1 ? "1 answer that it kept stands" : `${heads} answers that it kept stand`} among them.
      {unseen > 0 && ` Of ${unseen}, too long to be sent, the next one vouches for the hash.`}
    </p>
  );
}
