// The dependency rule: a folder of src imports only what stands below it here, at run time and for types alike.
const LADDER = [
  ['cli', 'main.ts'],
  ['demo'],
  ['app.ts', 'loaders.ts', 'queues.ts', 'pruning.ts'],
  ['observability'],
  ['api'],
  ['diagnostics'],
  ['scim', 'sync', 'authentication'],
  ['federation'],
  ['domain'],
  ['authorization'],
  ['connectors'],
  ['platform'],
]

const path = names => `^src/(${names.map(name => name.replace('.', '\\.') + (name.includes('.') ? '$' : '/')).join('|')})`
const upward = LADDER.flatMap((level, at) => {
  const above = LADDER.slice(0, at).flat()
  return level.map(name => ({
    name: `${name.replace('.ts', '')}-imports-nothing-above`,
    severity: 'error',
    from: { path: path([name]) },
    to: { path: path([...above, ...level.filter(other => other !== name && !other.endsWith('.ts') && !name.endsWith('.ts'))]) },
  }))
}).filter(({ to }) => to.path !== '^src/()')

// In domain each kind of file imports only kinds below it: services, rules, stores, models.
const SERVICES = '\\.service\\.ts$'
const RULES =
  '/(attribute-owners|groups\\.deletion|iam\\.removal|import\\.writer|privilege-rules|project-members|service-account-rules|supported-actions|token-issue)\\.ts$'
const STORES = '\\.(store|search|loaders|projection)\\.ts$'
const inDomain = (...pathNot) => ({ path: '^src/domain/', ...(pathNot.length > 0 && { pathNot: pathNot.join('|') }) })
const domain = kind => `^src/domain/.+${kind}`

// The stores of a folder of domain import only stores of folders below it here.
const STORE_LADDER = [['attributes', 'projects', 'audit'], ['groups', 'credentials'], ['users'], ['iams']]
const storesUpward = STORE_LADDER.flatMap((level, at) =>
  level.map(name => ({
    name: `stores-of-${name}-import-no-stores-above`,
    severity: 'error',
    from: { path: `^src/domain/${name}/.+${STORES}` },
    to: {
      path: `^src/domain/(${[...STORE_LADDER.slice(0, at).flat(), ...level.filter(other => other !== name)].join('|')})/.+${STORES}`,
    },
  })),
)

/** A package that only some files may import. */
const only = (name, from) => ({
  name: `${name.split('/').at(-1)}-has-its-place`,
  severity: 'error',
  from: { path: '^src/', pathNot: from },
  to: { path: `^(node_modules/)?${name}(/|$)`, dependencyTypesNot: ['type-only'] },
})

export default {
  forbidden: [
    ...upward,
    { name: 'no-cycle', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    ...storesUpward,
    {
      name: 'stores-import-no-service',
      comment: 'A file that calls services is a .service.ts.',
      severity: 'error',
      from: { path: STORES },
      to: { path: SERVICES },
    },
    {
      name: 'only-services-of-domain-import-services',
      severity: 'error',
      from: inDomain(SERVICES),
      to: { path: domain(SERVICES) },
    },
    {
      name: 'services-of-domain-import-only-their-folders-services',
      comment: 'What two folders need is a rule or a model.',
      severity: 'error',
      from: { path: `^src/domain/([^/]+)/.*${SERVICES}` },
      to: { path: domain(SERVICES), pathNot: '^src/domain/$1/' },
    },
    {
      name: 'stores-and-models-of-domain-import-no-rule',
      severity: 'error',
      from: inDomain(SERVICES, RULES),
      to: { path: domain(RULES) },
    },
    {
      name: 'models-of-domain-import-no-store',
      severity: 'error',
      from: inDomain(SERVICES, RULES, STORES),
      to: { path: domain(STORES) },
    },
    {
      name: 'transports-import-no-store',
      severity: 'error',
      from: { path: '^src/(cli|api|scim/http)/' },
      to: { path: '\\.store\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'rest-imports-no-domain',
      comment: 'Its routes run GraphQL operations.',
      severity: 'error',
      from: { path: '^src/api/rest/' },
      to: { path: '^src/(domain|federation|scim|sync|diagnostics)/' },
    },
    {
      name: 'resolver-types-are-for-the-api',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(api|generated)/' },
      to: { path: '^src/generated/(graphql|operations)\\.ts$' },
    },
    {
      name: 'only-stores-import-prisma',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.store\\.ts$|^src/(platform/database|generated)/' },
      to: { path: '^src/generated/prisma/', dependencyTypesNot: ['type-only'] },
    },
    only('fastify', '^src/platform/http/(server|headers)\\.ts$'),
    only('@fastify/helmet', '^src/platform/http/headers\\.ts$'),
    only('@fastify/static', '^src/platform/http/server\\.ts$'),
    only('@apollo/server', '^src/api/graphql/'),
    only('openid-client', '^src/connectors/oidc'),
    only('jose', '^src/(connectors/oidc\\.logout-token|platform/encryption)\\.ts$'),
    only('@prometheus-io/client', '^src/observability/metrics\\.ts$'),
    only('@opentelemetry/sdk-trace-base', '^src/observability/tracing\\.ts$'),
    only('pg-boss', '^src/sync/worker\\.ts$'),
    only('nodemailer', '^src/platform/mail/mailer\\.ts$'),
    only('@node-rs/argon2', '^src/domain/credentials/(imported-)?password\\.ts$'),
    only('@node-rs/bcrypt', '^src/domain/credentials/imported-password\\.ts$'),
    only('ldapts', '^src/connectors/ldap'),
    only('pg', '^src/platform/database/'),
    only('@electric-sql/pglite', '^src/platform/database/'),
  ],
  options: {
    // The default parser reads nothing under TypeScript 7 and reports no violation: the architecture test counts the modules.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/(ui|generated/prisma/)' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
