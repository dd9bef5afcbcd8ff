import { API_PATHS } from '../api/paths.ts'
import { isUnder } from '../platform/http/request.ts'
import { NO_ROUTE } from '../platform/http/request-line.ts'

export type Api = 'graphql' | 'rest' | 'scim' | 'web' | 'health' | 'none'

const OWN: readonly (readonly [path: string, api: Api])[] = [
  ['/graphql', 'graphql'],
  ['/scim', 'scim'],
  ['/health', 'health'],
  [NO_ROUTE, 'none'],
]

/** Of a route pattern. */
export function apiOf(route: string): Api {
  const own = OWN.find(([path]) => isUnder(route, path))
  if (own) return own[1]
  return API_PATHS.some(path => isUnder(route, path)) ? 'rest' : 'web'
}

/** 499, of a client that went away, is 4xx. */
export const statusClass = (status: number): string => `${Math.floor(status / 100)}xx`
