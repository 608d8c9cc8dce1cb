/** Carries text frames, in order, and knows no more. */
export interface Transport {
  /** Queues a frame. Does nothing once the transport is closed. */
  send(frame: string): void;
  /** Closes from this side. `onClose` is called as for any other end. */
  close(): void;
  /** Set by the one who uses the transport, before the first frame can arrive: within the tick that made it. */
  onFrame: (frame: string) => void;
  /** Called once, with a reason for people to read. */
  onClose: (reason: string) => void;
}
