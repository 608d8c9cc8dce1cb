import type { ComponentChildren } from "preact";
import { useErrorBoundary } from "preact/hooks";
import { Failure } from "./failure.tsx";

/** A view that fails, whatever it was told, leaves the rest of the page as it is. */
export function Guarded({ children }: { readonly children: ComponentChildren }) {
  const [error, tryAgain] = useErrorBoundary();
  if (error === undefined) return <>{children}</>;
  return (
    <>
      <Failure error={error} />
      <button type="button" onClick={tryAgain}>
        Try again
      </button>
    </>
  );
}
