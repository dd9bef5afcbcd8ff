import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Milliseconds and characters on standard input. */
const STDIN = 30_000
const MAX_INPUT = 8192

/** The first line of standard input. */
export async function readLine(what: string, remedy: string): Promise<string> {
  const late = AbortSignal.timeout(STDIN)
  let text = ''
  process.stdin.setEncoding('utf8')
  late.addEventListener('abort', () =>
    process.stdin.destroy(new Error(`No ${what} arrived on standard input within ${STDIN / 1000} s: ${remedy}`)),
  )
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    text += chunk
    if (text.includes('\n') || text.length > MAX_INPUT) break
  }
  if (text.length > MAX_INPUT) throw new Error(`The ${what} on standard input is too long`)
  return text.split(/\r?\n/, 1)[0]!
}

/** Questions on the terminal; `secret` answers are not shown. */
export async function onTerminal<T>(
  work: (ask: (question: string) => Promise<string>) => Promise<T>,
  secret: boolean,
): Promise<T> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true })
  const ask = (question: string) => {
    if (secret) process.stderr.write(question)
    return lines.question(secret ? '' : question)
  }
  try {
    return await work(ask)
  } finally {
    if (secret) process.stderr.write('\n')
    lines.close()
  }
}
