import { once } from 'node:events'
import type { Server } from 'node:net'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { SMTPServer } from 'smtp-server'
import { describe, expect, test } from 'vitest'
import { createMailer, type InvitationMail, type Mailer } from '../../../src/platform/mail/mailer.ts'
import { outbound } from '../../harness/outbound.ts'
import { mailServer, open, type Received, rawServer } from './servers.ts'

const link = 'https://roster.example/login?token=ri_SECRET&userid=bob&name=Bob%20Smith'
const invitation: InvitationMail = {
  to: 'bob@example.com',
  name: 'Bob Smith',
  userid: 'bob',
  link,
  expires: new Date('2030-02-01T10:00:00Z'),
}

/** A mailer whose log is kept. */
function mailerTo(
  smtpUrl: string | null,
  timeoutMs?: number,
  connections: Pick<typeof outbound, 'connect'> = outbound,
): { mailer: Mailer; logged: string[] } {
  const logged: string[] = []
  const log = pino(
    { level: 'trace' },
    new Writable({
      write(chunk, _encoding, done) {
        logged.push(String(chunk))
        done()
      },
    }),
  )
  const config = { smtpUrl, mailFrom: 'Roster <roster@localhost>', publicUrl: 'https://roster.example' }
  const mailer = createMailer(config, { outbound: connections, log, timeoutMs })
  open.push(() => mailer.close())
  return { mailer, logged }
}

/** The header lines, unfolded, and the decoded parts of a message. */
function read({ source }: Received): { headers: string[]; text: string; html: string } {
  const end = source.indexOf('\r\n\r\n')
  const headers = source
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
  const boundary = /boundary="([^"]+)"/.exec(source)?.[1]
  const parts = source.slice(end).split(`--${boundary}`)
  const part = (type: string) => {
    const whole = parts.find(piece => piece.includes(`Content-Type: ${type}`)) ?? ''
    const body = whole.slice(whole.indexOf('\r\n\r\n') + 4)
    if (/Transfer-Encoding: base64/i.test(whole)) return Buffer.from(body, 'base64').toString('utf8')
    if (!/Transfer-Encoding: quoted-printable/i.test(whole)) return body
    const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    return Buffer.from(bytes, 'latin1').toString('utf8')
  }
  return { headers, text: part('text/plain'), html: part('text/html') }
}

describe('a mail server that is there', () => {
  test('gets the invitation, with the link, the name and the end of its life, as text and as HTML', async () => {
    const { url, received } = await mailServer()
    const { mailer, logged } = mailerTo(url)
    expect(mailer.configured).toBe(true)
    expect(await mailer.sendInvitation(invitation)).toBe(true)
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({ from: 'roster@localhost', to: ['bob@example.com'] })
    const { headers, text, html } = read(received[0]!)
    expect(headers).toContain('From: Roster <roster@localhost>')
    expect(headers).toContain('To: Bob Smith <bob@example.com>')
    expect(headers).toContain('Subject: Your Roster account')
    expect(headers).toContain('Auto-Submitted: auto-generated')
    for (const part of ['Hello Bob Smith', 'https://roster.example', 'Fri, 01 Feb 2030 10:00:00 GMT']) {
      expect(text).toContain(part)
      expect(html).toContain(part)
    }
    expect(text.split(/\r?\n/)).toContain(link)
    expect(html).toContain(`<a href="${link.replaceAll('&', '&#38;')}">`)
    expect(logged).toEqual([])
  })

  test('keeps names of any script', async () => {
    const { url, received } = await mailServer()
    expect(await mailerTo(url).mailer.sendInvitation({ ...invitation, name: '山田 太郎', userid: 'Jörg' })).toBe(true)
    const { text } = read(received[0]!)
    expect(text).toContain('山田 太郎')
    expect(text).toContain('Jörg')
  })

  test('a name cannot add a header, a recipient or markup', async () => {
    const { url, received } = await mailServer()
    const name = 'Bob\r\nBcc: eve@example.com\r\n\r\n<script>alert("x")</script>\u202e, Eve <eve@example.com>'
    expect(await mailerTo(url).mailer.sendInvitation({ ...invitation, name, userid: `<b>&'"` })).toBe(true)
    expect(received[0]?.to).toEqual(['bob@example.com'])
    const { headers, html, text } = read(received[0]!)
    expect(headers.filter(line => /^bcc/i.test(line))).toEqual([])
    expect(headers.filter(line => /^to:/i.test(line))).toHaveLength(1)
    expect(text.split(/\r?\n/).filter(line => /^bcc/i.test(line))).toEqual([])
    expect(html).not.toContain('<script>')
    expect(html).not.toContain('<b>')
    expect(html).toContain('&#60;b&#62;&#38;&#39;&#34;')
  })

  test.each([
    '',
    'bob',
    'bob@example.com, eve@example.com',
    'bob@example.com\r\nRCPT TO:<eve@example.com>',
    'Bob <bob@example.com>',
    '"eve@evil.example x"@example.com',
  ])('nothing goes to %j', async to => {
    const { url, received } = await mailServer()
    const { mailer, logged } = mailerTo(url)
    expect(await mailer.sendInvitation({ ...invitation, to })).toBe(false)
    expect(received).toEqual([])
    expect(logged).toHaveLength(1)
  })

  test('a hundred at once go through a few connections', async () => {
    let now = 0
    let most = 0
    const { url, received } = await mailServer({
      onConnect(_session, callback) {
        most = Math.max(most, ++now)
        callback()
      },
      onClose() {
        now--
      },
    })
    const { mailer } = mailerTo(url)
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => mailer.sendInvitation({ ...invitation, to: `user${index}@example.com` })),
    )
    expect(answers.every(Boolean)).toBe(true)
    expect(new Set(received.map(({ to }) => to.join())).size).toBe(100)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(4)
  })

  test('logs in with the name and password of the URL', async () => {
    const users: (string | undefined)[] = []
    const { url, received } = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, callback) {
        users.push(username)
        callback(password === 'p@ss' ? null : new Error('no'), { user: username })
      },
    })
    expect(await mailerTo(url.replace('//', '//mail:p%40ss@')).mailer.sendInvitation(invitation)).toBe(true)
    expect(received).toHaveLength(1)
    const wrong = mailerTo(url.replace('//', '//mail:other@'))
    expect(await wrong.mailer.sendInvitation(invitation)).toBe(false)
    expect(wrong.logged.join()).toContain('EAUTH')
    expect(wrong.logged.join()).not.toContain('other')
    expect(users).toContain('mail')
  })
})

