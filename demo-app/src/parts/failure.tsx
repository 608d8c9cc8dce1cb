import { explain } from "./explain.ts";

/** What went wrong, said at once to those who listen. */
export function Failure({ error }: { readonly error: unknown }) {
  const { title, message, place } = explain(error);
  return (
    <div class="failure" role="alert">
      <strong>{title}</strong>
      <pre>{message}</pre>
      {place && (
        <p class="quiet">
          line {place.line}, column {place.column}
        </p>
      )}
    </div>
  );
}
