/** Does the text take more than `most` bytes of UTF-8? Lone surrogates count as the three bytes of U+FFFD. */
export function exceedsBytes(text: string, most: number): boolean {
  // A UTF-16 unit is one to three bytes of UTF-8: most texts are decided without encoding them.
  if (text.length > most) return true;
  return text.length * 3 > most && new TextEncoder().encode(text).length > most;
}
