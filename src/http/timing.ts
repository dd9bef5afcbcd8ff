/** Milliseconds. Tests shorten them; nobody else gives any. */
export interface Timing {
  /** How long headers, and a whole request, may take to arrive; looked at every `checks`. */
  headers: number
  request: number
  checks: number
  /** How long an idle connection may stay: longer than the usual 60 s of a proxy in front, so that the proxy closes first. */
  keepAlive: number
  /** How long an answer may wait for its reader to take the next piece. */
  write: number
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
  closing: 10_000,
  silent: 1_000,
}