describe('a mail server that fails', () => {
  test('refuses a recipient: false for that one, true for the next', async () => {
    const { url, received } = await mailServer({
      onRcptTo({ address }, _session, callback) {
        callback(address.startsWith('nobody') ? new Error('no such mailbox') : null)
      },
    })
    const { mailer, logged } = mailerTo(url)
    const answers = await Promise.all(
      ['nobody@example.com', 'bob@example.com'].map(to => mailer.sendInvitation({ ...invitation, to })),
    )
    expect(answers).toEqual([false, true])
    expect(received.map(({ to }) => to)).toEqual([['bob@example.com']])
    expect(JSON.parse(logged[0]!)).toMatchObject({ userid: 'bob', code: 'EENVELOPE', responseCode: 550 })
  })

  test('refuses the message and quotes it: false, and the link is not in the log', async () => {
    const { url } = await mailServer({
      onData(stream, _session, callback) {
        stream.resume()
        stream.on('end', () => callback(Object.assign(new Error(`spam: ${link}`), { responseCode: 554 })))
      },
    })
    const { mailer, logged } = mailerTo(url)
    expect(await mailer.sendInvitation(invitation)).toBe(false)
    expect(logged).toHaveLength(1)
    expect(JSON.parse(logged[0]!)).toMatchObject({ level: 40, responseCode: 554 })
    expect(logged.join()).not.toContain('ri_SECRET')
  })

  test('never greets: false', async () => {
    const url = await rawServer(() => {})
    const { mailer, logged } = mailerTo(url, 200)
    expect(await mailer.sendInvitation(invitation)).toBe(false)
    expect(logged.join()).toContain('ETIMEDOUT')
  })

  test('hangs in the middle: false', async () => {
    const { url } = await mailServer({ onData: stream => stream.resume() })
    const { mailer, logged } = mailerTo(url, 200)
    expect(await mailer.sendInvitation(invitation)).toBe(false)
    expect(logged.join()).not.toContain('ri_SECRET')
  })

  test('trickles without an end, so that no step times out: false', async () => {
    const url = await rawServer(socket => {
      socket.write('220 hello\r\n')
      const timer = setInterval(() => socket.write('250-wait\r\n'), 20)
      socket.on('close', () => clearInterval(timer))
    })
    const { mailer, logged } = mailerTo(url, 200)
    expect(await mailer.sendInvitation(invitation)).toBe(false)
    expect(logged.join()).toContain('EABORT')
  })

  test('hangs up on everyone: false', async () => {
    const url = await rawServer(socket => socket.destroy())
    expect(await mailerTo(url, 500).mailer.sendInvitation(invitation)).toBe(false)
  })

  test('is away: false for all that wait, true for the next one once it is back', async () => {
    const { url, smtp } = await mailServer()
    await new Promise<void>(resolve => smtp.close(() => resolve()))
    const { mailer, logged } = mailerTo(url, 1000)
    const answers = await Promise.all(Array.from({ length: 30 }, () => mailer.sendInvitation(invitation)))
    expect(answers).toEqual(Array(30).fill(false))
    expect(logged).toHaveLength(30)
    const { port } = new URL(url)
    const back = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS'], closeTimeout: 100 })
    const server = back.listen(Number(port), '127.0.0.1') as Server
    await once(server, 'listening')
    open.push(() => new Promise<void>(resolve => back.close(() => resolve())))
    expect(await mailer.sendInvitation(invitation)).toBe(true)
  })

  test('has a name that does not exist: false', async () => {
    expect(await mailerTo('smtp://mail.invalid', 2000).mailer.sendInvitation(invitation)).toBe(false)
  })
})

