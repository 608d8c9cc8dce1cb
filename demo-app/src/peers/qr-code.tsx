import { useEffect, useState } from "preact/hooks";

/** A text for a phone's camera. Dark on light in dark surroundings too: cameras expect that. */
export function QrCode({ text }: { readonly text: string }) {
  const [cells, setCells] = useState<readonly (readonly boolean[])[]>([]);
  useEffect(() => {
    let isWanted = true;
    void import("uqr").then(({ encode }) => {
      if (isWanted) setCells(encode(text, { border: 2 }).data);
    });
    return () => {
      isWanted = false;
    };
  }, [text]);
  const size = Math.max(1, cells.length);
  const path = cells.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code of this link">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
