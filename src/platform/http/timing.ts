/** Milliseconds; tests shorten them. */
export interface Timing {
  headers: number
  request: number
  checks: number
  /** Longer than a proxy's 60 s: the proxy closes first. */
  keepAlive: number
  write: number
  /** Bytes a second of long responses; slower readers are cut. */
  minimumRate: number
  /** Longer than a statement waits for a lock, which is 503 then. */
  closing: number
  silent: number
  /** Between two looks at the files of the certificate. */
  certificate: number
}

export const TIMING: Timing = {
  headers: 15_000,
  request: 60_000,
  checks: 5_000,
  keepAlive: 72_000,
  write: 30_000,
  minimumRate: 8 * 1024,
  closing: 13_000,
  silent: 1_000,
  certificate: 5_000,
}
