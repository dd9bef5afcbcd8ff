import { useState } from 'react'
import { Button, Dialog, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { pathTo } from '../base.ts'
import { type ShownOperation, useShownOperations } from '../operations/shown.ts'
import { texts } from '../texts.ts'

/** For a POSIX shell; the token is the reader's. */
export function curlOf({ query, variables }: Pick<ShownOperation, 'query' | 'variables'>, url: string): string {
  const body = JSON.stringify({ query, variables }).replaceAll("'", `'\\''`)
  return `curl ${url} \\\n  -H "Authorization: Bearer $TOKEN" \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`
}

export function AsGraphql() {
  const operations = useShownOperations()
  return (
    <DialogTrigger>
      <Button className="button quiet small">{texts.graphql.title}</Button>
      <ModalOverlay className="overlay" isDismissable>
        <Modal className="modal wide">
          <Dialog>
            <Heading slot="title">{texts.graphql.title}</Heading>
            <p>{operations.length === 0 ? texts.graphql.none : texts.graphql.intro}</p>
            {operations.map(operation => (
              <OperationText key={operation.name} operation={operation} />
            ))}
            <Button slot="close" className="button">
              {texts.close}
            </Button>
          </Dialog>
        </Modal>
      </ModalOverlay>
    </DialogTrigger>
  )
}

function OperationText({ operation }: { operation: ShownOperation }) {
  const [isCopied, setCopied] = useState(false)
  const curl = curlOf(operation, window.location.origin + pathTo('/graphql'))
  const copy = () => navigator.clipboard.writeText(curl).then(() => setCopied(true))
  return (
    <section className="operation">
      <h3>{operation.name}</h3>
      <pre>{operation.query}</pre>
      <h4>{texts.graphql.variables}</h4>
      <pre>{JSON.stringify(operation.variables, null, 2)}</pre>
      <Button className="button quiet small" onPress={copy}>
        {isCopied ? texts.graphql.copied : texts.graphql.copyCurl}
      </Button>
    </section>
  )
}
