import { expose } from "comlink";
import { VaultKeeper } from "./vault-keeper.ts";

// Runs in a worker of its own: secret keys never come into the page's memory.
expose(new VaultKeeper());
