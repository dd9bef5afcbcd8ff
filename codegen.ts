import type { CodegenConfig } from '@graphql-codegen/cli'

const int = { input: 'number', output: 'number' }
const text = { input: 'string', output: 'string' }
const scalars = {
  DateTime: { input: 'Date', output: 'Date | string' },
  JSON: { input: 'unknown', output: 'unknown' },
  IamId: text,
  UserId: int,
  ProfileId: int,
  GroupId: int,
  MembershipId: int,
  ApiKeyId: int,
  TokenId: int,
  ProjectId: int,
  DataSourceId: int,
  DomainId: text,
  DomainPermissionId: text,
  AuditEventId: text,
  ExchangeId: text,
}

const shared = { useTypeImports: true, enumsAsConst: true, strictScalars: true, scalars }

/** schema.graphql -> resolver types; with src/rest/*.graphql -> the typed operations that the REST rows run. */
const config: CodegenConfig = {
  generates: {
    './src/generated/inputs.ts': {
      schema: { './schema.graphql': { loader: './scripts/codegen.inputs.mjs' } },
      plugins: ['typescript'],
      config: shared,
    },
    './src/generated/graphql.ts': {
      schema: './schema.graphql',
      plugins: ['typescript', 'typescript-resolvers'],
      config: {
        ...shared,
        contextType: '../context.ts#Context',
        optionalResolveType: true,
        resolversNonOptionalTypename: { unionMember: true },
        mappers: {
          User: '../users/user.ts#UserRecord',
          Profile: '../users/user.ts#ProfileRecord',
          UserConnection: '../users/user.ts#UserPage',
          PermissionGrant: '../users/user.ts#PermissionGrantRecord',
          Group: '../groups/group.ts#GroupRecord',
          GroupConnection: '../groups/group.ts#GroupPage',
          GroupNameConnection: '../groups/group.ts#GroupNamePage',
          Membership: '../groups/group.ts#MembershipRecord',
          MembershipConnection: '../groups/group.ts#MembershipPage',
          Attribute: '../attributes/attribute.ts#AttributeRecord',
          EffectiveAttribute: '../attributes/attribute.ts#EffectiveAttributeRecord',
          AttributeKey: '../attributes/attribute.ts#AttributeKeyRecord',
          AttributeKeyConnection: '../attributes/attribute.ts#AttributeKeyPage',
          AttributeValueConnection: '../attributes/attribute.ts#AttributeValuePage',
          Iam: '../iams/iam.ts#IamRecord',
          IamConnection: '../iams/iam.ts#IamPage',
          ScimKey: '../iams/iam.ts#ScimKeyRecord',
          SyncRun: '../sync/run.ts#RunRecord',
          SyncRunConnection: '../sync/run.ts#RunPage',
          SyncCount: '../sync/entries.store.ts#RunCount',
          SyncEntry: '../sync/run.ts#EntryRecord',
          SyncEntryConnection: '../sync/run.ts#EntryPage',
          TestedIam: '../identity/identities.service.ts#Tested',
          UserInfoDrift: '../identity/drift.store.ts#DriftRecord',
          UserInfoDriftConnection: '../identity/identities.service.ts#DriftPage',
          SimulatedIdentity: '../identity/simulated.ts#Simulated',
          Exchange: '../exchanges/exchange.ts#ExchangeRecord',
          ExchangeChange: '../exchanges/exchange.ts#KeptChange',
          ExchangeConnection: '../exchanges/exchange.ts#ExchangePage',
          ReplayedExchange: '../exchanges/exchanges.service.ts#Replayed',
          ApiKey: '../credentials/credential.ts#ApiKeyRecord',
          ApiKeyConnection: '../credentials/credential.ts#ApiKeyPage',
          Token: '../credentials/credential.ts#TokenRecord',
          TokenConnection: '../credentials/credential.ts#TokenPage',
          Project: '../projects/project.ts#ProjectRecord',
          ProjectConnection: '../projects/project.ts#ProjectPage',
          Domain: '../projects/project.ts#DomainRecord',
          DomainConnection: '../projects/project.ts#DomainPage',
          DomainPermission: '../projects/project.ts#DomainPermissionRecord',
          DomainPermissionConnection: '../projects/project.ts#DomainPermissionPage',
          DataSource: '../projects/project.ts#DataSourceRecord',
          DataSourceConnection: '../projects/project.ts#DataSourcePage',
          AuditEvent: '../audit/audit.record.ts#AuditEventRecord',
          AuditEventConnection: '../audit/audit.record.ts#AuditEventPage',
        },
      },
    },
    './src/generated/operations.ts': {
      schema: './schema.graphql',
      documents: ['./src/rest/*.graphql'],
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        ...shared,
        skipTypename: true,
        avoidOptionals: { field: true, inputValue: false, object: false },
        dedupeFragments: true,
      },
    },
  },
  ignoreNoDocuments: true,
}
export default config
