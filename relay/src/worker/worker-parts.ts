import type { PublicKey, TaskId, TraceId } from "@circles/sdk/protocol";
import type { Broker } from "../broker/broker.ts";
import { type Namespaces, NotHeld } from "../namespace/namespaces.ts";
import type { SnapshotSource } from "../namespace/snapshot.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import { Delegations } from "../signatures/delegations.ts";
import type { Verifier } from "../signatures/verifier.ts";
import { Approvals } from "./approvals.ts";
import { Authorities } from "./authorities.ts";
import { ConfigChanges } from "./config-changes.ts";
import { CoolDown } from "./cool-down.ts";
import { Denials } from "./denials.ts";
import { Inboxes } from "./inbox.ts";
import { News } from "./news.ts";
import { NOBODY, type Trust } from "./proof.ts";
import type { ServeParts } from "./serve-claim.ts";
import { UNOBSERVED, type WorkerObserver } from "./worker-observer.ts";

export type WorkerPartsOptions = {
  readonly broker: Broker;
  readonly sandbox: Sandbox<SnapshotSource>;
  readonly namespaces: Namespaces;
  readonly verifier: Verifier;
  /** Every peer that logged in is treated as the owner of every circle. For development. */
  readonly open: boolean;
  /** Default: callers, and gateways in this process. */
  readonly trust?: Trust;
  readonly observer?: WorkerObserver;
  /** Told of what should not happen. */
  readonly onError: (error: unknown, where: FailedWhere) => void;
};

/** `trace`: as in `Task`. */
export type FailedWhere = { readonly circle: PublicKey; readonly task?: TaskId; readonly trace?: TraceId | undefined };

/** What workers of one process share: all that they remember between plays. */
export function makeWorkerParts({
  open,
  onError,
  trust = NOBODY,
  observer = UNOBSERVED,
  ...given
}: WorkerPartsOptions): ServeParts {
  const { broker, namespaces } = given;
  const inboxes = new Inboxes();
  const news = new News(broker);
  return {
    ...given,
    observer,
    inboxes,
    trust,
    delegations: new Delegations(given.verifier),
    coolDown: new CoolDown(),
    configChanges: new ConfigChanges(),
    news,
    authorities: new Authorities({ open }),
    denials: new Denials({
      // What another worker has by now is its business.
      withNamespace: (circle, use) => namespaces.with(circle, use).catch(unlessHeldElsewhere),
      isFollowed: (namespace) => news.isFollowed(namespace),
      onWritten: (namespace) => news.grown(namespace),
    }),
    approvals: new Approvals({
      broker,
      namespaces,
      inboxes,
      onError: (error, circle) => {
        if (!(error instanceof NotHeld)) onError(error, { circle });
      },
    }),
    onError: (error, { task }) => onError(error, { circle: task.circle, task: task.id, trace: task.trace }),
  };
}

function unlessHeldElsewhere(error: unknown): void {
  if (!(error instanceof NotHeld)) throw error;
}

/** To be called when no worker uses them any more, and before the namespaces are closed. */
export async function closeWorkerParts({ approvals, denials }: ServeParts): Promise<void> {
  approvals.close();
  await denials.close();
}
