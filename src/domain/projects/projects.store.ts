import type { ProjectFilter, ProjectSort } from '../../generated/inputs.ts'
import { selectList } from '../../platform/database/columns.ts'
import type { Order } from '../../platform/database/order.ts'
import { conditions, type ListQuery, partPattern } from '../../platform/database/pagination.ts'
import type { Db } from '../../platform/database/store.ts'
import { NotFound } from '../../platform/errors.ts'
import { checkList } from '../../platform/validation.ts'
import { PROJECT_COLUMNS, type ProjectRecord } from './project.ts'
import { userLinks } from './user-links.store.ts'

const SELECT_PROJECT = selectList(PROJECT_COLUMNS)

const ORDERS: Record<ProjectSort['field'], Omit<Order, 'descending'>> = {
  NAME: { name: 'projectName', expression: 'p.name_key', type: 'text' },
  CREATED_AT: { name: 'projectCreatedAt', expression: 'p.created_at', type: 'timestamptz' },
}

export const projectList = (
  memberId: number | null,
  filter: ProjectFilter,
  sort: ProjectSort | null | undefined,
): ListQuery<ProjectRecord> => ({
  columns: SELECT_PROJECT,
  from: 'projects p',
  ...conditions([
    ['EXISTS (SELECT 1 FROM project_members m WHERE m.project_id = p.id AND m.user_id = $::int)', memberId],
    ['p.name_key LIKE $', partPattern('name', filter.name)],
    ['p.id = ANY($::int[])', filter.ids && checkList('ids', filter.ids)],
  ]),
  id: 'p.id',
  fresh: true,
  order: { ...ORDERS[sort?.field ?? 'NAME'], descending: sort?.direction === 'DESC' },
})

export const projectsByIds = (db: Db, ids: readonly number[]): Promise<ProjectRecord[]> =>
  db.query(`SELECT ${SELECT_PROJECT} FROM projects p WHERE p.id = ANY($1::int[])`, [ids])

export async function lockProject(db: Db, id: number): Promise<ProjectRecord> {
  const [project] = await db.query<ProjectRecord>(`SELECT ${SELECT_PROJECT} FROM projects p WHERE p.id = $1 FOR UPDATE`, [id])
  if (!project) throw new NotFound(`No project with id ${id}`)
  return project
}

export interface NewProject {
  readonly name: string
  readonly nameKey: string
  readonly description: string | null
  readonly documentation: string | null
}

export async function insertProject(
  db: Db,
  { project, by, now }: { project: NewProject; by: number | null; now: Date },
): Promise<ProjectRecord | null> {
  const stamps = { createdBy: by, updatedBy: by, createdAt: now, updatedAt: now }
  const [row] = await db.prisma.project.createManyAndReturn({
    data: [{ ...project, projectKey: project.name, ...stamps }],
    skipDuplicates: true,
    select: { id: true },
  })
  const [record] = row ? await projectsByIds(db, [row.id]) : []
  return record ?? null
}

export async function countCreated(db: Db, userId: number): Promise<number> {
  const [row] = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM projects WHERE created_by = $1', [userId])
  return row!.count
}

export async function touchProject(db: Db, id: number, { by, now }: { by: number | null; now: Date }): Promise<void> {
  await db.prisma.project.update({ where: { id }, data: { updatedBy: by, updatedAt: now }, select: { id: true } })
}

export async function countDependents(db: Db, id: number): Promise<{ members: number; apiKeys: number; tokens: number }> {
  const [counts] = await db.query<{ members: number; apiKeys: number; tokens: number }>(
    `SELECT (SELECT count(*)::int FROM project_members WHERE project_id = $1) AS members,
       (SELECT count(*)::int FROM api_keys WHERE project_id = $1) AS "apiKeys",
       (SELECT count(*)::int FROM tokens t WHERE t.project_id = $1
           OR t.api_key_id IN (SELECT id FROM api_keys WHERE project_id = $1)) AS tokens`,
    [id],
  )
  return counts!
}

export const deleteProjectRow = (db: Db, id: number) => db.prisma.project.delete({ where: { id }, select: { id: true } })

export async function isProjectMember(db: Db, projectId: number, userId: number): Promise<boolean> {
  const rows = await db.query(`SELECT 1 FROM project_members WHERE project_id = $1 AND user_id = $2`, [projectId, userId])
  return rows.length > 0
}

export const projectMembers = userLinks({ table: 'project_members', parent: 'project_id', name: 'membersOfProject' })
