import { WireError } from "@circles/sdk";
import { Failure } from "../parts/failure.tsx";

const DENIED = -32003;
const SCRIPT_ERROR = -32000;

type NotOpenProps = { readonly error: unknown; readonly isOwn: boolean; readonly onLook: () => void };

/** Why there is nothing to see: most often nobody has opened it yet. */
export function NotOpen({ error, isOwn, onLook }: NotOpenProps) {
  if (error === undefined) return null;
  const code = error instanceof WireError || (error instanceof Error && "code" in error) ? error.code : undefined;
  if (isOwn && code === SCRIPT_ERROR)
    return <p class="empty">It is not open yet. The button above opens it to anyone.</p>;
  return (
    <div class="empty">
      {!isOwn && code === DENIED ? (
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
