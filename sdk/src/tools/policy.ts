import { canonicalPublicKey } from "../keys/public-key.ts";
import type { Play } from "../play.ts";
import type { Grant, PolicyDocument, PolicyVerdict } from "../protocol/policy.ts";
import type { ControlPlay } from "./control-play.ts";

/** A circle's policy: who may do what there. For its owner, and who was granted the capability `policy`. */
export interface CirclePolicy {
  get(): Play<PolicyDocument>;
  /** Rejects with `WireError` -32000 that names the place, if the document has not its form. */
  set(policy: PolicyDocument): Play<null>;
  /** Adds a grant at the end. Gives `false` if there was an equal one, and changes nothing. */
  grant(grant: Grant): Play<boolean>;
  /** Takes away every grant that is equal, whatever the order of its members. Gives whether there was one. */
  revoke(grant: Grant): Play<boolean>;
  /** Puts a grant in the place of every one that is equal to `before`. Gives whether there was one. */
  replace(before: Grant, after: Grant): Play<boolean>;
  /** Puts a group of peers in the place of one of this name; without peers, takes it away. */
  setGroup(name: string, peers: readonly string[] | undefined): Play<null>;
  /**
   * What a play of this peer would hear that needs a capability, such as `read:notes/today`, now. The relay answers by the same
   * reading by which it judges plays; rates, and grants for particular scripts, are left out.
   */
  check(peer: string, capability: string): Play<PolicyVerdict>;
  /** From now on nothing counts here that this device key signs in anybody's name. Gives `false` if that was so before. */
  revokeDevice(device: string): Play<boolean>;
}

// One play that reads and writes: of two that come at the same time, neither loses what the other did.
const CHANGE_GRANTS = `
const text = (value) => JSON.stringify(value, (_, member) =>
  member && typeof member === "object" && !Array.isArray(member)
    ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
    : member);
const { before, after } = args;
const old = policy.get();
const isThere = old.grants.some((grant) => text(grant) === text(before ?? after));
const changed = before === null
  ? [...old.grants, after]
  : old.grants.flatMap((grant) => text(grant) !== text(before) ? [grant] : after === null ? [] : [after]);
if (isThere === (before !== null)) policy.set({ ...old, grants: changed });
isThere === (before !== null);
`;

const REVOKE_DEVICE = `
const before = policy.get();
const devices = before.revoked_devices ?? [];
const isNew = !devices.includes(args);
if (isNew) policy.set({ ...before, revoked_devices: [...devices, args] });
isNew;
`;

const SET_GROUP = `
const old = policy.get();
const { [args.name]: _, ...others } = old.groups ?? {};
policy.set({ ...old, groups: args.peers ? { ...others, [args.name]: args.peers } : others });
`;

export function makePolicy(play: ControlPlay): CirclePolicy {
  return {
    get: () => play("policy.get()"),
    set: (policy) => play("policy.set(args)", policy),
    grant: (grant) => play(CHANGE_GRANTS, { before: null, after: grant }),
    revoke: (grant) => play(CHANGE_GRANTS, { before: grant, after: null }),
    replace: (before, after) => play(CHANGE_GRANTS, { before, after }),
    setGroup: (name, peers) => play(SET_GROUP, { name, peers: peers?.map((peer) => canonicalPublicKey(peer)) ?? null }),
    check: (peer, capability) =>
      play("policy.check(args.peer, args.capability)", { peer: canonicalPublicKey(peer), capability }),
    revokeDevice: (device) => play(REVOKE_DEVICE, canonicalPublicKey(device)),
  };
}
