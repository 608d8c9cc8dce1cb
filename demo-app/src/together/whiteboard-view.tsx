import { useState } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { textOf } from "../parts/text-of.ts";
import { useAttempt } from "../parts/use-attempt.ts";
import { hueOf } from "../peers/avatar.tsx";
import type { AppProps } from "./guestbook-view.tsx";
import { NotOpen } from "./not-open.tsx";
import { useFollowed } from "./use-followed.ts";
import { draw, follow, type Point, type Stroke } from "./whiteboard.ts";

const [WIDTH, HEIGHT] = [1_000, 600];
const MOST_POINTS = 200;
const KEY_STEP = 20;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-KEY_STEP, 0],
  ArrowRight: [KEY_STEP, 0],
  ArrowUp: [0, -KEY_STEP],
  ArrowDown: [0, KEY_STEP],
};

/** The whiteboard of the circle to which the peer turned: drawn on by pointer, finger or keyboard. */
export function WhiteboardView({ peer, opened }: AppProps) {
  const { items, error: notOpen, lookAgain } = useFollowed(peer, follow, opened);
  const { error, attempt } = useAttempt();
  const [pen, setPen] = useState<Point>([WIDTH / 2, HEIGHT / 2]);
  const [drawn, setDrawn] = useState<readonly Point[]>([]);
  const finish = (points: readonly Point[]) => {
    if (points.length > 1) {
      void attempt(async () => draw(await peer.turnedTo(), points)).then(() => setDrawn([]));
    } else setDrawn([]);
  };
  const extend = (to: Point) => {
    setPen(to);
    if (drawn.length > 0 && drawn.length < MOST_POINTS) setDrawn([...drawn, to]);
  };
  return (
    <>
      <p class="quiet">
        Draw with a pointer or a finger; or with the arrow keys, where Space sets the pen down and lifts it.
      </p>
      <NotOpen error={notOpen} isOwn={peer.target.value === ""} onLook={lookAgain} />
      {error !== undefined && <Failure error={error} />}
      <svg
        class="whiteboard"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="application"
        aria-label={`Whiteboard with ${items.length} ${items.length === 1 ? "line" : "lines"}`}
        tabindex={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrawn([pointOf(event)]);
        }}
        onPointerMove={(event) => {
          if (drawn.length > 0) extend(pointOf(event));
        }}
        onPointerUp={() => finish(drawn)}
        onPointerCancel={() => setDrawn([])}
        onKeyDown={(event) => {
          const step = ARROWS[event.key];
          if (step) {
            event.preventDefault();
            extend([clamp(pen[0] + step[0], WIDTH), clamp(pen[1] + step[1], HEIGHT)]);
          } else if (event.key === " ") {
            event.preventDefault();
            if (drawn.length > 0) finish(drawn);
            else setDrawn([pen]);
          }
        }}
      >
        {items.map((stroke, i) => (
          <polyline key={i} points={pathOf(stroke)} stroke={`hsl(${hueOf(textOf(stroke.key))} 65% 50%)`} />
        ))}
        {drawn.length > 0 && <polyline points={drawn.join(" ")} stroke={`hsl(${hueOf(peer.publicKey)} 65% 50%)`} />}
        <circle class={drawn.length > 0 ? "pen down" : "pen"} cx={pen[0]} cy={pen[1]} r="8" />
      </svg>
    </>
  );
}

function pointOf(event: { currentTarget: SVGSVGElement; clientX: number; clientY: number }): Point {
  const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
  const x = ((event.clientX - left) / width) * WIDTH;
  const y = ((event.clientY - top) / height) * HEIGHT;
  return [clamp(x, WIDTH), clamp(y, HEIGHT)];
}

function clamp(value: number, most: number): number {
  return Math.round(Math.min(most, Math.max(0, value)));
}

/** A host may tell anything: what is no line of points is not drawn. */
function pathOf({ points }: Partial<Stroke>): string {
  if (!Array.isArray(points)) return "";
  const numbers = points.slice(0, MOST_POINTS).flat();
  return numbers.every((number) => typeof number === "number" && Number.isFinite(number)) ? numbers.join(" ") : "";
}
