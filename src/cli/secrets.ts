import { asOperator } from '../app.ts'
import { secrets } from '../domain/iams/reencrypt.service.ts'
import { type Environment, loadConfig } from '../platform/config/config.ts'
import type { Printed } from './command.ts'

/** One transaction for each IAM, so an interrupted run continues. */
export function rotateSecrets(env: Environment): Promise<Printed> {
  return asOperator(loadConfig(env), 'npm run secrets', async operator => {
    const lines: string[] = []
    const count = { reencrypted: 0, lost: 0 }
    for (const id of await secrets.listOld(operator, {})) {
      const { reencrypted, lost } = await secrets.reencrypt(operator, { id })
      count.reencrypted += reencrypted.length
      count.lost += lost.length
      lines.push(...lost.map(path => `${path} of the IAM ${id} cannot be read: enter it again\n`))
    }
    const summary = `${count.reencrypted} secret${count.reencrypted === 1 ? '' : 's'} encrypted with SECRET_KEY.\n`
    const end =
      count.lost === 0
        ? 'All secrets are: SECRET_KEY_PREVIOUS can go once every instance runs with this SECRET_KEY.\n'
        : `${count.lost} did not open, with neither SECRET_KEY nor SECRET_KEY_PREVIOUS.\n`
    return { text: `${lines.join('')}${summary}${end}`, exitCode: count.lost === 0 ? 0 : 1 }
  })
}
