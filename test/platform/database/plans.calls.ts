// Every function of a store that takes a list, called with as long a list as wanted. Files are named: a test looks for others.

import { actorOf } from '../../../src/authentication/authenticate.ts'
import { createLastUsedTracker } from '../../../src/authentication/last-used.ts'
import { operator } from '../../../src/authorization/actor.ts'
import { appendEvents } from '../../../src/authorization/audit.store.ts'
import { generateSecret } from '../../../src/authorization/secret.ts'
import { attributeKeysNamed, holdersOfKeys } from '../../../src/domain/attributes/attribute.keys.store.ts'
import {
  attributesOf,
  effectiveAttributesOf,
  storedAttributesOf,
  writeChanges,
} from '../../../src/domain/attributes/attributes.store.ts'
import { deleteEvents } from '../../../src/domain/audit/audit.pruning.store.ts'
import { countsOfUsers, eventsOfUsers } from '../../../src/domain/audit/audit.user.store.ts'
import { keyList } from '../../../src/domain/credentials/credentials.search.ts'
import { countRejected } from '../../../src/domain/credentials/lockout.store.ts'
import { deleteAddresses } from '../../../src/domain/credentials/login-addresses.store.ts'
import { importPasswords } from '../../../src/domain/credentials/password.store.ts'
import { groupConditions } from '../../../src/domain/groups/groups.search.ts'
import {
  createLocalGroups,
  groupsByIds,
  groupsOfUsers,
  localGroupsNamed,
  permissionsOfGroups,
  permissionsOfNames,
  requireGroups,
} from '../../../src/domain/groups/groups.store.ts'
import {
  addLocalMembers,
  joinLocalGroups,
  localMembershipsOf,
  lockMembershipsOf,
  membershipsIn,
  membershipsOfUsers,
  membersOfGroups,
  removeLocalMembers,
} from '../../../src/domain/groups/memberships.store.ts'
import { moveUsersToBim } from '../../../src/domain/iams/iam.removal.store.ts'
import { freeIamid, groupPermissionsOf, iamsByIds, replaceGroupPermissions } from '../../../src/domain/iams/iams.store.ts'
import { scimKeysOf } from '../../../src/domain/iams/scim-keys.store.ts'
import { domainGrantsOfUsers, domainsByIds } from '../../../src/domain/projects/domains.store.ts'
import { projectMembers, projectsByIds } from '../../../src/domain/projects/projects.store.ts'
import { dataSourceOwners, dataSourcesByIds, sourceOwners } from '../../../src/domain/projects/sources.store.ts'
import { PLACES } from '../../../src/domain/users/erasure.places.ts'
import { lockRows, nextWindow, renameMakers, sharedNames, writeRows } from '../../../src/domain/users/erasure.store.ts'
import {
  emailOwners,
  grantLocalPermissions,
  localPermissionsOf,
  lockUsersNamed,
  revokeAccessOf,
  updateImported,
} from '../../../src/domain/users/import.store.ts'
import { countHolders, rulesOfPermissions } from '../../../src/domain/users/permission.catalogue.store.ts'
import { addLocalPermissions, grantOriginsOfUsers, replaceLocalPermissions } from '../../../src/domain/users/permissions.store.ts'
import { ownedByUsers } from '../../../src/domain/users/service-accounts.store.ts'
import { countFacets } from '../../../src/domain/users/users.facets.store.ts'
import { userConditions, userList } from '../../../src/domain/users/users.search.ts'
import {
  copyEntitlements,
  grantsOfUsers,
  insertUsers,
  requireUsers,
  takenNames,
  usersByIds,
  usersNamed,
} from '../../../src/domain/users/users.store.ts'
import { accountsOf, moveAccounts, renameUsers } from '../../../src/federation/accounts.store.ts'
import { insertExchanges, trimExchanges } from '../../../src/federation/exchanges/exchanges.store.ts'
import { changeGroups, heldEntries, removeGroups } from '../../../src/federation/group-entries.store.ts'
import { groupsHeldBy, joinGroups, leaveGroups, recordResponses, updateUsers } from '../../../src/federation/identity.store.ts'
import { relinkingOf } from '../../../src/federation/relink.store.ts'
import { emptyAccounts } from '../../../src/federation/replace-user.store.ts'
import { countRows } from '../../../src/platform/database/counts.ts'
import { type NestedList, NestedListLoader } from '../../../src/platform/database/nested-list.ts'
import { readPage } from '../../../src/platform/database/pagination.ts'
import type { Db } from '../../../src/platform/database/store.ts'
import { scimGuardsOf } from '../../../src/scim/resources/deprovisioning.store.ts'
import { groupsOfPage } from '../../../src/scim/resources/groups.store.ts'
import { addScimMembers, removeScimMembers } from '../../../src/scim/resources/members.store.ts'
import { findScimUsers, insertSourceAttributes, replaceSourceAttributes } from '../../../src/scim/resources/users.store.ts'
import { countsOfRuns, markUndone, recordEntries, stillPlanned } from '../../../src/sync/entries.store.ts'
import {
  countHeld,
  disableAll,
  enableAll,
  groupsNamed,
  revokeAccessOfAll,
  updateGroups,
} from '../../../src/sync/sync-users.store.ts'

