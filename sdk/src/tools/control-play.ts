import type { Play } from "../play.ts";

/** Plays a script in the control lane of a circle. */
export type ControlPlay = <Result>(script: string, args?: unknown) => Play<Result>;
