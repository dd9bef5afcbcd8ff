/** Load on one server for a few seconds: by wrk with one thread, else by autocannon in this process. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { cpuOf, cpuOfEndedChildren } from './measure.ts'
import { path } from './processes.ts'
import { temporaryFolder } from './run.ts'

export interface Sent {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
}
export interface Target {
  readonly url: string
  readonly token: string
}
export interface Slice {
  /** With 2xx. */
  readonly answered: number
  readonly refused: number
  /** Answers per second. */
  readonly rate: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Milliseconds of CPU that the load itself took. */
  readonly cpu: number
}

const wrkVersion = /^wrk (?:debian\/)?(\S+)/.exec(String(spawnSync('wrk', ['--version']).stdout))?.[1]
export const loadedBy = wrkVersion ? `wrk ${wrkVersion}, one thread` : 'autocannon'

/** Requests that are sent in order; those that wrk reads are a file. */
export class Requests {
  readonly #list: readonly Sent[]
  #file: string | undefined
  constructor(list: readonly Sent[]) {
    this.#list = list
  }
  get list(): readonly Sent[] {
    return this.#list
  }
  get file(): string {
    this.#file ??= written(this.#list)
    return this.#file
  }
}

let folder: string | undefined
let files = 0
function written(list: readonly Sent[]): string {
  folder ??= temporaryFolder()
  const file = join(folder, `requests-${files++}`)
  writeFileSync(file, list.map(({ method, path, body }) => `${method}\t${path}\t${body ?? ''}\n`).join(''))
  return file
}

/** One answer; throws unless it is 200 and without errors. */
export async function answerOf({ url, token }: Target, { method, path, body }: Sent): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json' },
    ...(body && { body }),
  })
  const text = await response.text()
  const answer = JSON.parse(text)
  if (response.status !== 200 || answer.errors) throw new Error(`${url}${path}: ${response.status} ${text.slice(0, 500)}`)
  return answer
}

export interface Options {
  readonly connections: number
  readonly seconds: number
  /** How many requests of the list are left out at first. */
  readonly skip?: number
}

/** Throws if a connection fails. */
export async function slice(target: Target, requests: Requests, options: Options): Promise<Slice> {
  const { failed, ...result } = await (wrkVersion ? byWrk : byAutocannon)(target, requests, options)
  if (failed > 0) throw new Error(`${target.url}: ${failed} requests failed`)
  return result
}

interface Outcome extends Slice {
  readonly failed: number
}

async function byWrk({ url, token }: Target, { file }: Requests, { connections, seconds, skip = 0 }: Options): Promise<Outcome> {
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '60s', '-s', path('bench/lib/requests.lua')]
  const before = cpuOfEndedChildren()
  const wrk = spawn('wrk', [...options, url, '--', file, token, String(skip)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  wrk.stdout.on('data', part => {
    output += part
  })
  await once(wrk, 'close')
  const found = /RESULT (.*)/.exec(output)
  if (!found) throw new Error(`wrk did not finish: ${output}`)
  const { answered: all, microseconds, ...rest } = JSON.parse(found[1]!)
  const answered = all - rest.refused
  return { ...rest, answered, rate: answered / (microseconds / 1e6), cpu: cpuOfEndedChildren() - before }
}

async function byAutocannon(
  { url, token }: Target,
  { list }: Requests,
  { connections, seconds, skip = 0 }: Options,
): Promise<Outcome> {
  let at = skip
  const before = cpuOf(process.pid)
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    timeout: 60,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json' },
    requests: [{ setupRequest: request => ({ ...request, ...list[at++ % list.length]! }) }],
  })
  return {
    answered: result['2xx'],
    rate: result['2xx'] / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    cpu: cpuOf(process.pid) - before,
    refused: result.non2xx,
    failed: result.errors,
  }
}
