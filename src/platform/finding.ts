/** What a check of this instance found. */
export interface Finding {
  readonly about: string
  readonly status: 'ok' | 'warning' | 'fault'
  /** Never a secret. */
  readonly detail: string
  /** How to correct it. */
  readonly fix?: string
}
