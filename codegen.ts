import type { CodegenConfig } from '@graphql-codegen/cli'
import { enums } from './src/api/graphql/enums.ts'

const scalars = {
  DateTime: { input: 'Date', output: 'Date | string' },
  JSON: { input: 'unknown', output: 'unknown' },
}

const shared = { useTypeImports: true, enumsAsConst: true, strictScalars: true, scalars }

/** schema.graphql -> resolver types; with src/api/rest/*.graphql and src/ui's.graphql -> the typed operations of REST and pages. */
const config: CodegenConfig = {
  generates: {
    './src/generated/inputs.ts': {
      schema: { './schema.graphql': { loader: './scripts/codegen.inputs.mjs' } },
      plugins: ['typescript'],
      config: { ...shared, enumValues: enums },
    },
    './src/generated/graphql.ts': {
      schema: { './schema.graphql': { loader: './scripts/codegen.decoded.mjs' } },
      plugins: [{ typescript: { enumValues: enums } }, 'typescript-resolvers'],
      config: {
        ...shared,
        contextType: '../authorization/context.ts#Context',
        optionalResolveType: true,
        resolversNonOptionalTypename: { unionMember: true },
        mappers: {
          User: '../domain/users/user.ts#UserRecord',
          Profile: '../domain/users/user.ts#ProfileRecord',
          UserConnection: '../domain/users/user.ts#UserPage',
          UserFacets: '../domain/users/user.ts#UserCounts',
          UserIamFacet: '../domain/users/user.ts#UserIamCount',
          PermissionGrant: '../domain/users/user.ts#PermissionGrantRecord',
          ImportedRow: '../domain/users/import.service.ts#ImportedRow as ImportedRowRecord',
          Permission: '../domain/users/permission.ts#PermissionRecord',
          PermissionConnection: '../domain/users/permission.ts#PermissionPage',
          PermissionRule: '../domain/users/permission.ts#PermissionRuleRecord',
          PermissionRuleConnection: '../domain/users/permission.ts#PermissionRulePage',
          Group: '../domain/groups/group.ts#GroupRecord',
          GroupConnection: '../domain/groups/group.ts#GroupPage',
          GroupNameConnection: '../domain/groups/group.ts#GroupNamePage',
          Membership: '../domain/groups/group.ts#MembershipRecord',
          MembershipConnection: '../domain/groups/group.ts#MembershipPage',
          Attribute: '../domain/attributes/attribute.ts#AttributeRecord',
          EffectiveAttribute: '../domain/attributes/attribute.ts#EffectiveAttributeRecord',
          AttributeKey: '../domain/attributes/attribute.ts#AttributeKeyRecord',
          AttributeKeyConnection: '../domain/attributes/attribute.ts#AttributeKeyPage',
          AttributeValueConnection: '../domain/attributes/attribute.ts#AttributeValuePage',
          Node: 'object',
          LogInPayload: '../domain/credentials/token-issue.ts#IssuedToken',
          Iam: '../domain/iams/iam.ts#IamRecord',
          IamConnection: '../domain/iams/iam.ts#IamPage',
          ScimKey: '../domain/iams/iam.ts#ScimKeyRecord',
          SyncRun: '../sync/run.ts#RunRecord',
          SyncRunConnection: '../sync/run.ts#RunPage',
          SyncCount: '../sync/entries.store.ts#RunCount',
          SyncEntry: '../sync/run.ts#EntryRecord',
          SyncEntryConnection: '../sync/run.ts#EntryPage',
          IamTestResult: '../diagnostics/diagnostics.service.ts#IamTestResult as IamTestRecord',
          UserInfoDrift: '../diagnostics/drift.store.ts#DriftRecord',
          UserInfoDriftConnection: '../diagnostics/diagnostics.service.ts#DriftPage',
          IdentitySimulation: '../diagnostics/simulate.ts#IdentitySimulation as SimulationRecord',
          Exchange: '../federation/exchanges/exchange.ts#ExchangeRecord',
          ExchangeChange: '../federation/exchanges/exchange.ts#RecordedChange',
          ExchangeConnection: '../federation/exchanges/exchange.ts#ExchangePage',
          ExchangeReplay: '../diagnostics/exchanges.service.ts#ExchangeReplay as ReplayRecord',
          ApiKey: '../domain/credentials/credential.ts#ApiKeyRecord',
          ApiKeyConnection: '../domain/credentials/credential.ts#ApiKeyPage',
          Token: '../domain/credentials/credential.ts#TokenRecord',
          TokenConnection: '../domain/credentials/credential.ts#TokenPage',
          Project: '../domain/projects/project.ts#ProjectRecord',
          ProjectConnection: '../domain/projects/project.ts#ProjectPage',
          Domain: '../domain/projects/project.ts#DomainRecord',
          DomainConnection: '../domain/projects/project.ts#DomainPage',
          DomainPermission: '../domain/projects/project.ts#DomainPermissionRecord',
          DomainPermissionConnection: '../domain/projects/project.ts#DomainPermissionPage',
          DataSource: '../domain/projects/project.ts#DataSourceRecord',
          DataSourceConnection: '../domain/projects/project.ts#DataSourcePage',
          AuditEvent: '../domain/audit/audit.record.ts#AuditEventRecord',
          AuditEventConnection: '../domain/audit/audit.record.ts#AuditEventPage',
        },
      },
    },
    './src/generated/operations.ts': {
      schema: './schema.graphql',
      documents: ['./src/api/rest/*.graphql'],
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        ...shared,
        skipTypename: true,
        avoidOptionals: { field: true, inputValue: false, object: false },
        dedupeFragments: true,
      },
    },
    './src/generated/ui.ts': {
      schema: './schema.graphql',
      documents: ['./src/ui/**/*.graphql'],
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        ...shared,
        // Text, so that the pages carry no parser and no printer.
        documentMode: 'string',
        scalars: { DateTime: 'string', JSON: 'unknown' },
        skipTypename: true,
        avoidOptionals: { field: true, inputValue: false, object: false },
        dedupeFragments: true,
      },
    },
  },
  ignoreNoDocuments: true,
}
export default config
