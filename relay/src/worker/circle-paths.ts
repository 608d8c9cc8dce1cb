/** Files of a circle that are not its data, by their paths below its folder. */
export const POLICY_PATH = "config/policy.json";
export const LIBRARY_PATH = "config/library.js";
