import { SourceNamesDocument } from '../../../generated/ui.ts'
import { useOperation } from '../operations/hooks.ts'
import { texts } from '../texts.ts'

/** What people call a source, such as `Harbour (LDAP)`. */
export function useSourceName(): (source: string) => string {
  const { data } = useOperation(SourceNamesDocument, {}, { staleTime: 300_000 })
  const names = new Map(data?.data.iams?.nodes.map(({ iamid, displayName, type }) => [iamid, { displayName, type }]))
  return source => {
    if (source === 'bim') return texts.source.local
    const found = names.get(source)
    return found ? texts.source.of(found.displayName, texts.iamTypes[found.type] ?? found.type) : source
  }
}
