/** Cells of the left half and the middle column; the right half is their mirror image, so that eyes find a face in it. */
const ROWS = 5;
const COLUMNS = 3;

/** The colour of a key, in degrees; of anything else, some colour. */
export function hueOf(publicKey: string): number {
  const byte = Number.parseInt(publicKey.slice(2, 4), 16);
  return (Number.isNaN(byte) ? 0 : byte) * (360 / 256);
}

type AvatarProps = { readonly publicKey: string; readonly size?: number };

/** A picture drawn from a key: the same key, the same picture, and hardly any other. For eyes only, it proves nothing. */
export function Avatar({ publicKey, size = 32 }: AvatarProps) {
  const nibbles = Array.from(publicKey.slice(2), (digit) => Number.parseInt(digit, 16));
  const hue = hueOf(publicKey);
  const cells = nibbles.slice(4, 4 + ROWS * COLUMNS).flatMap((nibble, i) => {
    if (nibble % 2 === 0) return [];
    const [x, y] = [i % COLUMNS, Math.floor(i / COLUMNS)];
    const mirrored = ROWS - 1 - x;
    return x === mirrored
      ? [{ x, y }]
      : [
          { x, y },
          { x: mirrored, y },
        ];
  });
  return (
    <svg class="avatar" width={size} height={size} viewBox="-1 -1 7 7" aria-hidden="true" focusable="false">
      <rect x="-1" y="-1" width="7" height="7" rx="1.4" fill={`hsl(${hue} 60% 90%)`} />
      {cells.map(({ x, y }) => (
        <rect key={`${x} ${y}`} x={x} y={y} width="1" height="1" fill={`hsl(${hue} 65% 38%)`} />
      ))}
    </svg>
  );
}
