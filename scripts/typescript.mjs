// `node --import ./scripts/typescript.mjs`: Node 20 loads the project's sources, in worker threads as well. tsx's own
// entry registers itself in the main thread only.
import { register } from "tsx/esm/api";

register();
