import type { ChainCheck } from "./chain.ts";

/** Whether the log is still the one from which this browser was answered. */
export function ChainState({ check }: { readonly check: ChainCheck | undefined }) {
  if (!check) return null;
  if (check.is === "broken") {
    return (
      <p class="chain chain-broken" role="alert">
        The log is not what it was: {check.why}. Ask whoever runs the relay, and keep what this browser knows.
      </p>
    );
  }
  const { from, to, heads } = check;
  return (
    <p class="chain quiet" role="status">
      ✓ Records {from} to {to} are numbered without a gap, and {heads === 1 ? "1 answer" : `${heads} answers`} that this
      browser kept {heads === 1 ? "stands" : "stand"} among them. What each record says,{" "}
      <code>circles-relay verify</code> checks on the relay's machine.
    </p>
  );
}
