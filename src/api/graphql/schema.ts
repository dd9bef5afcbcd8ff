import { readFileSync } from 'node:fs'
import { makeExecutableSchema } from '@graphql-tools/schema'
import type { GraphQLSchema } from 'graphql'
import type { Resolvers } from '../../generated/graphql.ts'
import { attributeResolvers } from './attribute.resolvers.ts'
import { auditResolvers } from './audit.resolvers.ts'
import { withCounts } from './counts.ts'
import { credentialResolvers } from './credential.resolvers.ts'
import { withDecodedArguments } from './decode.ts'
import { withDryRun } from './dry-run.ts'
import { enums } from './enums.ts'
import { exchangeResolvers } from './exchange.resolvers.ts'
import { groupResolvers } from './group.resolvers.ts'
import { iamResolvers } from './iam.resolvers.ts'
import { nodeResolvers } from './node.resolvers.ts'
import { permissionResolvers } from './permission.resolvers.ts'
import { projectResolvers } from './project.resolvers.ts'
import { withBudget } from './response-budget.ts'
import { scalars } from './scalars.ts'
import { sessionResolvers } from './session.resolvers.ts'
import { syncResolvers } from './sync.resolvers.ts'
import { userResolvers } from './user.resolvers.ts'
import { withVisibility } from './visibility.ts'

/** With descriptions, without comments. */
export const schemaText = readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8').replace(/^#.*\n+/gm, '')

const resolvers = [
  scalars as Resolvers,
  enums,
  nodeResolvers,
  userResolvers,
  sessionResolvers,
  syncResolvers,
  groupResolvers,
  attributeResolvers,
  iamResolvers,
  exchangeResolvers,
  credentialResolvers,
  permissionResolvers,
  projectResolvers,
  auditResolvers,
]

/** Innermost first: each wraps the resolvers of the one before. */
const layers = [withCounts, withDryRun, withDecodedArguments, withVisibility, withBudget]

export const createSchema = (): GraphQLSchema =>
  layers.reduce((schema, layer) => layer(schema), makeExecutableSchema({ typeDefs: schemaText, resolvers }))
