import { changed, command, type Service, type ServiceContext } from '../../authorization/service.ts'
import { permissionsHeldIn, requireIam } from '../../domain/iams/iams.store.ts'
import { assertMayGrant } from '../../domain/users/privilege-rules.ts'
import { lockScimGuard, writeScimGuard } from './deprovisioning.store.ts'
import { WINDOW } from './deprovisioning.ts'

export const deprovisioning = {
  /** For an hour. Throws NotFound, or Forbidden without the users' permissions. */
  resume: command('iam:resumeDeprovisioning', async (call: ServiceContext, { id }: { id: string }) => {
    const { db, now } = call
    const iam = await requireIam(db, id)
    assertMayGrant(call, await permissionsHeldIn(db, id))
    const { heldAt } = await lockScimGuard(db, id)
    const allowedUntil = new Date(now.getTime() + WINDOW)
    await writeScimGuard(db, id, { heldAt: null, allowedUntil })
    const target = { type: 'iam', id, name: iam.displayName } as const
    return changed({ iam, allowedUntil }, { event: 'deprovisioningResumed', target, before: { heldAt }, after: { allowedUntil } })
  }),
} satisfies Service
