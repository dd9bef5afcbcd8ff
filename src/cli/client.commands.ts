import { Argument, type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { examples, type Register } from './command.ts'

const { env } = process

export const CREDENTIAL = `
The server and the credential are those of ROSTER_URL and ROSTER_TOKEN, else of the profile that roster login made.`

const PAGES = ['--search <words>', '--filter <json>', '--after <cursor>'] as const

export function at(parent: CommandUnknownOpts, usage: string) {
  return parent
    .command(usage)
    .option('--profile <name>', 'the log-in to use; default: ROSTER_PROFILE, else default')
    .option('--url <url>', 'the address of the server; default: ROSTER_URL, else that of the profile')
    .option('--allow-http', 'send the credential over plain HTTP to another machine')
}

/** Clients of a running server. */
export const registerClientCommands: Register = (program, done) => {
  registerLogin(program, done)
  at(program, 'query')
    .argument('[document]', 'the GraphQL document')
    .description('send a GraphQL operation, and print its data as JSON')
    .option('--file <file>', 'read the document from a file, or - for standard input')
    .option('--variables <json>', 'the variables')
    .addHelpText(
      'after',
      CREDENTIAL +
        examples("roster query '{ viewer { user { userid } } }'", 'roster query --file users.graphql --variables \'{"n": 5}\''),
    )
    .action(async (document, options) => done(await (await import('./query.ts')).query(env, document, options)))
  at(program, 'why')
    .argument('<[iamid/]userid>', 'the user')
    .argument('<permission>', 'the permission')
    .description('print why a user has a permission; exit code 1 if the user does not have it')
    .option('--json', 'print JSON')
    .addHelpText('after', CREDENTIAL + examples('roster why ana USER_ADMIN', 'roster why corp/ana AUDIT --json'))
    .action(async (user, permission, options) => done(await (await import('./why.ts')).why(env, { user, permission }, options)))
  registerNoun(program, done, { name: 'user', plural: 'users', reference: '<[iamid/]userid>', example: 'ana' })
  registerNoun(program, done, { name: 'group', plural: 'groups', reference: '<[iamid/]name>', example: 'corp/Sales' })
  registerNoun(program, done, { name: 'key', plural: 'API keys', reference: '<id>', example: 'QXBpS2V5OjE' })
  registerNoun(program, done, { name: 'iam', plural: 'identity sources', reference: '<iamid>', example: 'corp' })
  registerExport(program)
  registerImport(program, done)
  registerPerson(program, done)
}

const registerLogin: Register = (program, done) => {
  at(program, 'login')
    .description('log in to a server, and keep its token for the other commands')
    .option('--user <[iamid/]userid>', 'the account; the password comes from a prompt or from standard input')
    .option('--with-token', 'take a token or an API key from a prompt or from standard input')
    .addHelpText(
      'after',
      examples(
        'roster login --url https://roster.example --user admin',
        'roster login --url https://roster.example --profile test --with-token < key.txt',
      ),
    )
    .action(async options => done(await (await import('./login.ts')).login(env, options)))
  program
    .command('logout')
    .option('--profile <name>', 'the log-in to end; default: ROSTER_PROFILE, else default')
    .description('revoke the token of a profile, and remove the profile')
    .action(async options => done(await (await import('./login.ts')).logout(env, options)))
  at(program, 'whoami')
    .description('print the server and the user of the credential')
    .option('--json', 'print JSON')
    .addHelpText('after', CREDENTIAL)
    .action(async options => done(await (await import('./login.ts')).whoami(env, options)))
}

interface NounCommand {
  readonly name: 'user' | 'group' | 'key' | 'iam'
  readonly plural: string
  readonly reference: string
  readonly example: string
}

function registerNoun(
  program: CommandUnknownOpts,
  done: Parameters<Register>[1],
  { name, plural, reference, example }: NounCommand,
): void {
  const noun = program.command(name).description(`list ${plural}, or show one`)
  const list = at(noun, 'list')
    .description(`print a page of ${plural}`)
    .option(PAGES[1], `the filter of ${plural} in GraphQL, as a JSON object`)
    .option(PAGES[2], 'where the page starts')
    .option('--limit <number>', 'the size of the page, up to 10000', '25')
    .option('--json', 'print JSON')
    .addHelpText('after', CREDENTIAL + examples(`roster ${name} list`, `roster ${name} list --limit 100 --json`))
    .action(async options => {
      const [{ NOUNS }, lists] = await Promise.all([import('./nouns.ts'), import('./lists.ts')])
      await done(await lists.list(env, NOUNS[name].list, options))
    })
  if (name === 'user' || name === 'group') list.option(PAGES[0], 'words to search for')
  if (name === 'key') list.option('--user <[iamid/]userid>', 'the owner of the keys; default: all users')
  at(noun, 'show')
    .argument(reference, 'which')
    .description('print one')
    .option('--json', 'print JSON')
    .addHelpText('after', CREDENTIAL + examples(`roster ${name} show ${example}`))
    .action(async (text, options) => {
      const [{ NOUNS }, lists] = await Promise.all([import('./nouns.ts'), import('./lists.ts')])
      await done(await lists.show(env, NOUNS[name].one(text), options))
    })
}

function registerExport(program: CommandUnknownOpts): void {
  at(program, 'export')
    .addArgument(new Argument('<what>', 'what to export').choices(['users', 'groups', 'audit']))
    .description('print all users, groups or audit events as CSV or JSON Lines')
    .addOption(new Option('--format <format>', 'the format').choices(['csv', 'jsonl']).default('csv'))
    .option(PAGES[0], 'words to search for (users, groups)')
    .option(PAGES[1], 'the filter in GraphQL, as a JSON object')
    .option(PAGES[2], 'continue after this row')
    .option('--raw', 'CSV for programs: without the apostrophe before what a spreadsheet takes for a formula')
    .addHelpText(
      'after',
      CREDENTIAL +
        examples(
          'roster export users > users.csv',
          `roster export users --filter '{"iamids": ["corp"], "permission": "USER_ADMIN"}'`,
          `roster export audit --format jsonl --filter '{"from": "2026-11-01T00:00:00Z"}'`,
        ),
    )
    .action(async (what, options) => (await import('./export.ts')).exportRows(env, what as string, options))
}

const registerImport: Register = (program, done) => {
  at(program, 'import')
    .argument('<file>', 'a .csv, .jsonl or .ldif file, or - for standard input')
    .description('create and change local users from a file; lines with a fault are reported and left out')
    .option('--dry-run', 'report what would change, and change nothing')
    .option('--create-only', 'leave users that exist as they are')
    .option('--create-groups', 'create the groups that do not exist')
    .option('--map <column=field>', 'which field a column is; several with commas, none to leave the column out', collected, [])
    .addOption(new Option('--format <format>', 'the format; default: by the name of the file').choices(['csv', 'jsonl', 'ldif']))
    .option('--delimiter <character>', 'what separates values of CSV, or tab', ',')
    .option('--raw', 'keep an apostrophe that stands before what a spreadsheet takes for a formula')
    .option('--report <file>', 'write what became of each line into a new CSV file')
    .option('--continue-from <line>', 'leave out the lines before this one, and add to the report')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      CREDENTIAL +
        examples(
          'roster import users.csv --dry-run',
          'roster import users.csv --create-groups --report result.csv',
          'roster import people.ldif --map departmentNumber=attributes.department',
          "roster import staff.csv --map 'E-mail=userid,email' --map 'Shoe size=' --delimiter ';'",
        ),
    )
    .action(async (file, options) => done(await (await import('./import.ts')).importUsers(env, file, options)))
}

const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value]

const registerPerson: Register = (program, done) => {
  const person = program.command('person').description('the data of one person')
  at(person, 'export')
    .argument('<[iamid/]userid>', 'the person')
    .description('print everything that Roster has about one person as a JSON document')
    .option('--partial', 'leave out what the credential may not see; "hidden" names it')
    .addHelpText(
      'after',
      CREDENTIAL + examples('roster person export ana > ana.json', 'roster person export corp/ana > ana.json'),
    )
    .action(async (user, options) => (await import('./person.ts')).exportPerson(env, user, options))
  at(person, 'erase')
    .argument('<[iamid/]userid>', 'the person')
    .description("delete one person, and replace the person's names in what stays by a pseudonym")
    .option('--dry-run', 'count what would be erased, by table, and change nothing')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .addHelpText('after', CREDENTIAL + examples('roster person erase ana --dry-run', 'roster person erase corp/ana --yes'))
    .action(async (user, options) => done(await (await import('./person.erase.ts')).erasePerson(env, user, options)))
}
