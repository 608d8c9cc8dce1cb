/** @throws {RangeError} unless both are whole Unix seconds and `to` is 1 to `most` seconds after `from`. */
export function checkSpan(what: string, from: number, to: number, most: number): void {
  checkWhole(`${what} start`, from, 0, Number.MAX_SAFE_INTEGER);
  checkWhole(`${what} end`, to, 0, Number.MAX_SAFE_INTEGER);
  if (to <= from || to - from > most) {
    throw new RangeError(`${what}: expected to end within ${most} s of its start and after it, got ${to - from} s`);
  }
}

/** @throws {RangeError} unless it is a whole number in this range. */
export function checkWhole(what: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${what}: expected a whole number from ${least} to ${most}, got ${value}`);
  }
}
