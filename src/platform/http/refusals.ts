import { Refused } from '../errors.ts'
import { observedRequest } from '../observed-request.ts'

/** For metrics: of an error that is answered. */
export function noteRefusal(error: unknown): void {
  const request = observedRequest()
  if (request && error instanceof Refused && error.reason !== undefined) request.refusal = error.reason
}
