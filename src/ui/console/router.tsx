// An address's query is the state of its page, as plain text.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { base } from './base.ts'
import type { Search } from './operations/query-text.ts'
import { NotFound } from './parts/not-found.tsx'
import { Shell } from './shell/shell.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
})

const routes = [
  createRoute({
    getParentRoute: () => root,
    path: '/',
    beforeLoad: () => {
      throw redirect({ to: '/console' })
    },
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/console',
    component: lazyRouteComponent(() => import('./pages/start/start.tsx'), 'Start'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/console/users',
    component: lazyRouteComponent(() => import('./pages/users/users.tsx'), 'Users'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/console/users/$id/{-$tab}',
    component: lazyRouteComponent(() => import('./pages/person/person.tsx'), 'PersonPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/console/audit',
    component: lazyRouteComponent(() => import('./pages/audit/audit.tsx'), 'Audit'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/account',
    component: lazyRouteComponent(() => import('./pages/account/account.tsx'), 'Account'),
  }),
]

const parseSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text))

function stringifySearch(search: Search): string {
  const given = Object.entries(search).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '')
  // These need no escape in a query.
  const text = new URLSearchParams(given).toString().replace(/%2C|%3A|%21/g, decodeURIComponent)
  return text === '' ? '' : `?${text}`
}

export const router = createRouter({
  routeTree: root.addChildren(routes),
  basepath: base === '' ? '/' : base,
  parseSearch,
  stringifySearch,
  scrollRestoration: true,
  defaultPreload: 'intent',
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
