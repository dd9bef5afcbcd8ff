import type { Target } from '../../authorization/audit-event.ts'
import { decide } from '../../authorization/policy.ts'
import { changed, command, query, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import type { ProjectFilter, ProjectSort } from '../../generated/inputs.ts'
import { type PageArgs, readPage } from '../../platform/database/pagination.ts'
import { Conflict, Unprocessable } from '../../platform/errors.ts'
import { canonical, checkName, checkText } from '../../platform/validation.ts'
import { deleteKeysForProject } from '../credentials/credentials.store.ts'
import { lockUser } from '../users/users.store.ts'
import type { ProjectRecord } from './project.ts'
import { idsOfUsers, namesOf, type PeopleInput, peopleOf } from './project-members.ts'
import {
  countCreated,
  countDependents,
  deleteProjectRow,
  insertProject,
  lockProject,
  projectList,
  projectMembers,
  projectsByIds,
  touchProject,
} from './projects.store.ts'

export interface ProjectInput {
  readonly name: string
  readonly description?: string | null
  readonly documentation?: string | null
}

interface ListArgs extends PageArgs {
  filter?: ProjectFilter | null
  sort?: ProjectSort | null
}

export const projects = {
  list: query('project:list', ({ db, actor }: ServiceContext, { filter, sort, ...page }: ListArgs) => {
    const all = actor.kind !== 'user' || decide(actor, 'project:listAll').allowed
    return readPage(db, projectList(all ? null : actor.user.id, filter ?? {}, sort), page)
  }),

  create: command('project:create', async ({ app, db, actor, now }: ServiceContext, input: ProjectInput) => {
    const name = checkName('name', input.name)
    const description = textOrNull('description', input.description)
    const documentation = textOrNull('documentation', input.documentation)
    const creator = actor.kind === 'user' ? actor.user : null
    const most = app.config.caps.projectsPerUser
    if (creator) await lockUser(db, creator.id)
    if (creator && (await countCreated(db, creator.id)) >= most)
      throw new Unprocessable(
        `You have created ${most} projects, the most that PROJECTS_PER_USER allows: delete one, or ask the operator to raise it`,
      )
    const project = await insertProject(db, {
      project: { name, nameKey: canonical(name), description, documentation },
      by: creator?.id ?? null,
      now,
    })
    if (!project) throw new Conflict('A project of this name already exists')
    if (creator) await projectMembers.add(db, project.id, { userIds: [creator.id], now })
    const members = creator ? [`${creator.iamid}/${creator.userid}`] : []
    return changed(project, {
      event: 'projectCreated',
      target: target(project),
      after: { name, description, documentation, members },
    })
  }),

  remove: command('project:delete', async ({ db }: ServiceContext, { id }: { id: number }) => {
    const project = await lockProject(db, id)
    const { name, description, documentation } = project
    const before = { name, description, documentation, ...(await countDependents(db, id)) }
    await deleteProjectRow(db, id)
    return changed({ deletedId: id }, { event: 'projectDeleted', target: target(project), before })
  }),

  changeMembers: command(
    'project:changeMembers',
    async ({ db, actor, now }: ServiceContext, input: PeopleInput & { id: number }) => {
      const people = await peopleOf(db, input)
      const before = await lockProject(db, input.id)
      const added = await projectMembers.add(db, input.id, { userIds: idsOfUsers(people.add), now })
      const removed = await projectMembers.remove(db, input.id, idsOfUsers(people.remove))
      if (added.length + removed.length === 0) return unchanged(before)
      await touchProject(db, input.id, { by: actor.kind === 'user' ? actor.user.id : null, now })
      const [project] = await projectsByIds(db, [input.id])
      // Project keys require membership.
      const { keys } = await deleteKeysForProject(db, input.id, removed)
      const ended = keys.length === 0 ? {} : { revokedKeys: keys.length }
      const after = { added: namesOf(people.add, added), removed: namesOf(people.remove, removed), ...ended }
      return changed(project!, { event: 'projectMembersChanged', target: target(before), after })
    },
  ),
} satisfies Service

export const textOrNull = (field: string, text: string | null | undefined): string | null =>
  text == null || text === '' ? null : checkText(field, text)

const target = (project: ProjectRecord): Target => ({ type: 'project', id: project.id, name: project.name })
