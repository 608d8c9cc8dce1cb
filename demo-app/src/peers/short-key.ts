/** A public key as people compare it: its first and last characters. */
export function shortKey(publicKey: string): string {
  return `${publicKey.slice(0, 6)}…${publicKey.slice(-4)}`;
}
