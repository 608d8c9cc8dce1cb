const FUNCTION_NAME = /^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/;

/** The language itself asks for these, of any object: no function of a library has such a name. */
export const UNNAMED: readonly string[] = ["then", "toJSON", "toString", "valueOf"];

/** May a function of a library have this name? An identifier of ASCII, so that a capability can name it. */
export function isFunctionName(name: string): boolean {
  return FUNCTION_NAME.test(name) && !UNNAMED.includes(name);
}
