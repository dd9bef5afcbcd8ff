// POST /graphql with the session of /login.
import type { TypedDocumentString } from '../../../generated/ui.ts'
import { pathTo } from '../base.ts'

export type Operation<Data, Variables> = TypedDocumentString<Data, Variables>

export interface Fault {
  readonly field: string
  readonly rule: string
}

export class RequestError extends Error {
  readonly code: string
  readonly field: string | null
  readonly faults: readonly Fault[]
  readonly requestId: string | null
  constructor(message: string, { code, field, faults, requestId }: Partial<Omit<RequestError, keyof Error>> & { code: string }) {
    super(message)
    this.code = code
    this.field = field ?? null
    this.faults = faults ?? []
    this.requestId = requestId ?? null
  }
}

/** `hidden`: paths of fields that the viewer may not see. */
export interface Answer<Data> {
  readonly data: Data
  readonly hidden: readonly string[]
}

interface Body<Data> {
  readonly data?: Data | null
  readonly errors?: readonly { message: string; extensions?: { code?: string } & Partial<Omit<RequestError, keyof Error>> }[]
  readonly extensions?: { readonly hidden?: readonly string[] }
}

export const nameOf = (operation: Operation<never, never> | { toString(): string }): string =>
  /(?:query|mutation) (\w+)/.exec(operation.toString())?.[1] ?? ''

/** Throws RequestError. An ended session leads to the log-in page and back. */
export async function request<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Answer<Data>> {
  const response = await fetch(pathTo('/graphql'), {
    method: 'POST',
    headers: { accept: 'application/graphql-response+json', 'content-type': 'application/json' },
    body: JSON.stringify({ query: operation.toString(), operationName: nameOf(operation), variables }),
    credentials: 'same-origin',
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new RequestError('The server does not answer.', { code: 'UNAVAILABLE' })
  })
  const body = (await response.json().catch(() => ({}))) as Body<Data>
  const [error] = body.errors ?? []
  if (response.status === 401 || error?.extensions?.code === 'UNAUTHENTICATED') toLogin()
  if (error) throw new RequestError(error.message, { code: 'INTERNAL_SERVER_ERROR', ...error.extensions })
  if (!body.data) throw new RequestError(`The server answered ${response.status}.`, { code: 'UNAVAILABLE' })
  return { data: body.data, hidden: body.extensions?.hidden ?? [] }
}

function toLogin(): void {
  const returnTo = window.location.pathname + window.location.search
  window.location.assign(`${pathTo('/login')}?${new URLSearchParams({ returnTo })}`)
}

/** Opens the page that the server names: a provider may end its session too. */
export async function signOut(iamid: string): Promise<void> {
  const response = await fetch(pathTo(`/login/${encodeURIComponent(iamid)}/logout`), {
    method: 'POST',
    headers: { accept: 'application/json' },
    credentials: 'same-origin',
  })
  const { location } = (await response.json()) as { location: string }
  window.location.assign(location)
}
