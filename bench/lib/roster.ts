import type { ChildProcess } from 'node:child_process'
import { freePort } from '../../scripts/demo/free-port.ts'
import { path, ready, startNode } from './processes.ts'

const ADMIN = { username: 'admin', password: 'bench password' }

export interface Roster {
  readonly url: string
  readonly child: ChildProcess
  readonly pid: number
  /** Milliseconds from its start until it was ready. */
  readonly readyAfter: number
}

/** A gateway in production mode; on a server with DATABASE_URL, else with its embedded store in DATA_DIR. */
export async function startRoster(env: Record<string, string>): Promise<Roster> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const began = performance.now()
  const child = startNode(path('src/main.ts'), {
    DATABASE_URL: '',
    SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    ADMIN_PASSWORD: ADMIN.password,
    LOG_LEVEL: 'warn',
    ...env,
    PORT: String(port),
  })
  child.stdout!.resume()
  await ready(child, `${url}/health/ready`)
  return { url, child, pid: child.pid!, readyAfter: performance.now() - began }
}

/** A token of the first administrator. */
export async function logIn(url: string, credentials: { username: string; password: string } = ADMIN): Promise<string> {
  const response = await fetch(`${url}/bim/iam/bim/user/authenticate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
  })
  const { token } = (await response.json()) as { token?: string }
  if (token === undefined) throw new Error(`The log-in of ${credentials.username} was refused with ${response.status}`)
  return token
}

/** The data of an answer; throws if it has errors. */
export async function graphql<Data>(
  { url, token }: { url: string; token: string },
  query: string,
  variables: object = {},
): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown[] }
  if (errors) throw new Error(JSON.stringify(errors).slice(0, 500))
  return data
}
