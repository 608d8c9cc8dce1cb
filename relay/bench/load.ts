import WebSocket from "ws";

/** One connection that carries text frames; answers come in the order of the requests or carry what tells them apart. */
export type Channel = { readonly socket: WebSocket; onAnswer: (frame: string) => void };

export async function openChannel(url: string): Promise<Channel> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const channel: Channel = { socket, onAnswer: () => {} };
  socket.on("message", (data: Buffer) => channel.onAnswer(data.toString("latin1")));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return channel;
}

export type Measured = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly count: number;
};

/**
 * Keeps `inFlight` requests under way, over all channels in turn, until `seconds` have passed or `requests` is empty.
 * Each channel has at most one request under way, or all of them if there is one channel.
 */
export async function load(
  channels: readonly Channel[],
  requests: Iterator<{ channel: number; frame: string }>,
  { inFlight, seconds }: { inFlight: number; seconds: number },
): Promise<Measured> {
  const latencies: number[] = [];
  const sent: number[][] = channels.map(() => []);
  const start = performance.now();
  const end = start + seconds * 1000;
  let open = 0;
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      const request = performance.now() < end ? requests.next() : undefined;
      if (!request || request.done) {
        if (open === 0) resolve();
        return;
      }
      const { channel, frame } = request.value;
      open += 1;
      sent[channel]?.push(performance.now());
      channels[channel]?.socket.send(frame);
    };
    for (const [i, channel] of channels.entries()) {
      channel.onAnswer = (frame) => {
        if (frame.includes('"error"')) reject(new Error(`load: ${frame}`));
        const at = sent[i]?.shift();
        if (at !== undefined) latencies.push(performance.now() - at);
        open -= 1;
        next();
      };
    }
    for (let i = 0; i < inFlight; i++) next();
  });
  const elapsed = (performance.now() - start) / 1000;
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { perSecond: latencies.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99), count: latencies.length };
}
