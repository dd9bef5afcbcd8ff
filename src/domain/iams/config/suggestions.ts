import { closest } from '../../../platform/suggestions.ts'
import { iamTypes } from './describe.ts'
import type { IamType } from './schema.ts'

const MAX_LENGTH = 40
const BESIDE = ['displayName', 'defaultPermissions', 'permissions']

export function suggestion(type: IamType, steps: readonly string[]): string | null {
  const name = steps.at(-1) ?? ''
  if (name.length > MAX_LENGTH) return null
  const parent = steps
    .slice(0, -1)
    .map(step => (/^\d+$/.test(step) ? '[]' : `.${step}`))
    .join('')
    .slice(1)
  const options = iamTypes.find(known => known.type === type)!.options
  const here = options.filter(({ path, name }) => path === (parent === '' ? name : `${parent}.${name}`))
  const close = closest(name, [...here.map(option => option.name), ...(parent === '' ? BESIDE : [])])
  if (close !== null) return `did you mean ${close}?`
  const elsewhere = options.find(option => option.name.toLowerCase() === name.toLowerCase())
  return elsewhere ? `it belongs at config.${elsewhere.path}` : null
}
