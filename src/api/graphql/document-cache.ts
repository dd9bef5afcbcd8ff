import type { ApolloServerPlugin, BaseContext } from '@apollo/server'
import { type DocumentNode, GraphQLError, parse } from 'graphql'
import { documentError, textError } from './document-limits.ts'

/** Characters; a parsed document takes 100 times its text. */
const CACHE_CHARACTERS = 300_000
const MAX_REJECTED = 1_000

interface CachedDocument {
  readonly document: DocumentNode
  readonly size: number
}

export interface DocumentCache {
  readonly store: {
    get(key: string): Promise<DocumentNode | undefined>
    set(key: string, document: DocumentNode): Promise<void>
    delete(key: string): Promise<boolean>
  }
  readonly plugin: ApolloServerPlugin<BaseContext>
}

export function createDocumentCache(tokens: number): DocumentCache {
  const kept = new Map<string, CachedDocument>()
  /** Stands for rejected documents, which Apollo then does not validate. */
  const refusals = new Map<string, DocumentNode>()
  const faults = new WeakMap<DocumentNode, string>()
  let size = 0

  const drop = (key: string): boolean => {
    size -= kept.get(key)?.size ?? 0
    return kept.delete(key)
  }
  const keep = (key: string, document: DocumentNode): void => {
    drop(key)
    const length = document.loc?.source.body.length ?? 0
    kept.set(key, { document, size: length })
    size += length
    for (const [oldest] of kept) {
      if (size <= CACHE_CHARACTERS) break
      drop(oldest)
    }
  }
  return {
    store: {
      async get(key) {
        const refused = refusals.get(hashOf(key))
        if (refused) return refused
        const found = kept.get(hashOf(key))
        if (!found) return undefined
        kept.delete(hashOf(key))
        kept.set(hashOf(key), found)
        return found.document
      },
      async set(key, document) {
        keep(hashOf(key), document)
      },
      async delete(key) {
        return drop(hashOf(key))
      },
    },
    plugin: {
      async requestDidStart() {
        return {
          async didResolveSource({ source, queryHash }) {
            if (kept.has(queryHash) || refusals.has(queryHash)) return
            const fault = textError(source) ?? errorOf(source, tokens)
            if (fault === null) return
            const stub = parse('{ __typename }')
            faults.set(stub, fault)
            for (const oldest of refusals.keys()) if (refusals.size >= MAX_REJECTED) refusals.delete(oldest)
            refusals.set(queryHash, stub)
          },
          async didResolveOperation({ document }) {
            const fault = faults.get(document)
            if (fault === undefined) return
            throw new GraphQLError(fault, { extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } } })
          },
        }
      },
    },
  }
}

/** Apollo prefixes its keys with a schema hash. */
const hashOf = (key: string): string => key.slice(key.lastIndexOf(':') + 1)

/** Apollo reports syntax errors. */
function errorOf(source: string, maxTokens: number): string | null {
  try {
    return documentError(parse(source, { maxTokens }))
  } catch {
    return null
  }
}
