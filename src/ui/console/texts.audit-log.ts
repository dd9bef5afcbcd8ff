/** The texts of the audit log: what each event says, with who did it and to what. */
import type { AuditEventName } from '../../generated/inputs.ts'
import { count, formatNumber } from './texts.ts'

/** `{added}` and `{removed}` are the changed values. */
export const SENTENCES: Record<AuditEventName, string> = {
  userCreated: '{actor} created the account of {target}',
  userUpdated: '{actor} changed the profile of {target}',
  userDeleted: '{actor} deleted the account of {target}',
  userErased: '{actor} erased the personal data of {target}',
  userEnabled: '{actor} enabled {target}',
  userDisabled: '{actor} disabled {target}',
  userCloned: '{actor} copied another account to {target}',
  userMigrated: '{actor} moved {target} to another source',
  usernameUpdated: '{actor} changed the user name of {target}',
  userReplaced: '{actor} gave the account {target} to another person',
  userRelinked: '{actor} accepted a new id at the source for {target}',
  userInvited: '{actor} invited {target}',
  passwordChanged: '{actor} changed the password of {target}',
  groupCreated: '{actor} created the group {target}',
  groupUpdated: '{actor} changed the group {target}',
  groupDeleted: '{actor} deleted the group {target}',
  groupUserAdded: '{actor} added {added} to {target}',
  groupUserDeleted: '{actor} removed {removed} from {target}',
  attributeAdded: '{actor} gave {added} to {target}',
  attributeUpdated: '{actor} changed {removed} to {added} for {target}',
  attributeRemoved: '{actor} took {removed} from {target}',
  permissionsUpdated: '{actor} changed the permissions of {target}',
  apiKeyCreated: '{actor} created the API key {target}',
  apiKeyRotated: '{actor} rotated the API key {target}',
  apiKeyRevoked: '{actor} revoked the API key {target}',
  tokenIssued: '{actor} got a token for an API key',
  tokenRevoked: '{actor} ended sessions or tokens: {target}',
  impersonationStarted: '{actor} began to act as {target}',
  loginSucceeded: '{actor} signed in',
  loginFailed: 'A sign-in as {target} failed',
  loginUnlocked: '{actor} unlocked the sign-in of {target}',
  iamConfigured: '{actor} configured the source {target}',
  syncFinished: '{actor} finished a sync: {target}',
  syncQuarantined: 'A sync waits for approval: {target}',
  deprovisioningHeld: '{actor} held the deprovisioning of {target}',
  deprovisioningResumed: '{actor} resumed the deprovisioning of {target}',
  projectCreated: '{actor} created the project {target}',
  projectDeleted: '{actor} deleted the project {target}',
  projectMembersChanged: '{actor} changed the members of the project {target}',
  domainCreated: '{actor} created the domain {target}',
  domainDeleted: '{actor} deleted the domain {target}',
  domainPermissionGranted: '{actor} gave {added} on the domain {target}',
  domainPermissionRevoked: '{actor} took {removed} on the domain {target}',
  dataSourceCreated: '{actor} created the data source {target}',
  dataSourceDeleted: '{actor} deleted the data source {target}',
  dataSourceOwnersChanged: '{actor} changed the owners of the data source {target}',
  auditPruned: '{actor} moved old audit events into a file',
  keyPruned: '{actor} removed the expired API key {target}',
  denied: '{actor} was refused {action} on {target}',
}

export const permissionSentences = {
  added: '{actor} gave {added} to {target}',
  removed: '{actor} took {removed} from {target}',
  both: '{actor} gave {added} to {target}, and took {removed}',
}

/** Of nothing in particular. */
export const deniedSentence = '{actor} was refused {action}'
/** Events that a later version writes. */
export const otherSentence = '{actor}: {event} {target}'
export const valuesOf = (shown: string, more: number): string => (more > 0 ? `${shown} and ${formatNumber(more)} more` : shown)
export const actingAs = (name: string): string => ` as ${name}`

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
const dayWords = (date: string): string => day.format(new Date(`${date}T00:00:00Z`))
const spanWords = (from: string | null, to: string | null): string => {
  if (from === to && from !== null) return `on ${dayWords(from)}`
  if (from !== null && to !== null) return `from ${dayWords(from)} to ${dayWords(to)}`
  return from !== null ? `since ${dayWords(from)}` : `until ${dayWords(to!)}`
}

export const logTexts = {
  title: 'Audit',
  needs: 'You need AUDIT to read the audit log. Ask one of your administrators for it.',
  events: (n: number) => count(n, 'event', 'events'),
  moreThan: (estimate: number) => `More than 100,000 events, about ${formatNumber(estimate)}`,
  columns: ['Details', 'When', 'Outcome', 'What'],
  outcomes: { done: 'done', refused: 'refused' },
  details: (sentence: string) => `Details: ${sentence}`,
  filter: 'Filter',
  filters: { event: 'Event', outcome: 'Outcome', who: 'By', target: 'About', time: 'Time' },
  chips: 'Active filters',
  removeChip: (chip: string) => `Remove the filter ${chip}`,
  clear: 'Clear all filters',
  noChoice: 'Nothing to choose from.',
  person: 'Find a person',
  people: 'About a person',
  sources: 'About a source',
  from: 'First day',
  to: 'Last day',
  timeHint: 'Empty: without a limit.',
  apply: 'Apply',
  days: (n: number) => `The last ${formatNumber(n)} days`,
  today: 'Today',
  span: spanWords,
  targetName: (type: string, id: string) => `${type} ${id}`,
  empty: 'Nothing matches these filters.',
  emptyIn: (from: string | null, to: string | null) => `Nothing ${spanWords(from, to)} with these filters.`,
  nothingYet: 'Nothing has happened yet. The first change will be here.',
  widen: 'Widen to the last 30 days',
  unknownPerson: 'There is no person with this number. Their events stay in the log: search without this filter.',
  one: 'One event of the log.',
  whole: 'The whole log',
  gone: 'There is no event with this id. Old events may have been moved into a file.',
  fields: {
    at: 'Time',
    event: 'Event',
    action: 'Action',
    actor: 'By',
    target: 'About',
    credential: 'Credential',
    reason: 'Reason',
    request: 'Request',
  },
  noCredential: 'none',
  unchanged: 'No field is recorded for this event.',
  changed: 'What changed',
  onlyBy: (name: string) => `Only by ${name}`,
  onlyAbout: (name: string) => `Only about ${name}`,
  permalink: 'Link to this event',
  keys: 'Keys: j and k go through the rows, Enter shows the details.',
  zone: (zone: string) => `Days are those of ${zone}.`,
}
