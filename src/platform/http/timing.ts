/** Milliseconds, but for the rate. Tests shorten them; nobody else gives any. */
export interface Timing {
  /** How long headers, and a whole request, may take to arrive; looked at every `checks`. */
  headers: number
  request: number
  checks: number
  /** How long an idle connection may stay: longer than the usual 60 s of a proxy in front, so that the proxy closes first. */
  keepAlive: number
  /** How long an answer may wait for its reader to take the next piece. */
  write: number
  /** Bytes a second that a reader takes on average of a long answer; one that is slower is cut, `write` later at most. */
  minimumRate: number
  /** How long `close` waits for requests in flight, and for the first byte of connections that sent none yet. */
  closing: number
  silent: number
}

export const TIMING: Timing = {
  headers: 15_000,
  request: 60_000,
  checks: 5_000,
  keepAlive: 72_000,
  write: 30_000,
  minimumRate: 8 * 1024,
  closing: 10_000,
  silent: 1_000,
}
