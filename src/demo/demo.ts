// Created through the services, so every rule and event applies.
import { operator, type UserActor } from '../authorization/actor.ts'
import type { Context } from '../authorization/context.ts'
import { attributes } from '../domain/attributes/attributes.service.ts'
import { apiKeys } from '../domain/credentials/apikeys.service.ts'
import { groups } from '../domain/groups/groups.service.ts'
import { memberships } from '../domain/groups/memberships.service.ts'
import { iams } from '../domain/iams/iams.service.ts'
import { domains } from '../domain/projects/domains.service.ts'
import { projects } from '../domain/projects/projects.service.ts'
import { dataSources } from '../domain/projects/sources.service.ts'
import type { UserRecord } from '../domain/users/user.ts'
import { userCreation } from '../domain/users/user-creation.service.ts'
import { users } from '../domain/users/users.service.ts'
import type { AttributeEdit, UserOrGroupRef } from '../generated/inputs.ts'
import { createMailer } from '../platform/mail/mailer.ts'
import { canonical } from '../platform/validation.ts'
import * as demo from './organisation.ts'

type People = ReadonlyMap<string, UserRecord>
const DAY = 86_400_000

export async function fillDemo(context: Context): Promise<void> {
  const { config, log, outbound } = context.app
  // Invitations to invented addresses are not sent.
  const mailer = createMailer({ ...config, smtpUrl: null }, { outbound, log })
  const mine: Context = { ...context, actor: operator, app: { ...context.app, mailer } }
  const people = await createPeople(mine)
  const teams = await createTeams(mine)
  await iams.update(mine, { id: 'bim', groupPermissions: demo.groupPermissions })
  await setAttributes(mine, people, teams)
  const projectIds = await createProjects(mine)
  await createDomains(mine, teams)
  await createKeys(mine, people, projectIds)
  for (const userid of demo.disabled) await users.setDisabled(mine, { ref: { userid }, disabled: true })
}

async function createPeople(context: Context): Promise<People> {
  const created = new Map<string, UserRecord>()
  const create = async (userid: string, profile: object) => {
    const { user } = await userCreation.create(context, { userid, profile, permissions: demo.permissions[userid] ?? [] })
    created.set(userid, user)
  }
  const { name: organization, mailDomain } = demo.organisation
  for (const [userid, name, position, team, location] of demo.people) {
    await create(userid, {
      name,
      position,
      location,
      organization,
      email: `${userid}@${mailDomain}`,
      ...(team.startsWith('Engineering') ? { externalUserIds: { git: userid.replaceAll('.', '-') } } : {}),
      ...(team === 'Engineering / Data' ? { sqlUser: userid.replaceAll('.', '_') } : {}),
    })
  }
  for (const { userid, name, about } of demo.services) await create(userid, { name, about, organization })
  return created
}

async function createTeams(context: Context): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>()
  for (const { name, description } of demo.teams) {
    const { id } = await groups.create(context, { name, description })
    ids.set(name, id)
    const add = membersOf(name).map(userid => ({ userid }))
    await memberships.change(context, { group: { id }, add })
  }
  return ids
}

function membersOf(team: string): string[] {
  const own = demo.people.filter(([, , , name]) => name === team || name.startsWith(`${team} / `)).map(([userid]) => userid)
  return [...own, ...(demo.guests[team] ?? [])]
}

async function setAttributes(context: Context, people: People, teams: ReadonlyMap<string, number>): Promise<void> {
  const edits: AttributeEdit[] = []
  const add = (owner: UserOrGroupRef, values: Record<string, readonly string[]>) => {
    for (const [key, list] of Object.entries(values))
      for (const value of list) edits.push({ owner, operation: 'ADD', key, value })
  }
  for (const [userid, , , team, office, clearance] of demo.people) {
    const owner = { user: { id: people.get(userid)!.id } }
    const department = team.split(' / ')[0]!
    add(owner, { Country: [demo.countries[office]!], Department: [department], Office: [office], Clearance: [clearance] })
  }
  for (const [userid, values] of Object.entries(demo.attributes)) add({ user: { id: people.get(userid)!.id } }, values)
  for (const { name, attributes: values = {} } of demo.teams) add({ group: { id: teams.get(name)! } }, values)
  await attributes.edit(context, { edits })
}

async function createProjects(context: Context): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>()
  for (const { name, description, members } of demo.projects) {
    const { id } = await projects.create(context, { name, description })
    ids.set(name, id)
    await projects.changeMembers(context, { id, add: members.map(userid => ({ userid })) })
  }
  return ids
}

async function createDomains(context: Context, teams: ReadonlyMap<string, number>): Promise<void> {
  for (const { name, description, grants } of demo.domains) {
    const { id: domainId } = await domains.create(context, { name, description })
    for (const { permission, ...holder } of grants) {
      const to = 'user' in holder ? { user: { userid: holder.user } } : { group: { id: teams.get(holder.group)! } }
      await domains.grant(context, { domainId, permission, ...to })
    }
  }
  for (const { name, owners } of demo.dataSources)
    await dataSources.create(context, { name, owners: owners.map(userid => ({ userid })) })
}

async function createKeys(context: Context, people: People, projectIds: ReadonlyMap<string, number>): Promise<void> {
  for (const { owner, name, project, scopes, days } of demo.apiKeys) {
    await apiKeys.create(inTheNameOf(context, people.get(owner)!), {
      name,
      projectId: project === undefined ? null : projectIds.get(project)!,
      scopes: scopes ?? null,
      expiresAt: days === undefined ? null : new Date(Date.now() + days * DAY),
    })
  }
}

/** Only owners create keys: the operator acts for them. */
function inTheNameOf(context: Context, { id, profileId, iamid, userid }: UserRecord): Context {
  const actor: UserActor = {
    kind: 'user',
    user: { id, profileId, iamid, userid, useridKey: canonical(userid) },
    permissions: new Set(),
    credential: { kind: 'login', id: 0, apiKeyId: null, scopes: [], projectId: null },
    impersonator: null,
  }
  return { ...context, actor }
}
