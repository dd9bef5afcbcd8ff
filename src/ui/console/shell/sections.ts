import { texts } from '../texts.ts'
import type { Viewer } from './viewer.tsx'

export interface Section {
  readonly to: string
  readonly title: string
  /** The key after `g`. */
  readonly key: string
  readonly isOpen: (viewer: Viewer) => boolean
}

/** The navigation, in its order. What one may not open is absent. */
export const sections: readonly Section[] = [
  { to: '/console', title: texts.nav.start, key: 's', isOpen: viewer => viewer.isAdministrator },
  { to: '/console/users', title: texts.nav.users, key: 'u', isOpen: viewer => viewer.may('user:search') },
  { to: '/console/audit', title: texts.nav.audit, key: 'a', isOpen: viewer => viewer.may('audit:list') },
  { to: '/account', title: texts.nav.account, key: 'm', isOpen: () => true },
]
