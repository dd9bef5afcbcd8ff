import { audit } from '../../domain/audit/audit.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'

export const auditResolvers: Resolvers = {
  Query: {
    auditEvents: (_, args, context) => audit.list(context, args),
  },
  AuditEvent: {
    actor: event => event.actorName,
    onBehalfOf: event => event.behalfName,
    outcome: event => (event.outcome === 'denied' ? 'DENIED' : 'DONE'),
  },
}
