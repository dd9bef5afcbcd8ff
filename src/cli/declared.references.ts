import { isAbsolute } from 'node:path'
import type { Environment } from '../platform/config/config.ts'
import { readSecretFile } from '../platform/secret-file.ts'

/** A secret's place outside the file: `${env:NAME}` or `${file:/path}`. */
export interface Reference {
  readonly kind: 'env' | 'file'
  readonly name: string
}

/** Bytes; the longest secret is a private key. */
const MAX_SECRET = 65_536

/** Null for what is no reference. */
export function referenceOf(value: unknown): Reference | null {
  const [, kind, name] = (typeof value === 'string' && /^\$\{(env|file):([^{}\n]{1,1024})\}$/.exec(value)) || []
  if (kind === 'env' && /^[A-Za-z_]\w*$/.test(name!)) return { kind, name: name! }
  return kind === 'file' && isAbsolute(name!) ? { kind, name: name! } : null
}

export type Resolved = { readonly secret: string } | { readonly fault: string }

export function resolve({ kind, name }: Reference, env: Environment): Resolved {
  if (kind === 'env') return env[name] ? { secret: env[name] } : { fault: `the environment variable ${name} is not set` }
  const found = readSecretFile(name, MAX_SECRET)
  if ('secret' in found) return found
  if (found.fault === 'long') return { fault: `the file ${name} is longer than ${MAX_SECRET} bytes` }
  return { fault: found.fault === 'empty' ? `the file ${name} is empty` : `the file ${name} cannot be read: ${found.code}` }
}

/** The variable that an export names. */
export const exportedReference = (iamid: string, path: string): string =>
  `\${env:${`${iamid}_${path}`.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()}}`
