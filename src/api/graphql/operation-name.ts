import type { ApolloServerPlugin } from '@apollo/server'
import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from 'graphql'
import { noteRefusal } from '../../platform/http/refusals.ts'
import { observedRequest } from '../../platform/observed-request.ts'

/** Of a document that does not run. */
const INVALID = 'invalid'
const SEVERAL = 'several'
const INTROSPECTION = 'introspection'

const names = new WeakMap<OperationDefinitionNode, string>()

/** Names the operation in log and metrics by its root field, which is of the schema. */
export const operationName: ApolloServerPlugin = {
  async requestDidStart() {
    const request = observedRequest()
    if (request) request.operation = INVALID
    return {
      async didResolveOperation({ document, operation }) {
        if (!request || !operation) return
        request.operation = names.get(operation) ?? nameOf(document, operation)
        names.set(operation, request.operation)
      },
      async didEncounterErrors({ errors }) {
        for (const { originalError } of errors) noteRefusal(originalError)
      },
    }
  },
}

/** Of a valid document: another has names of its caller. */
export function nameOf(document: DocumentNode, operation: OperationDefinitionNode): string {
  const fields = new Set<string>()
  const visited = new Set<string>()
  const take = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) fields.add(selection.name.value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) take(selection.selectionSet)
      else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value)
        const fragment = document.definitions.find(
          node => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === selection.name.value,
        )
        if (fragment && 'selectionSet' in fragment && fragment.selectionSet) take(fragment.selectionSet)
      }
    }
  }
  take(operation.selectionSet)
  const own = [...fields].filter(name => !name.startsWith('__'))
  if (own.length === 0) return INTROSPECTION
  return own.length === 1 ? own[0]! : SEVERAL
}
