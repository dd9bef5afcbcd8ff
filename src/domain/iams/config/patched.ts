import { Invalid } from '../../../platform/errors.ts'
import { isObject } from '../../../platform/validation.ts'
import type { IamRecord } from '../iam.ts'
import { mergePatch, removes, withNull } from './merge-patch.ts'
import type { IamType } from './schema.ts'
import { secretPaths } from './secrets.ts'

/** The wanted configuration, null if none is given. Stored ones have no secrets: null stays for those that the patch removes. */
export function configOf(
  before: Pick<IamRecord, 'type' | 'config'>,
  { config, configPatch: patch }: { config?: unknown; configPatch?: unknown },
): unknown {
  if (patch == null) return config ?? null
  if (config != null) throw new Invalid('configPatch', 'cannot be combined with config')
  if (!isObject(patch)) throw new Invalid('configPatch', 'must be an object')
  const paths = Object.keys(secretPaths[before.type as IamType]).map(path => path.split('.'))
  return paths.filter(path => removes(patch, path)).reduce(withNull, mergePatch(before.config, patch) as Record<string, unknown>)
}
