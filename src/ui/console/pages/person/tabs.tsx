import { Link } from '@tanstack/react-router'

interface TabsProps {
  readonly id: string
  readonly label: string
  readonly tabs: readonly { readonly tab: string | undefined; readonly title: string }[]
}

/** Tabs are addresses. */
export function PersonTabs({ id, label, tabs }: TabsProps) {
  return (
    <nav className="tabs" aria-label={label}>
      {tabs.map(({ tab, title }) => (
        <Link
          key={title}
          to="/console/users/$id/{-$tab}"
          params={{ id, tab }}
          activeOptions={{ exact: true, includeSearch: false }}
        >
          {title}
        </Link>
      ))}
    </nav>
  )
}
