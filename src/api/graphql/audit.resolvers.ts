import type { GraphQLResolveInfo } from 'graphql'
import { EVENTS } from '../../authorization/audit-event.ts'
import type { Context } from '../../authorization/context.ts'
import { audit } from '../../domain/audit/audit.service.ts'
import { auditActor, auditTarget, HIDDEN } from '../../domain/audit/audit.targets.ts'
import type { Resolvers } from '../../generated/graphql.ts'
import { AUDIT_FIELDS, alongOf } from './selected.ts'
import type { WithHidden } from './visibility.ts'

export const auditResolvers: Resolvers = {
  Query: {
    auditEvents: (_, args, context, info) => audit.list(context, { ...args, along: alongOf(info, context, AUDIT_FIELDS) }),
  },
  AuditEvent: {
    knownEvent: ({ event }) => EVENTS.find(name => name === event) ?? null,
    actor: event => event.actorName,
    actorUser: async (event, _, context, info) => shown(await auditActor(context, event), context, info),
    onBehalfOf: event => event.behalfName,
    outcome: event => (event.outcome === 'denied' ? 'DENIED' : 'DONE'),
    target: async (event, _, context, info) => shown(await auditTarget(context, event), context, info),
  },
  AuditTarget: { __resolveType: target => target.__typename },
}

function shown<Row>(found: Row | typeof HIDDEN, { hidden }: Context & WithHidden, info: GraphQLResolveInfo): Row | null {
  if (found !== HIDDEN) return found as Row
  hidden?.add(info)
  return null
}
