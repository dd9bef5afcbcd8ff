import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { at, CREDENTIAL } from './client.commands.ts'
import { examples, type Register } from './command.ts'

const { env } = process

/** Identity sources as files: `plan` and `apply`, of `roster iam` as well. */
export const registerDeclaredCommands: Register = (program, done) => {
  const iam = program.commands.find(command => command.name() === 'iam')!
  iam.description('list identity sources, show one, or keep them as files')
  at(iam, 'export')
    .argument('[iamid]', 'which; default: all')
    .description('print identity sources as a YAML file, which plan finds unchanged; secrets become references')
    .addHelpText('after', CREDENTIAL + examples('roster iam export > roster.yaml', 'roster iam export corp'))
    .action(async (iamid, options) => done(await (await import('./declared.export.ts')).exportIams(env, iamid, options)))
  registerPlanAndApply(program, done, 'roster')
  registerPlanAndApply(iam, done, 'roster iam')
}

function planned(parent: CommandUnknownOpts, name: string) {
  return at(parent, name)
    .argument('<file>', 'the YAML file, or - for standard input')
    .option('--prune', 'remove what the server has and the file has not')
    .option('--secrets', 'send stored secrets again: whether they differ cannot be seen')
    .option('--json', 'print JSON')
}

function registerPlanAndApply(parent: CommandUnknownOpts, done: Parameters<Register>[1], prefix: string): void {
  planned(parent, 'plan')
    .description('print what apply would change; exit code 2 if there are changes, 1 for a fault')
    .addHelpText('after', CREDENTIAL + examples(`${prefix} plan roster.yaml`, `${prefix} plan roster.yaml --prune --json`))
    .action(async (file, options) => done(await (await import('./declared.plan.ts')).plan(env, file, options)))
  planned(parent, 'apply')
    .description('change identity sources on the server to what a file has')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      CREDENTIAL + examples(`${prefix} apply roster.yaml`, `CORP_PASSWORD=… ${prefix} apply roster.yaml --yes`),
    )
    .action(async (file, options) => done(await (await import('./declared.plan.ts')).apply(env, file, options)))
}
