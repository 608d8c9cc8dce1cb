/** Keys in files, for programs in Node. */
export { KeyFileRefused, makeKeyFile, readKeyFile, writeKeyFile } from "./key-file.ts";
