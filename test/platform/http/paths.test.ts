// Requests 3 and Responses 5, as far as a path alone decides them: doubled slashes, and the methods of a path.
import { describe, expect, test } from 'vitest'
import { routes } from '../../../src/api/rest/routes.ts'
import { Paths } from '../../../src/platform/http/paths.ts'

function pathsOf(templates: readonly string[]): Paths {
  const paths = new Paths()
  for (const template of templates) paths.add(template, ['GET'])
  return paths
}

const served = pathsOf([
  ...routes.flatMap(row => [row.path, ...row.aliases.map(alias => alias.path)]),
  ...['/graphql', '/health/live', '/login', '/login/:iamid', '/login/:iamid/callback'],
  ...['/scim/v2/*', '/scim/v2/:iamid/Users', '/scim/v2/:iamid/Users/.search', '/scim/v2/:iamid/Groups/:id'],
])

describe('rewrite', () => {
  const rewrite = (path: string) => served.rewrite(path)

  test.each([
    ['//bim/user', '/bim/user'],
    ['///bim//rpc//user//current', '/bim/rpc/user/current'],
    ['/bim//user//', '/bim/user'],
    ['//bim//iam/bim/user/ana//profile', '/bim/iam/bim/user/ana/profile'],
    ['/bim//iam/bim/user/ana/', '/bim/iam/bim/user/ana'],
    ['//bim/iam/bim/user/ana/authorizations/desk/', '/bim/iam/bim/user/ana/authorizations/desk'],
    ['//bim/iam/bim/user/ana/authorizations/desk//', '/bim/iam/bim/user/ana/authorizations/desk//'],
    ['//iam/north/sync', '/iam/north/sync'],
    ['//apikey//authenticate', '/apikey/authenticate'],
    ['//graphql', '/graphql'],
    ['///health//live', '/health/live'],
    ['//login/', '/login'],
    ['//login/corp//callback', '/login/corp/callback'],
    ['//scim/v2/corp/Users', '/scim/v2/corp/Users'],
    ['/scim//v2/corp//Users//.search', '/scim/v2/corp/Users/.search'],
    ['//scim/v2/corp//Groups/7', '/scim/v2/corp/Groups/7'],
    ['//scim//v2/corp/nowhere//at/all', '/scim/v2/corp/nowhere//at/all'],
    ['//bim/iam/bim/user/a%2F%2Fb/profile', '/bim/iam/bim/user/a%2F%2Fb/profile'],
  ])('rewrite: %s is %s', (path, single) => {
    expect(rewrite(path)).toBe(single)
  })

  test.each([
    '/bim/iam/bim/user/ana/authorizations//day',
    '/bim/iam/bim/authorizations//day',
    '/bim/iam/bim///authorizations/desk/day',
    '/bim/iam/bim/user//authorizations/desk/day',
    '/bim/iam//user/ana',
    '/bim/iam/bim/user//profile',
    '/bim/group//user',
  ])('rewrite: in %s the empty parameter stays, to be refused', path => {
    expect(rewrite(path)).toBe(path)
  })

  test.each([
    '/bim/user',
    '/bim/iam/bim/user/ana/authorizations/desk//',
    '/bim/iam/bim/user/ana//',
    '/bim/group//7',
    '//',
    '//graphqls',
    '//scim/v3/bim/Users',
    '//scim/v2',
    '/bim/iam/bim/user//',
    '/bim/nowhere//at/all',
  ])('rewrite: %s is left as it is', path => {
    expect(rewrite(path)).toBe(path)
  })

  test('rewrite: the longest path wins, so that an empty parameter never widens a request', () => {
    const one = pathsOf(['/a/:x', '/a/:x/:y/b/:z', '/a/:x/b/:z'])
    expect(one.rewrite('/a/1///b/2')).toBe('/a/1//b/2')
    expect(one.rewrite('/a///b/2')).toBe('/a///b/2')
    expect(one.rewrite('//a//1')).toBe('//a//1')
    expect(one.rewrite('//a/1')).toBe('/a/1')
  })
})

describe('methodsOf', () => {
  const paths = new Paths()
  paths.add('/a/:x', ['GET'])
  paths.add('/a/b', ['POST', 'PUT'])
  paths.add('/a/b', ['DELETE'])
  paths.add('/c/*', ['GET'])

  test.each([
    ['/a/1', ['GET', 'HEAD', 'OPTIONS']],
    ['/a/1/', ['GET', 'HEAD', 'OPTIONS']],
    ['/a/', []],
    ['/a/b', ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']],
    ['/a/%62', ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT']],
    ['/%61/b%2Fc', ['GET', 'HEAD', 'OPTIONS']],
    ['/c/1/2/3', ['GET', 'HEAD', 'OPTIONS']],
    ['/a/%zz', ['GET', 'HEAD', 'OPTIONS']],
    ['/a', []],
    ['/a/b/c', []],
    ['/A/1', []],
    ['/c', []],
    ['/', []],
    ['//a/1', []],
  ])('methodsOf: %s has %j', (path, methods) => {
    expect(paths.methodsOf(path)).toEqual(methods)
  })
})

describe('below a prefix', () => {
  const paths = new Paths('/people/roster/')
  for (const path of ['/', '/bim/user', '/people/roster/own']) paths.add(path, ['GET'])

  test.each([
    ['/people/roster', '/'],
    ['/people/roster/', '/'],
    ['/people/roster/bim/user', '/bim/user'],
    ['//people/roster//bim/user', '//bim/user'],
    ['/people/roster/nothing', '/nothing'],
    // A proxy took the prefix away, or the path is elsewhere.
    ['/bim/user', '/bim/user'],
    ['/people', '/people'],
    ['/people/rosters/bim/user', '/people/rosters/bim/user'],
    ['/people/roster/own', '/people/roster/own'],
  ])('%s is %s', (path, own) => {
    expect(paths.below(path)).toBe(own)
  })

  test('without one nothing changes', () => {
    expect(new Paths('/').below('/people/roster')).toBe('/people/roster')
    expect(new Paths().below('//bim')).toBe('//bim')
  })
})

describe('templateOf', () => {
  test.each([
    ['/scim/v2/corp/Users', '/scim/v2/:iamid/Users'],
    ['/scim/v2/corp/Users/.search', '/scim/v2/:iamid/Users/.search'],
    ['/scim/v2/corp/Groups/7/', '/scim/v2/:iamid/Groups/:id'],
    ['/scim/v2/corp/nowhere', '/scim/v2/*'],
    ['/login/corp', '/login/:iamid'],
    ['/nowhere', '-'],
  ])('%s is one of %s', (path, template) => expect(served.templateOf(path)).toBe(template))
})
