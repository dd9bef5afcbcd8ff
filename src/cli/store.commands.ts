import { examples, type Register } from './command.ts'

const { env } = process

/** Each loads its code when it runs. */
export const registerStoreCommands: Register = (program, done) => {
  program
    .command('serve')
    .description('run the server, with the settings of the environment')
    .option('--demo', 'fill an empty store with a demo organisation')
    .addHelpText('after', examples('PORT=8080 roster serve', 'roster serve --demo'))
    .action(async ({ demo }) => (await import('../main.ts')).serve({ demo: demo === true }))

  const config = program
    .command('config')
    .description('print every setting, its meaning and its present value; exit code 1 if one has a fault')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('roster config', 'roster config check'))
    .action(async (_, command) => done((await import('./config.ts')).showSettings(env, command.optsWithGlobals())))
  config
    .command('check')
    .description('check the settings and the database: version, rights, extension, pooler, settings of the role')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('DATABASE_URL=postgresql://roster@db.example/roster roster config check'))
    .action(async (_, command) => done(await (await import('./config.ts')).checkConfig(env, command.optsWithGlobals())))

  program
    .command('doctor')
    .description('say what is wrong with this instance and how to mend it; changes nothing; exit code 1 if there is a fault')
    .option('--sources', 'also test each identity source, with the user who logged in last')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('roster doctor', 'roster doctor --sources --json'))
    .action(async options => {
      const diagnosis = await (await import('./doctor.ts')).doctor(env, options)
      await done(diagnosis)
      if (diagnosis.isLate) process.exit(diagnosis.exitCode)
    })

  program
    .command('migrate')
    .description('apply pending migrations to the database without serving it, and print their names')
    .option('--plan', 'print what is pending, and change nothing')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('roster migrate --plan', 'roster migrate'))
    .action(async options => done(await (await import('./migrate.ts')).migrate(env, options)))

  program
    .command('backup')
    .description('write the whole store into one gzipped file, which only its owner may read')
    .argument('<file>', 'the file to make')
    .addHelpText('after', examples('roster backup roster-2026-12-01.gz'))
    .action(async file => done(await (await import('./backup.ts')).backup(env, file)))
  program
    .command('restore')
    .description('read a backup into an empty store, of either kind; all or nothing')
    .argument('<file>', 'the backup')
    .addHelpText('after', examples('DATA_DIR=./new-data roster restore roster-2026-12-01.gz'))
    .action(async file => done(await (await import('./backup.ts')).restore(env, file)))

  program
    .command('secrets')
    .description('encrypt the stored secrets again with SECRET_KEY, reading them with SECRET_KEY_PREVIOUS')
    .addHelpText('after', '\nExit code 1 if a secret cannot be read.')
    .action(async () => done(await (await import('./secrets.ts')).rotateSecrets(env)))

  program
    .command('sync')
    .description('sync the directory of an identity source')
    .requiredOption('--iam <id>', 'the identity source')
    .option('--dry-run', 'report only')
    .option('--url <url>', 'use a running server, with a token in ROSTER_TOKEN')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('roster sync --iam corp --dry-run', 'roster sync --iam corp --url https://roster.example'))
    .action(async options => done(await (await import('./sync.ts')).syncIam(env, options)))

  program
    .command('audit')
    .description("the store's audit log")
    .command('prune')
    .description('move audit events that are older than so many days into a new file; audited')
    .requiredOption('--export <file>', 'the file to make, as JSON Lines, which only its owner may read')
    .option('--days <days>', 'AUDIT_DAYS if it is not given')
    .addHelpText('after', examples('roster audit prune --days 400 --export audit-2025.jsonl'))
    .action(async options => done(await (await import('./audit.ts')).pruneAuditLog(env, options)))

  registerAdmin(program, done)
}

const registerAdmin: Register = (program, done) => {
  const admin = program
    .command('admin')
    .description("access for the operator, on the machine's own store; audited as operator")
    .addHelpText(
      'after',
      `
The password comes from a prompt, or from the first line of standard input; an empty one, or --generate, has one made and printed once.
Without IAMID/ the identity source is bim. It works also while the server runs.
${examples('roster admin unlock --user admin', 'roster admin set-password --user admin < password.txt', 'roster admin create --user rescue --generate')}`,
    )
  const user = '--user <[iamid/]userid>'
  const generated = 'have a password made, and print it once'
  admin
    .command('unlock')
    .description('end the lock of failed log-ins of an account, or of an address')
    .option(user, 'the account')
    .option('--address <ip>', 'the address')
    .action(async options => done(await (await import('./admin.ts')).admin(env, 'unlock', options)))
  admin
    .command('set-password')
    .description('set the password of a local account; its sessions and locks end')
    .requiredOption(user, 'the account')
    .option('--generate', generated)
    .action(async options => done(await (await import('./admin.ts')).admin(env, 'set-password', options)))
  admin
    .command('create')
    .description('create an administrator with every administrative permission')
    .requiredOption(user, 'the account')
    .option('--grant', 'give the permissions to a user who exists')
    .option('--generate', generated)
    .action(async options => done(await (await import('./admin.ts')).admin(env, 'create', options)))
}
