import { useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { examples } from './examples.ts'

export function ExampleMenu() {
  const { addTab } = useGraphiQLActions()
  const queryEditor = useGraphiQL(state => state.queryEditor)
  const open = (title: string) => {
    const example = examples.find(each => each.title === title)
    if (!example) return
    addTab()
    queryEditor?.setValue(example.query)
  }
  return (
    <select
      className="roster-examples"
      aria-label="Open an example in a new tab"
      value=""
      onChange={event => open(event.target.value)}
    >
      <option value="">Examples</option>
      {examples.map(example => (
        <option key={example.title} value={example.title}>
          {example.title}
        </option>
      ))}
    </select>
  )
}
