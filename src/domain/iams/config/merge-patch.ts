import { isObject } from '../../../platform/validation.ts'

type Members = Record<string, unknown>

/** JSON Merge Patch (RFC 7396). Documents are bounded in depth. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const members = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [name, value] of Object.entries(patch))
    if (value === null) members.delete(name)
    else members.set(name, mergePatch(members.get(name), value))
  // Defines `__proto__` as a member, for the schema to refuse.
  return Object.fromEntries(members)
}

/** True if the patch removes the value at the path, or what holds it. */
export function removes(patch: unknown, path: readonly string[]): boolean {
  let at = patch
  for (const step of path) {
    if (!isObject(at) || !Object.hasOwn(at, step)) return false
    at = at[step]
    if (at === null) return true
  }
  return false
}

/** Null at the path: a secret there is removed. */
export function withNull(config: Members, path: readonly string[]): Members {
  const [step, ...rest] = path
  const inner = Object.hasOwn(config, step!) ? config[step!] : undefined
  if (rest.length > 0 && inner !== undefined && !isObject(inner)) return config
  return { ...config, [step!]: rest.length === 0 ? null : withNull((inner ?? {}) as Members, rest) }
}
