import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import type { Environment } from '../platform/config/config.ts'
import { type ClientOptions, connect, exitOf } from './client.ts'
import { json, type Printed } from './command.ts'
import { EXIT, Failure, usage } from './exit.ts'

interface QueryOptions extends ClientOptions {
  readonly file?: string | undefined
  readonly variables?: string | undefined
}

/** Prints `data` as JSON, and errors to standard error. */
export async function query(env: Environment, document: string | undefined, options: QueryOptions): Promise<Printed> {
  if ((document === undefined) === (options.file === undefined)) throw usage('Either a document or --file is needed.')
  const client = connect(env, options)
  const variables = objectOf('--variables', options.variables)
  const { data, errors } = await client.answer(document ?? (await readDocument(options.file!)), variables)
  for (const { message, code } of errors) process.stderr.write(`${code}: ${message}\n`)
  return { text: data === null ? '' : json(data), exitCode: errors[0] === undefined ? EXIT.done : exitOf(errors[0].code) }
}

async function readDocument(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** Throws for what is no JSON object. */
export function objectOf(option: string, given: string | undefined): object | undefined {
  if (given === undefined) return undefined
  try {
    const value: unknown = JSON.parse(given)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // The message below is for both.
  }
  throw usage(`${option} must be a JSON object, such as '{"iamids": ["bim"]}'.`)
}
