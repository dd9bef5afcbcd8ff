// Every documented call with its request and its response, one id per example: keys and types are the reference's, the
// sample values are ours. `{name}` in a path or a request is filled in from the state (examples.states.ts).
import { groupExamples } from './examples.groups.ts'
import { keyExamples } from './examples.keys.ts'
import { reviewExamples } from './examples.review.ts'
import { userExamples } from './examples.users.ts'

export interface Example {
  id: string
  /** The documented method and path template. */
  call: string
  /** The path of this example. */
  path: string
  /** Who asks, where it is not the administrator: the state makes a token under this name, or nobody asks. */
  caller?: 'nobody' | string
  request?: unknown
  response: unknown
  /** 200 where not stated. */
  status?: number
}

export const examples: Example[] = [...userExamples, ...reviewExamples, ...groupExamples, ...keyExamples]

/** The 35 documented calls. */
export const calls = [...new Set(examples.map(example => example.call))]
