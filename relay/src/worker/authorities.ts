import type { PolicyDocument, PublicKey, Sha256 } from "@circles/sdk/protocol";
import type { Namespace } from "../namespace/namespace.ts";
import { openAuthority, type PlayAuthority, type PlayGrant, soonest } from "../policy/authority.ts";
import { CompiledPolicy, writeAuthority } from "../policy/compiled-policy.ts";
import { parsePolicy } from "../policy/policy-file.ts";
import { type RatedUse, RateWindows } from "../policy/rate-windows.ts";
import type { SandboxPlay, ScriptResult, Write } from "../sandbox/sandbox.ts";
import type { Task } from "../task.ts";
import { POLICY_PATH } from "./circle-paths.ts";
import { denied, exhausted } from "./ends.ts";

/** The capability that who holds none is told to lack. */
const ANYTHING = "*";
/** The owner's. */
const EVERYTHING = "";
/** Of a play whose device was revoked while it ran. */
const NOTHING = writeAuthority({ script: "" as Sha256, grants: [], approved: [] });

/** What one play may do, while it is under way. */
export type OpenedAuthority = {
  /** For its sandbox. */
  readonly text: string;
  /** To be called when the play has ended, without a result if it did not run; only the first call counts. */
  settle(result: Pick<ScriptResult, "end" | "used" | "killed" | "cpuMs"> | undefined): void;
};

type Known = { readonly revision: number; readonly policy: CompiledPolicy };

/** What plays may do, by the policies of their circles. */
export class Authorities {
  readonly #open: boolean;
  readonly #rates = new RateWindows();
  readonly #known = new WeakMap<Namespace, Known>();

  /** `open`: everybody may do everything everywhere. */
  constructor({ open }: { readonly open: boolean }) {
    this.#open = open;
  }

  /** Is a play refused here for which only a gateway vouches? */
  refusesUnsigned(namespace: Namespace): boolean {
    return this.#policyOf(namespace).refusesUnsigned;
  }

  /** Does its circle take no plays that this device signed for somebody? */
  revokes(namespace: Namespace, device: string | undefined): boolean {
    return device !== undefined && this.#policyOf(namespace).revokes(device);
  }

  /** @throws {WireError} -32003 if its caller may do nothing at all; the control lane is the owner's. */
  check(namespace: Namespace, task: Task): void {
    if (this.#isOwner(namespace, task)) return;
    const grants = this.#grantsOf(namespace, task.caller, task.hashes.script);
    if (grants.length === 0 || task.lane === "control") throw denied(ANYTHING);
  }

  /**
   * `approved`: what the owner allowed this play, as far as its grants would ask. @throws {WireError} -32003 if it may do
   * nothing, -32007 if all that it may do is used up.
   */
  open(namespace: Namespace, task: Task, approved: readonly string[]): OpenedAuthority {
    if (this.#isOwner(namespace, task)) return { text: EVERYTHING, settle: () => {} };
    const { caller } = task;
    const reserved: RatedUse[] = [];
    let isSettled = false;
    const isCounted = ({ ask }: PlayGrant) => !ask || approved.length === 0; // once allowed, it was counted when it asked
    const grants = this.#grantsOf(namespace, caller, task.hashes.script).map((grant): PlayGrant => {
      if (!isCounted(grant)) return grant;
      const use = this.#useOf(namespace, caller, grant.id);
      const usedUp = this.#rates.exhausted(use);
      if (usedUp) return { ...grant, exhausted: usedUp };
      this.#rates.reserve(use);
      reserved.push(use);
      return grant;
    });
    if (grants.length === 0) throw denied(ANYTHING);
    const usedUp = soonest(grants);
    if (usedUp && grants.every(({ exhausted }) => exhausted)) throw exhausted({ capability: ANYTHING, ...usedUp });
    return {
      text: writeAuthority({ script: task.hashes.script, grants, approved }),
      settle: (result) => {
        if (isSettled) return;
        isSettled = true;
        const used = result?.used ?? [];
        // One that used none of its grants was a play all the same, and so was one that told nothing of it.
        const countsForAll = result !== undefined && didRun(result) && (used.length === 0 || result.killed);
        for (const use of reserved) if (!countsForAll && !used.includes(use.grant)) this.#rates.giveBack(use);
        const added = used.filter((id) => !grants.some((grant) => grant.id === id));
        for (const id of added) this.#rates.reserve(this.#useOf(namespace, caller, id));
      },
    };
  }

