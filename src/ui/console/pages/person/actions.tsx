import { Button } from 'react-aria-components'
import type { PersonHeadFragment } from '../../../../generated/ui.ts'
import { setDisabled, signOutEverywhere } from '../../operations/writes.ts'
import { propose } from '../../parts/proposal.tsx'
import { useViewer } from '../../shell/viewer.tsx'
import { changesTexts as words } from '../../texts.changes.ts'

/** What a change of this person needs: its target, and where its event is shown. */
export function useTarget(user: PersonHeadFragment) {
  const viewer = useViewer()
  return {
    target: { id: user.id, name: user.profile.name },
    audit: viewer.may('audit:list') ? String(user.databaseId) : undefined,
  }
}

export function Actions({ user }: { user: PersonHeadFragment }) {
  const viewer = useViewer()
  const { target, audit } = useTarget(user)
  const isSelf = viewer.user.id === user.id
  return (
    <div className="buttons person-actions">
      {viewer.may('token:revokeAll') && viewer.may('user:disable') && (
        <Button
          className="button quiet small"
          onPress={() =>
            propose({ title: words.signOutNamed(target.name), writes: [signOutEverywhere(target)], audit, isDanger: true })
          }
        >
          {words.signOut}
        </Button>
      )}
      {viewer.may('user:disable') && !isSelf && (
        <Button
          className={user.disabled ? 'button small' : 'button danger small'}
          onPress={() =>
            propose({
              title: user.disabled ? words.enableNamed(target.name) : words.disableNamed(target.name),
              writes: [setDisabled(target, !user.disabled)],
              audit,
              isDanger: !user.disabled,
            })
          }
        >
          {user.disabled ? words.enable : words.disable}
        </Button>
      )}
    </div>
  )
}
