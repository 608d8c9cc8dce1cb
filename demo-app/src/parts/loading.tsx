import type { ComponentChildren } from "preact";
import { Failure } from "./failure.tsx";
import type { Loaded } from "./use-loaded.ts";

type LoadingProps<T> = { readonly of: Loaded<T>; readonly children: (value: T) => ComponentChildren };

/** What has been loaded, or that it has not been yet, or why it cannot be. */
export function Loading<T>({ of, children }: LoadingProps<T>) {
  if (of.is === "there") return <>{children(of.value)}</>;
  if (of.is === "failed") return <Failure error={of.error} />;
  return (
    <p class="quiet" aria-busy="true">
      One moment…
    </p>
  );
}