/** What the store holds, as many of each as the lists are long. */
export interface Stocked {
  users: readonly number[]
  scimIds: readonly string[]
  groups: readonly number[]
  memberships: readonly number[]
  attributes: readonly number[]
  entries: readonly number[]
  domains: readonly string[]
  project: number
  source: number
  run: number
  /** A group that has all of the users. */
  big: number
}

const now = new Date()
const placeOf = (table: string) => PLACES.find(place => place.table === table)!
const person = { id: 1, iamid: 'stock', userids: ['u1'] }
const iamid = 'stock'
const at = { iamid, source: 'stock', now }
const names = ({ users }: Stocked) => users.map((_, n) => `u${n + 1}`)
const groupNames = ({ groups }: Stocked) => groups.map((_, n) => `g${n + 1}`)
const external = (name: string) => ({ name, gid: null, email: null, description: null })
const pages = (list: NestedList) => async (db: Db, owners: readonly (number | string)[]) => {
  const lists = new NestedListLoader<number | string, object>(db, list)
  await Promise.all(owners.map(async owner => (await lists.of(owner, { first: 3 })).totalCount()))
}
const filtered = (db: Db, filter: object) => readPage(db, userList({ includeDisabled: true, ...filter }, null), { first: 25 })

type Call = (db: Db, on: Stocked) => Promise<unknown>
export const calls: Record<string, Record<string, Call>> = {
  'src/authentication/authenticate.ts': {
    // At most a hundred secrets at once, which arrive by themselves: one is as good.
    actorOf: db => actorOf(db, generateSecret('rt').secret, now),
  },
  'src/authentication/last-used.ts': {
    async flush(db, { users }) {
      const uses = createLastUsedTracker(db, 600, error => {
        throw error
      })
      for (const id of users) for (const kind of ['key', 'token'] as const) uses.record(kind, id, now)
      await uses.stop()
    },
  },
  'src/domain/attributes/attributes.store.ts': {
    attributesOf: (db, { users }) => attributesOf(db, 'user', users),
    effectiveAttributesOf: (db, { users }) => effectiveAttributesOf(db, users),
    storedAttributesOf: (db, { users }) => storedAttributesOf(db, 'user', users),
    writeChanges: (db, { users, attributes }) =>
      writeChanges(db, {
        kind: 'user',
        changes: new Map(
          users.map((id, n) => [
            id,
            { added: [{ key: 'new', keyKey: 'new', value: 'v' }], removed: [{ id: attributes[n]! } as never] },
          ]),
        ),
        now,
      }),
  },
  'src/authorization/audit.store.ts': {
    appendEvents: (db, { users }) =>
      appendEvents(db, {
        request: { actor: operator, requestId: 'r', address: '' },
        action: 'user:disable',
        drafts: users.map(id => ({ event: 'userDisabled', target: { type: 'user', id } })),
      }),
  },
  'src/domain/credentials/lockout.store.ts': {
    countRefusals: (db, on) => countRejected(db, new Map(names(on).map(name => [`address:${name}`, 1])), now),
  },
  'src/federation/exchanges/exchanges.store.ts': {
    insertExchanges: (db, { scimIds }) =>
      insertExchanges(
        db,
        scimIds.map(id => ({
          ...{
            iamid,
            kind: 'scim',
            at: now,
            requestId: 'r',
            asked: 'x',
            userid: null,
            useridKey: null,
            request: null,
            requestWhole: true,
          },
          ...{
            resource: `/Users/${id}`,
            answer: null,
            answerWhole: true,
            status: 200,
            failure: null,
            changes: [],
            changesWhole: true,
          },
        })) as never,
      ),
    trimExchanges: (db, on) => trimExchanges(db, [iamid, ...names(on)]),
  },
  'src/domain/groups/groups.search.ts': {
    async filter(db, { groups }) {
      const asked = groupConditions({ ids: groups.slice(0, 1_000) })
      await countRows(db, { from: 'groups g', id: 'g.id', ...asked })
    },
  },
  'src/domain/attributes/attribute.keys.store.ts': {
    attributeKeysNamed: (db, { users }) =>
      attributeKeysNamed(
        db,
        users.map(id => `key ${id}`),
      ),
    holdersOfKeys: (db, { users }) =>
      holdersOfKeys(
        db,
        users.map(id => `key ${id}`),
      ),
  },
  'src/domain/groups/groups.store.ts': {
    groupsByIds: (db, { groups }) => groupsByIds(db, groups),
    requireGroups: (db, { groups }) =>
      requireGroups(
        db,
        groups.map(id => ({ name: `g${id}` })),
      ).catch(() => []),
    permissionsOfGroups: (db, { groups }) => permissionsOfGroups(db, groups),
    groupsOfUsers: (db, { users }) => pages(groupsOfUsers)(db, users),
    localGroupsNamed: (db, on) => localGroupsNamed(db, groupNames(on)),
    permissionsOfNames: (db, on) => permissionsOfNames(db, groupNames(on)),
    createLocalGroups: (db, on) =>
      createLocalGroups(
        db,
        groupNames(on).map(name => ({ name, key: name })),
        now,
      ),
  },
  'src/scim/resources/groups.store.ts': {
    groupsOfPage: (db, { groups }) => groupsOfPage(db, groups, { members: true, fromEnd: false }),
  },
  'src/scim/resources/members.store.ts': {
    addScimMembers: (db, { groups, scimIds }) => addScimMembers(db, { id: groups[1]!, iamid }, { ids: scimIds, now }),
    removeScimMembers: (db, { big, scimIds }) => removeScimMembers(db, { id: big, iamid }, { ids: scimIds, now }),
  },
  'src/domain/groups/memberships.store.ts': {
    addByHand: (db, { groups, users }) => addLocalMembers(db, groups[1]!, { userIds: users, by: 'stock', now }),
    membershipsIn: (db, { users, big }) =>
      membershipsIn(
        db,
        users.map(userId => ({ userId, group: { id: big, iamid: 'stock' } })),
      ),
    lockMembershipsOf: (db, { big, users }) => lockMembershipsOf(db, big, users),
    localMembershipsOf: (db, on) => localMembershipsOf(db, on.users, groupNames(on)),
    joinLocalGroups: (db, { users, groups }) =>
      joinLocalGroups(
        db,
        users.map((userId, n) => ({ userId, groupId: groups[n % groups.length]! })),
        { by: 'stock', now },
      ),
    removeByHand: (db, { memberships }) => removeLocalMembers(db, memberships, now),
    membersOfGroups: (db, { groups }) => pages(membersOfGroups)(db, groups),
    membershipsOfUsers: (db, { users }) => pages(membershipsOfUsers)(db, users),
  },
  'src/domain/iams/iam.removal.store.ts': { moveUsersToBim: db => moveUsersToBim(db, iamid, now) },
  'src/domain/iams/iams.store.ts': {
    iamsByIds: (db, on) => iamsByIds(db, names(on)),
    freeIamid: (db, on) => freeIamid(db, [iamid, ...names(on)]),
    groupPermissionsOf: (db, on) => groupPermissionsOf(db, names(on)),
    replaceGroupPermissions: (db, on) =>
      replaceGroupPermissions(db, iamid, {
        columns: groupNames(on).map(name => ({ iamid, groupName: name, groupKey: name, permission: 'GOVERNANCE' })),
        by: 'stock',
        now,
      }),
  },
  'src/domain/iams/scim-keys.store.ts': { scimKeysOf: (db, on) => scimKeysOf(db, names(on), now) },
  'src/scim/resources/deprovisioning.store.ts': { scimGuardsOf: (db, on) => scimGuardsOf(db, names(on)) },
  'src/federation/accounts.store.ts': {
    accountsOf: (db, on) =>
      accountsOf(db, {
        iamid,
        identities: names(on).map(userid => ({ userid, sourceId: { source: 'directory', id: `id ${userid}` } })) as never,
        lock: true,
      }),
    renameUsers: (db, on) =>
      renameUsers(
        db,
        on.users.map((id, n) => ({ id, userid: `r${n}`, useridKey: `r${n}` })),
      ),
    moveAccounts: (db, { users }) => moveAccounts(db, { ids: users, iamid: 'elsewhere', now }),
  },
  'src/federation/group-entries.store.ts': {
    heldEntries: (db, on) => heldEntries(db, { iamid, ids: names(on), nameKeys: groupNames(on) }),
    changeGroups: (db, on) =>
      changeGroups(db, iamid, {
        changes: on.groups.map((groupId, n) => ({ groupId, name: `c${n}`, directoryId: `e${n}` })) as never,
        now,
      }),
    removeGroups: (db, on) =>
      removeGroups(
        db,
        iamid,
        groupNames(on).map(nameKey => ({ nameKey, directoryId: `e${nameKey}` })),
      ),
  },
  'src/federation/identity.store.ts': {
    groupsHeldBy: (db, { users }) => groupsHeldBy(db, { userIds: users, iamid, source: 'stock' }),
    joinGroups: (db, on) =>
      joinGroups(
        db,
        at,
        on.users.map((userId, n) => ({ userId, group: external(`g${(n % 900) + 2}`) })),
      ),
    leaveGroups: (db, on) =>
      leaveGroups(
        db,
        at,
        on.users.map(userId => ({ userId, group: 'g1' })),
      ),
    updateUsers: (db, on) =>
      updateUsers(
        db,
        on.users.map((id, n) => ({
          id,
          name: 'N',
          nameKey: `n${n}`,
          emailKey: '',
          externalUserIds: {},
          relinkable: false,
          disabled: false,
        })),
        now,
      ),
    noteAnswers: (db, { users }) =>
      recordResponses(
        db,
        users.map(userId => ({ userId, failure: null, answered: true })),
        now,
      ),
  },
  'src/domain/projects/domains.store.ts': {
    domainsByIds: (db, { domains }) => domainsByIds(db, domains),
    domainGrantsOfUsers: (db, { users }) => pages(domainGrantsOfUsers)(db, users),
  },
  'src/domain/projects/projects.store.ts': { projectsByIds: (db, { users }) => projectsByIds(db, users) },
  'src/domain/projects/sources.store.ts': {
    dataSourceOwners: (db, { users }) => dataSourceOwners(db, users),
    dataSourcesByIds: (db, { users }) => dataSourcesByIds(db, users),
  },
  'src/domain/users/erasure.store.ts': {
    nextWindow: (db, { users }) =>
      nextWindow(db, placeOf('sync_entries'), { person, patterns: users.map(id => `%u${id}x%`), after: '0', limit: 1_000 }),
    lockRows: (db, { entries }) => lockRows(db, placeOf('sync_entries'), { person, ids: entries.map(String) }),
    writeRows: (db, { entries }) =>
      writeRows(
        db,
        placeOf('memberships'),
        entries.map(id => ({ id, added_by: 'erased' })),
      ),
    sharedNames: (db, on) => sharedNames(db, 1, { names: names(on), pairs: names(on), emails: names(on) }),
    renameMakers: (db, on) => renameMakers(db, { before: names(on), after: 'erased' }),
  },
  'src/domain/audit/audit.pruning.store.ts': {
    // Their numbers need not exist: each is looked up by the key.
    deleteEvents: (db, { users }) => deleteEvents(db, users.map(String)),
  },
  'src/domain/audit/audit.user.store.ts': {
    eventsOfUsers: (db, { users }) =>
      eventsOfUsers(
        db,
        users.map(userId => ({
          userId,
          role: 'ANY',
          window: { size: 25, backwards: false, cursor: null, offset: 0, cursors: db.cursors },
        })),
      ),
    countsOfUsers: (db, { users }) => countsOfUsers(db, 'ANY', users),
  },
  'src/domain/projects/user-links.store.ts': {
    addMembers: (db, { project, users }) => projectMembers.add(db, project, { userIds: users, now }),
    removeMembers: (db, { project, users }) => projectMembers.remove(db, project, users),
    addOwners: (db, { source, users }) => sourceOwners.add(db, source, { userIds: users, now }),
    removeOwners: (db, { source, users }) => sourceOwners.remove(db, source, users),
  },
  'src/sync/entries.store.ts': {
    stillPlanned: (db, { entries }) => stillPlanned(db, entries),
    noteEntries: (db, { entries, users }) =>
      recordEntries(db, entries.map((id, n) => ({ id, state: 'applied', action: 'update', userId: users[n] })) as never),
    countsOfRuns: (db, { entries }) => countsOfRuns(db, entries),
    markUndone: (db, { entries }) => markUndone(db, entries),
  },
  'src/sync/sync-users.store.ts': {
    countHeld: (db, on) => countHeld(db, iamid, ['stock', ...names(on)]),
    disableAll: (db, on) =>
      disableAll(db, {
        people: on.users.map((userId, n) => ({ userId, nameKey: `u${n + 1}` })),
        iamid,
        since: new Date(Date.now() + 60_000),
        now,
      }),
    enableAll: (db, { users }) => enableAll(db, users, { source: iamid, now }),
    groupsNamed: (db, on) => groupsNamed(db, iamid, { keys: groupNames(on), lock: true }),
    updateGroups: (db, { groups }) =>
      updateGroups(
        db,
        groups.map(id => ({ id, gid: null, email: null, description: 'd' })),
        now,
      ),
    endAccessOfAll: (db, { users }) => revokeAccessOfAll(db, users),
  },
  'src/federation/relink.store.ts': {
    relinkingOf: (db, on) => relinkingOf(db, { iamid, permissions: ['AUDIT', ...names(on)], apply: true, now }),
  },
  'src/domain/credentials/credentials.search.ts': {
    iamids: (db, on) =>
      readPage(
        db,
        keyList(null, { filter: { iamids: ['stock', ...names(on).slice(0, 900)] }, sort: { field: 'LAST_USED' }, now }),
        {},
      ),
  },
  'src/domain/credentials/login-addresses.store.ts': {
    deleteAddresses: (db, on) =>
      deleteAddresses(
        db,
        names(on).map(userid => ({ iamid, userid })),
      ),
  },
  'src/federation/replace-user.store.ts': { emptyAccounts: (db, { users }) => emptyAccounts(db, users, now) },
  'src/scim/resources/users.store.ts': {
    findScimUsers: (db, { users }) => findScimUsers(db, users, true),
    insertSourceAttributes: (db, { users }) =>
      insertSourceAttributes(
        db,
        users.map(userId => ({ userId, key: 'made', keyKey: 'made', value: 'v' })),
        { source: 'stock', now },
      ),
    replaceSourceAttributes: (db, on) =>
      replaceSourceAttributes(db, {
        ...{ userId: on.users[0]!, source: 'stock', now },
        attributes: names(on).map(name => ({ key: name, keyKey: name, value: 'v' })) as never,
      }),
  },
  'src/domain/users/import.store.ts': {
    lockUsersNamed: (db, on) => lockUsersNamed(db, names(on)),
    emailOwners: (db, on) => emailOwners(db, names(on)),
    localPermissionsOf: (db, { users }) => localPermissionsOf(db, users),
    grantLocalPermissions: (db, { users }) =>
      grantLocalPermissions(
        db,
        users.map(userId => ({ userId, permission: 'PLAN_C' })),
        'plan',
      ),
    updateImported: (db, { users }) =>
      updateImported(
        db,
        users.map((id, n) => ({
          ...{ id, name: 'N', nameKey: `n${n}`, email: null, emailKey: '', phone: null, about: null, location: null },
          ...{ organization: null, position: null, sqlUser: null, preferences: null, externalUserIds: {} },
          ...{ disabled: false, disabledBy: null, hasNewProfile: true },
        })),
        now,
      ),
    revokeAccessOf: (db, { users }) => revokeAccessOf(db, users),
  },
  'src/domain/credentials/password.store.ts': {
    importPasswords: (db, { users }) =>
      importPasswords(
        db,
        users.map(userId => ({ userId, passwordHash: 'x' })),
        now,
      ),
  },
  'src/domain/users/service-accounts.store.ts': { ownedByUsers: (db, { users }) => ownedByUsers(db, { ids: users }) },
  'src/domain/users/permissions.store.ts': {
    grantOriginsOfUsers: (db, { users }) => grantOriginsOfUsers(db, users),
    addLocalPermissions: (db, { users }) => addLocalPermissions(db, users, { permissions: ['PLAN_A', 'PLAN_B'], by: 'plan' }),
    replaceLocalPermissions: (db, { users }) =>
      replaceLocalPermissions(db, users[0]!, { permissions: users.map(id => `PLAN_${id}`), by: 'plan' }),
  },
  'src/domain/users/users.store.ts': {
    requireUsers: (db, { users }) =>
      requireUsers(
        db,
        users.map((id, n) => (n % 2 ? { id } : { iamid, userid: `u${n + 1}` })),
      ),
    usersNamed: (db, on) => usersNamed(db, iamid, names(on)),
    usersByIds: (db, { users }) => usersByIds(db, users),
    grantsOfUsers: (db, { users }) => grantsOfUsers(db, users),
    insertUsers: (db, on) =>
      insertUsers(
        db,
        names(on).map(name => ({ iamid: 'new', userid: name, useridKey: name, name, nameKey: name })),
        now,
      ),
    takenNames: (db, on) => takenNames(db, iamid, names(on)),
    copyHoldings: (db, { users }) => copyEntitlements(db, users[0]!, { toIds: users.slice(1), by: 'stock' }),
  },
  'src/domain/users/permission.catalogue.store.ts': {
    countHolders: (db, on) => countHolders(db, ['AUDIT', 'GOVERNANCE', ...names(on)]),
    rulesOfPermissions: (db, on) => pages(rulesOfPermissions)(db, ['GOVERNANCE', ...names(on)]),
  },
  'src/domain/users/users.facets.store.ts': {
    countFacets: (db, { users }) => countFacets(db, userConditions({ ids: users.slice(0, 1_000) }), now),
  },
  'src/domain/users/users.search.ts': {
    ids: (db, { users }) => filtered(db, { ids: users.slice(0, 1_000) }),
    groupIds: (db, { groups }) => filtered(db, { groupIds: groups.slice(0, 1_000) }),
    groupNames: (db, on) => filtered(db, { groupNames: groupNames(on).slice(0, 1_000) }),
    attributes: (db, on) =>
      filtered(db, {
        attributes: names(on)
          .slice(0, 1_000)
          .map(key => ({ key, value: 'v' })),
      }),
    iamids: (db, on) => filtered(db, { iamids: ['stock', ...names(on)].slice(0, 1_000) }),
  },
}
