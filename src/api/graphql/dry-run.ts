/** `dryRun: true` of a mutation: the command is rolled back, and the payload has its changes. */
import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isObjectType,
} from 'graphql'
import type { AuditDraft } from '../../authorization/audit-event.ts'
import type { Context } from '../../authorization/context.ts'

interface Args {
  readonly input: { readonly dryRun?: boolean | null }
}
type Resolve = GraphQLFieldResolver<unknown, Context, Args>
type Payload = Readonly<Record<string, unknown>>
interface Stored {
  readonly id: number
  readonly view?: unknown
  readonly __typename?: string
}

const takes = (type: unknown): type is GraphQLInputObjectType => isInputObjectType(type) && 'dryRun' in type.getFields()
const answers = (type: unknown): type is GraphQLObjectType => isObjectType(type) && 'changes' in type.getFields()

/** Of every mutation whose input has `dryRun` and whose payload has `changes`. */
export function withDryRun(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const input = field.args.find(({ name }) => name === 'input')
    if (!input || !takes(getNamedType(input.type)) || !answers(getNamedType(field.type))) continue
    const resolve: Resolve = field.resolve ?? defaultFieldResolver
    field.resolve = async (...[source, args, context, info]: Parameters<Resolve>) => {
      const { dryRun, ...rest } = args.input
      if (dryRun !== true) return resolve(source, { ...args, input: rest }, context, info)
      const events: AuditDraft[] = []
      const payload = await resolve(source, { ...args, input: rest }, { ...context, dryRun: { events } }, info)
      const stored = await asStored(payload as Payload, context)
      return { ...stored, ...('deletedId' in stored && { deletedId: null }), changes: events.map(changeOf) }
    }
  }
  return schema
}

const changeOf = ({ event, target, before = null, after = null }: AuditDraft) => ({
  event,
  targetType: target.type,
  targetId: String(target.id),
  targetName: target.name ?? null,
  before,
  after,
})

/** Clients keep objects of answers: a dry run must not change them. */
async function asStored(payload: Payload, { loaders }: Context): Promise<Payload> {
  const byId = {
    user: loaders.userById,
    group: loaders.groupById,
    project: loaders.projectById,
    dataSource: loaders.dataSourceById,
    run: loaders.runById,
  }
  const stored = async (kind: string, { id, view, __typename }: Stored) => ({
    ...(await byId[kind as keyof typeof byId].load(id)),
    ...(view !== undefined && { view }),
    ...(__typename !== undefined && { __typename }),
  })
  const owner = (value: Stored) => stored(value.__typename!.toLowerCase(), value)
  const fields = Object.entries(payload).map(async ([name, value]) => {
    if (name in byId) return [name, await stored(name, value as Stored)] as const
    if (name === 'owner') return [name, await owner(value as Stored)] as const
    if (name === 'owners') return [name, await Promise.all((value as Stored[]).map(owner))] as const
    return [name, value] as const
  })
  return Object.fromEntries(await Promise.all(fields))
}
