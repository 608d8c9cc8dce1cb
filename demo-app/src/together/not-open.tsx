import { ErrorCode, PlayError, WireError } from "@circles/sdk";
import { Failure } from "../parts/failure.tsx";

type NotOpenProps = { readonly error: unknown; readonly isOwn: boolean; readonly onLook: () => void };

/** Why there is nothing to see: most often nobody has opened it yet. */
export function NotOpen({ error, isOwn, onLook }: NotOpenProps) {
  if (error === undefined) return null;
  if (isOwn && error instanceof PlayError)
    return <p class="empty">It is not open yet. The button above opens it to anyone.</p>;
  return (
    <div class="empty">
      {!isOwn && error instanceof WireError && error.code === ErrorCode.Denied ? (
        <p>The owner of this circle has not opened it to you.</p>
      ) : (
        <Failure error={error} />
      )}
      <button type="button" class="small" onClick={onLook}>
        Look again
      </button>
    </div>
  );
}