test('without a mail server nothing is configured and nothing is sent', async () => {
  const { mailer, logged } = mailerTo(null)
  expect(mailer.configured).toBe(false)
  expect(await mailer.sendInvitation(invitation)).toBe(false)
  expect(logged).toEqual([])
})

test('after close what is sent answers false', async () => {
  const { url, received } = await mailServer()
  const { mailer } = mailerTo(url)
  mailer.close()
  expect(await mailer.sendInvitation(invitation)).toBe(false)
  expect(received).toEqual([])
})

describe('a mail server on another machine', () => {
  /** The server under a name that is not this machine's. */
  const elsewhere = (url: string, query = '') => {
    const { port } = new URL(url)
    const connect: typeof outbound.connect = (_, signal) => outbound.connect({ host: '127.0.0.1', port: Number(port) }, signal)
    return mailerTo(`smtp://mail.example.com:${port}${query}`, 2_000, { connect })
  }

  test('that offers no STARTTLS, or whose offer was taken out on the way, gets nothing', async () => {
    const { url, received } = await mailServer()
    const { mailer, logged } = elsewhere(url)
    expect(await mailer.sendInvitation(invitation)).toBe(false)
    expect(received).toEqual([])
    expect(JSON.parse(logged[0]!)).toMatchObject({ level: 40, code: 'ETLS', command: 'STARTTLS' })
    expect(logged.join()).not.toContain('ri_SECRET')
  })

  test('gets it in clear with requireTLS=false in the URL', async () => {
    const { url, received } = await mailServer()
    expect(await elsewhere(url, '?requireTLS=false').mailer.sendInvitation(invitation)).toBe(true)
    expect(received).toHaveLength(1)
  })

  test.each(['', '?requireTLS=false'])(
    'that offers STARTTLS gets it encrypted, by a certificate that is checked (%j)',
    async query => {
      const secure: boolean[] = []
      const { url, received } = await mailServer({
        disabledCommands: [],
        onMailFrom(_address, session, callback) {
          secure.push(session.secure)
          callback()
        },
      })
      expect(await elsewhere(url, query).mailer.sendInvitation(invitation)).toBe(false)
      expect(received).toEqual([])
      const unchecked = `${query || '?'}${query && '&'}tls.rejectUnauthorized=false`
      expect(await elsewhere(url, unchecked).mailer.sendInvitation(invitation)).toBe(true)
      expect(secure).toEqual([true])
    },
  )
})

describe('verify', () => {
  test('connects and logs in, and sends nothing', async () => {
    const { url, received } = await mailServer({
      authOptional: false,
      onAuth: ({ username, password }, _, done) =>
        username === 'me' && password === 'right secret' ? done(null, { user: 'me' }) : done(new Error(`not ${password}`)),
    })
    const as = (password: string) => mailerTo(url.replace('//', `//me:${encodeURIComponent(password)}@`)).mailer.verify()
    expect(await as('right secret')).toBeNull()
    expect(await as('wrong secret')).toMatch(/^it refuses the user or the password \d+ at AUTH/)
    expect(received).toEqual([])
  })

  test('a dead port, a server that does not answer, one of another protocol', async () => {
    expect(await mailerTo('smtp://127.0.0.1:1').mailer.verify()).toBe('no connection at CONN')
    const silent = await rawServer(() => {})
    expect(await mailerTo(silent, 300).mailer.verify()).toMatch(/^no answer in time/)
    const other = await rawServer(socket => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    expect(await mailerTo(other, 300).mailer.verify()).toMatch(/^(it does not answer as SMTP|no connection|no valid answer)/)
  })

  test('without a mail server there is nothing to find', async () => {
    expect(await mailerTo(null).mailer.verify()).toBeNull()
  })
})
