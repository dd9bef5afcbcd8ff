// Log-in at a real OpenLDAP from end to end: the person is made or refreshed as the directory says, and a directory that is down keeps
// nobody else out.
import { Client } from 'ldapts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addGroups, groups, ldif, people } from '../connectors/directory.ts'
import { send } from '../contract/client.ts'
import { bootApp, type TestApp } from '../harness/app.ts'
import { account, type Slapd, sayWhenSkipped, slapdFolder, startSlapd } from '../harness/slapd.ts'

sayWhenSkipped('log-in by LDAP, end to end')

describe.skipIf(slapdFolder === null)('log-in', () => {
  let slapd: Slapd
  let app: TestApp
  beforeAll(async () => {
    slapd = await startSlapd({ ldif })
    await addGroups(slapd, [
      { name: 'Sales', members: [`uid=Ana,${people}`, `uid=bo,${people}`] },
      { name: 'Chiefs', members: [`uid=Ana,${people}`] },
    ])
    app = await bootApp()
    await must('mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
      input: {
        iamid: 'north',
        displayName: 'North',
        type: 'LDAP',
        config: config(),
        groupPermissions: { Chiefs: ['GOVERNANCE'] },
      },
    })
  }, 60_000)
  afterAll(async () => {
    await app?.close()
    await slapd?.close()
  })

  const config = (more: object = {}) => ({
    options: {
      host: '127.0.0.1',
      port: slapd.port,
      userSearchBase: people,
      userSearchFilter: 'uid=%s',
      groupSearchBase: groups,
      userGroupSearchFilter: '(member=<dn>)',
      connectTimeout: 2_000,
    },
    credentials: { bind_dn: account.dn, bind_pw: account.password },
    schema: { profile: { name: 'cn', email: 'mail', position: 'title' }, authorizations: { Title: 'title' } },
    ...more,
  })
  async function must(query: string, variables: object = {}, token?: string) {
    const { data, errors } = await app.graphql(query, variables, token)
    expect(errors, query).toBeUndefined()
    return data
  }
  const logIn = (username: string, password: string, iamid = 'north') =>
    send<{ token: string; message: string }>(app.url, 'POST', `/bim/iam/${iamid}/user/authenticate`, {
      json: { username, password },
    })
  const held = async (userid: string) =>
    (
      await must(
        `query ($ref: UserRef!) { user(ref: $ref) { userid disabled authentication permissions iamAuthorizations profile { name email position }
           memberships { nodes { sources group { iamid name } } } } }`,
        { ref: { name: { iamid: 'north', userid } } },
      )
    ).user
  async function change(dn: string, attribute: string, values: string[]) {
    const { Attribute, Change } = await import('ldapts')
    const client = new Client({ url: `ldap://127.0.0.1:${slapd.port}` })
    await client.bind(slapd.root.dn, slapd.root.password)
    await client.modify(dn, new Change({ operation: 'replace', modification: new Attribute({ type: attribute, values }) }))
    await client.unbind()
  }

  test('makes the person as the directory says, with groups and what they carry', async () => {
    const { status, body } = await logIn('ANA', 'pw-Ana')
    expect(status).toBe(200)
    expect(await held('Ana')).toEqual({
      userid: 'Ana',
      disabled: false,
      authentication: expect.any(Number),
      permissions: ['GOVERNANCE'],
      iamAuthorizations: { Title: ['Lead', 'Lawyer'] },
      profile: { name: 'Ana', email: 'Ana@roster.example', position: 'Lead' },
      memberships: {
        nodes: ['Chiefs', 'Sales'].map(name => ({ sources: ['north'], group: { iamid: 'north', name } })),
      },
    })
    const { viewer } = await must('{ viewer { user { iamid userid } } }', {}, body.token)
    expect(viewer.user).toEqual({ iamid: 'north', userid: 'Ana' })
    const { auditEvents } = await must('{ auditEvents(first: 4) { nodes { event targetName } } }')
    expect(auditEvents.nodes.map((node: { event: string }) => node.event)).toEqual([
      'loginSucceeded',
      'attributeUpdated',
      'groupUserAdded',
      'userCreated',
    ])
  })

  test('a name that nobody has is refused no sooner than a wrong password', async () => {
    for (const [userid, password] of [
      ['nobody', 'pw-Ana'],
      ['', 'pw-Ana'],
      ['bo', 'pw-Ana'],
    ] as const) {
      const began = performance.now()
      expect((await logIn(userid, password)).status).toBe(401)
      // What a refusal takes at least (src/authentication/password-login.ts), less what a timer may be early.
      expect(performance.now() - began).toBeGreaterThan(390)
    }
  })

  test('refreshes who is here: what the directory no longer says goes, what the hand gave stays', async () => {
    await logIn('bo', 'pw-bo')
    const id = { name: { iamid: 'north', userid: 'bo' } }
    await must(
      'mutation ($o: UserOrGroupRef!) { addAttribute(input: { owner: $o, key: "Desk", value: "7" }) { owner { __typename } } }',
      {
        o: { user: id },
      },
    )
    await change(`uid=bo,${people}`, 'title', ['Clerk'])
    expect((await logIn('bo', 'pw-bo')).status).toBe(200)
    expect(await held('bo')).toMatchObject({ iamAuthorizations: { Title: ['Clerk'] }, profile: { position: 'Clerk' } })
    await change(`uid=bo,${people}`, 'title', [])
    await change(`cn=Sales,${groups}`, 'member', [`uid=Ana,${people}`])
    const { refreshUser } = await must(
      'mutation ($ref: UserRef!) { refreshUser(input: { ref: $ref }) { user { authorizations bimAuthorizations iamAuthorizations profile { position } groups { totalCount } } } }',
      { ref: id },
    )
    expect(refreshUser.user).toEqual({
      authorizations: { Desk: ['7'] },
      bimAuthorizations: { Desk: ['7'] },
      iamAuthorizations: null,
      profile: { position: null },
      groups: { totalCount: 0 },
    })
  })

  test.each([
    ['a wrong password', 'bo', 'pw-Ana'],
    ['an unknown person', 'nobody', 'pw-bo'],
    ['an empty password', 'bo', ''],
    ['a wildcard', '*', 'pw-bo'],
    ['a filter', 'bo)(uid=*', 'pw-bo'],
    ['a locked account', 'locked', 'pw-locked'],
  ])('%s is the same 401, and makes nobody', async (_, userid, password) => {
    const before = await app.store.db.prisma.user.count()
    const { status, body } = await logIn(userid, password)
    expect([status, body.message]).toEqual([401, 'The user name or the password is wrong, or the account cannot log in'])
    expect(await app.store.db.prisma.user.count()).toBe(before)
  })

  test('who is disabled here stays out, whatever the directory says', async () => {
    await logIn('many', 'pw-many')
    await must(
      'mutation ($ref: UserRef!) { setUserDisabled(input: { ref: $ref, disabled: true }) { user { id: databaseId } } }',
      {
        ref: { name: { iamid: 'north', userid: 'many' } },
      },
    )
    expect((await logIn('many', 'pw-many')).status).toBe(401)
    expect(await held('many')).toMatchObject({ disabled: true })
  })

  test('somebody the directory does not know cannot be refreshed, and keeps everything', async () => {
    const ref = { name: { iamid: 'north', userid: 'gone' } }
    await app.store.db.query(
      `INSERT INTO users (iamid, userid, userid_key, name, name_key) VALUES ('north', 'gone', 'gone', 'Gone', 'gone')`,
    )
    const { errors } = await app.graphql(
      'mutation ($ref: UserRef!) { refreshUser(input: { ref: $ref }) { user { id: databaseId } } }',
      {
        ref,
      },
    )
    expect(errors![0]).toMatchObject({
      extensions: { code: 'NOT_FOUND' },
      message: expect.stringContaining('nothing was changed'),
    })
    expect(await held('gone')).toMatchObject({ disabled: false })
  })

  test('many first log-ins of one person at once make one user', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => logIn('twin1', 'pw-twin1')))
    expect(answers.map(answer => answer.status)).toEqual([200, 200, 200, 200, 200])
    expect(await app.store.db.prisma.user.count({ where: { iamid: 'north', userid: 'twin1' } })).toBe(1)
  })

  test('under manual activation somebody new waits for an administrator', async () => {
    await must('mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
      input: {
        iamid: 'slow',
        displayName: 'Slow',
        type: 'LDAP',
        config: config({ ldapSync: { requireManualActivation: true } }),
      },
    })
    expect((await logIn('bo', 'pw-bo', 'slow')).status).toBe(401)
    const ref = { name: { iamid: 'slow', userid: 'bo' } }
    await must(
      'mutation ($ref: UserRef!) { setUserDisabled(input: { ref: $ref, disabled: false }) { user { id: databaseId } } }',
      { ref },
    )
    expect((await logIn('bo', 'pw-bo', 'slow')).status).toBe(200)
  })

  describe('testIam', () => {
    const TEST = `query ($input: TestIamInput!) { testIam(input: $input) { directory { source after groupsAdded attributesAdded } userInfo { groupsAdded } failures } }`
    const tried = async (input: object) => (await must(TEST, { input: { iamid: 'north', ...input } })).testIam

    test('asks the saved configuration about one person, and writes nothing', async () => {
      const before = await app.store.db.prisma.user.count()
      expect(await tried({ userid: 'twin2' })).toEqual({
        directory: {
          source: 'north',
          after: {
            name: 'twin2',
            email: 'twin2@roster.example',
            dn: `uid=twin2,${people}`,
            directoryId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
          },
          groupsAdded: [],
          attributesAdded: {},
        },
        userInfo: null,
        failures: [],
      })
      expect(await app.store.db.prisma.user.count()).toBe(before)
    })

    test('a configuration that is not saved, with the stored secret as long as it stays at home', async () => {
      const other = config({ schema: { profile: { name: 'mail' } } })
      const { credentials, ...open } = other
      const given = { ...open, credentials: { bind_dn: credentials.bind_dn } }
      expect(await tried({ userid: 'twin2', config: given })).toMatchObject({
        directory: { after: { name: 'twin2@roster.example' } },
      })
      const elsewhere = { ...given, options: { ...given.options, host: 'elsewhere.example' } }
      const { errors } = await app.graphql(TEST, { input: { iamid: 'north', userid: 'twin2', config: elsewhere } })
      expect(errors![0].message).toContain('must be entered again')
    })

    test('tells what goes wrong, without secrets', async () => {
      expect(await tried({ userid: 'nobody' })).toMatchObject({
        directory: null,
        failures: [expect.stringContaining('no such user')],
      })
      const wrong = config({ credentials: { bind_dn: account.dn, bind_pw: 'wrong password' } })
      const refused = await tried({ userid: 'twin2', config: wrong })
      expect(refused).toMatchObject({ directory: null, failures: [expect.stringContaining('invalidCredentials')] })
      expect(JSON.stringify(refused)).not.toContain('wrong password')
      const away = config({ options: { ...config().options, port: 1 }, externalUserInfo: { uri: 'http://127.0.0.1:1/' } })
      expect((await tried({ userid: 'twin2', config: away })).failures).toEqual([
        expect.stringMatching(/^The directory: /),
        'The user info endpoint: ECONNREFUSED',
      ])
    })

    test('needs APPLICATION_ADMIN and somebody who may read users', async () => {
      for (const permissions of [['APPLICATION_ADMIN'], ['USER_ADMIN']] as const) {
        const person = await app.as([...permissions])
        const { errors } = await app.graphql(TEST, { input: { iamid: 'north', userid: 'twin2' } }, person.token)
        expect(errors![0].extensions.code).toBe('FORBIDDEN')
      }
    })
  })

  test('a directory that is down is 503 for its own people, and nobody else notices', async () => {
    await slapd.stop()
    try {
      const { status, text } = await logIn('bo', 'pw-bo')
      expect(status).toBe(503)
      expect(text).not.toContain(account.password)
      expect(text).not.toContain('pw-bo')
      expect((await logIn(app.admin.userid, app.admin.password, 'bim')).status).toBe(200)
    } finally {
      await slapd.start()
    }
    expect((await logIn('bo', 'pw-bo')).status).toBe(200)
  })
})
