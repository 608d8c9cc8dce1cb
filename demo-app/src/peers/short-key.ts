/** A public key as people compare it. So much of it that nobody finds another key that looks like it: 64 bits. */
export function shortKey(publicKey: string): string {
  return `${publicKey.slice(0, 10)}…${publicKey.slice(-8)}`;
}
