import WebSocket from "ws";
import type { Ask } from "./load.ts";

/** One WebSocket that carries text frames; answers come in the order of the requests. */
export type Channel = { readonly socket: WebSocket; onAnswer: (frame: string) => void };
/** A frame, and which of the channels it goes through. */
export type Request = { readonly channel: number; readonly frame: string };

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

/** Asks through channels of which nobody else makes use meanwhile. An answer that says "error" is a failure. */
export function askThrough(channels: readonly Channel[], requests: Iterator<Request>): Ask {
  const waiting = channels.map((): { answered: () => void; failed: (reason: unknown) => void }[] => []);
  for (const [i, channel] of channels.entries()) {
    channel.onAnswer = (frame) => {
      const asked = waiting[i]?.shift();
      if (frame.includes('"error"')) asked?.failed(new Error(`load: ${frame}`));
      else asked?.answered();
    };
  }
  return (answered, failed) => {
    const { value, done } = requests.next();
    if (done) return false;
    const { channel, frame } = value;
    waiting[channel]?.push({ answered, failed });
    channels[channel]?.socket.send(frame);
    return true;
  };
}