  /**
   * May its caller hear of this, by the policy as it is now? Answers until when, in Unix milliseconds. `isCounted`: as one of
   * the plays per minute of the grant that gives it; otherwise it does not matter whether that is used up. @throws {WireError}
   * -32003, -32007
   */
  checkSubscriber(
    namespace: Namespace,
    task: Task,
    { capability, isCounted }: { readonly capability: string; readonly isCounted: boolean },
  ): number {
    if (this.#isOwner(namespace, task)) return Number.POSITIVE_INFINITY;
    const { caller, hashes } = task;
    const useOf = ({ id }: PlayGrant) => this.#useOf(namespace, caller, id);
    const grants = this.#grantsOf(namespace, caller, hashes.script).map((grant): PlayGrant => {
      const usedUp = isCounted ? this.#rates.exhausted(useOf(grant)) : undefined;
      return usedUp ? { ...grant, exhausted: usedUp } : grant;
    });
    if (grants.length === 0) throw denied(ANYTHING);
    const authority = openAuthority(writeAuthority({ script: hashes.script, grants, approved: [] }));
    const verdict = authority.check(capability);
    if (verdict.kind === "exhausted") throw exhausted({ ...verdict, capability });
    const giving = grants.find(({ id }) => authority.used.includes(id));
    if (verdict.kind !== "held" || !giving) throw denied(capability); // nobody waits for an owner to subscribe
    if (isCounted) this.#rates.reserve(useOf(giving));
    return giving.expires ?? Number.POSITIVE_INFINITY;
  }

  /** The authority of a play under way, by the policy as it is now. */
  again(namespace: Namespace, { caller, authority, device }: SandboxPlay): string {
    if (this.revokes(namespace, device)) return NOTHING;
    if (authority === EVERYTHING) return EVERYTHING;
    const before = JSON.parse(authority) as PlayAuthority;
    const known = new Map(before.grants.map((grant) => [grant.id, grant]));
    const { script, approved } = before;
    const key = caller as PublicKey;
    const grants = this.#grantsOf(namespace, key, script).map((grant): PlayGrant => {
      const same = known.get(grant.id);
      const usedUp = same ? same.exhausted : this.#rates.exhausted(this.#useOf(namespace, key, grant.id));
      return usedUp ? { ...grant, exhausted: usedUp } : grant;
    });
    return writeAuthority({ script, grants, approved });
  }

  /** Was a grant that a play used taken away meanwhile? Then what it lacks. */
  lost(namespace: Namespace, task: Task, used: readonly string[]): string | undefined {
    if (used.length === 0) return undefined;
    const policy = this.#policyOf(namespace);
    const asked = { caller: task.caller, script: task.hashes.script };
    return used.every((id) => policy.gives(id, asked)) ? undefined : ANYTHING;
  }

  changedBy(writes: readonly Write[]): boolean {
    return writes.some(({ path }) => path === POLICY_PATH);
  }

  #isOwner(namespace: Namespace, { caller }: Pick<Task, "caller">): boolean {
    return this.#open || caller === namespace.circle;
  }

  #useOf(namespace: Namespace, caller: PublicKey, grant: string): RatedUse {
    const rates = this.#policyOf(namespace).ratesOf(grant);
    return { circle: namespace.circle, caller, grant, rates };
  }

  #grantsOf(namespace: Namespace, caller: PublicKey, script: Sha256): PlayGrant[] {
    return this.#policyOf(namespace).grantsOf({ caller, script });
  }

  #policyOf(namespace: Namespace): CompiledPolicy {
    const revision = namespace.revision(POLICY_PATH);
    const before = this.#known.get(namespace);
    if (before?.revision === revision) return before.policy;
    const known = { revision, policy: readCompiled(namespace.readText(POLICY_PATH)) };
    this.#known.set(namespace, known);
    return known.policy;
  }
}

function didRun({ end, cpuMs, killed }: Pick<ScriptResult, "end" | "cpuMs" | "killed">): boolean {
  return end.kind !== "late" && (end.kind !== "cancelled" || cpuMs > 0 || killed);
}

function readCompiled(text = '{"grants":[]}'): CompiledPolicy {
  try {
    return new CompiledPolicy(parsePolicy(JSON.parse(text)));
  } catch {
    return new CompiledPolicy({ grants: [], ...refusalsIn(text) }); // `policy.get` tells its owner why
  }
}

/** What a policy that cannot be read refuses all the same: it gives nothing, and its owner's devices are the owner. */
function refusalsIn(text: string): Pick<PolicyDocument, "unsigned" | "revoked_devices"> {
  const { unsigned, revoked_devices: devices } = (jsonOf(text) ?? {}) as {
    unsigned?: unknown;
    revoked_devices?: unknown;
  };
  return {
    ...(unsigned === "refuse" ? { unsigned } : {}),
    ...(Array.isArray(devices) ? { revoked_devices: devices as PublicKey[] } : {}),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
