import { readFileSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Environment } from '../platform/config/config.ts'

/** A secret's place outside the file: `${env:NAME}` or `${file:/path}`. */
export interface Reference {
  readonly kind: 'env' | 'file'
  readonly name: string
}

/** Characters; the longest secret is a private key. */
const MAX_SECRET = 65_536

/** Null for what is no reference. */
export function referenceOf(value: unknown): Reference | null {
  const [, kind, name] = (typeof value === 'string' && /^\$\{(env|file):([^{}\n]{1,1024})\}$/.exec(value)) || []
  if (kind === 'env' && /^[A-Za-z_]\w*$/.test(name!)) return { kind, name: name! }
  return kind === 'file' && isAbsolute(name!) ? { kind, name: name! } : null
}

export type Resolved = { readonly secret: string } | { readonly fault: string }

/** A file's last line break is no part of its secret. */
export function resolve({ kind, name }: Reference, env: Environment): Resolved {
  if (kind === 'env') return env[name] ? { secret: env[name] } : { fault: `the environment variable ${name} is not set` }
  try {
    if (statSync(name).size > MAX_SECRET) return { fault: `the file ${name} is longer than ${MAX_SECRET} bytes` }
    const secret = readFileSync(name, 'utf8').replace(/\r?\n$/, '')
    return secret === '' ? { fault: `the file ${name} is empty` } : { secret }
  } catch (error) {
    return { fault: `the file ${name} cannot be read: ${(error as NodeJS.ErrnoException).code}` }
  }
}

/** The variable that an export names. */
export const exportedReference = (iamid: string, path: string): string =>
  `\${env:${`${iamid}_${path}`.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()}}`
