import { type ReactNode, useState } from 'react'
import { Button, Form } from 'react-aria-components'
import { UpdateOwnProfileDocument } from '../../../../generated/ui.ts'
import { useChange } from '../../operations/hooks.ts'
import { Field, faultOf } from '../../parts/field.tsx'
import { notify } from '../../parts/notices.tsx'
import { Failed } from '../../parts/states.tsx'
import { When } from '../../parts/when.tsx'
import { texts } from '../../texts.ts'
import type { AccountUser } from './account.tsx'

const words = texts.account
const FIELDS = ['name', 'email', 'phone', 'organization', 'position', 'location', 'about'] as const
type ProfileValues = Record<(typeof FIELDS)[number], string>

export function AccountProfile({ user }: { user: AccountUser }) {
  const [isEdited, setEdited] = useState(false)
  const isLocal = user.iamid === 'bim'
  return (
    <section className="card">
      <h2>{words.profile}</h2>
      {isEdited ? (
        <ProfileForm user={user} onClose={() => setEdited(false)} />
      ) : (
        <>
          <dl>
            <Fact name={words.userName}>{user.userid}</Fact>
            <Fact name={words.accountOf}>{isLocal ? words.localAccount : (user.iam?.displayName ?? user.iamid)}</Fact>
            {FIELDS.map(field => (
              <Fact key={field} name={words.fields[field]}>
                {user.profile[field] || <span className="soft">{texts.nothing}</span>}
              </Fact>
            ))}
            <Fact name={words.lastLogin}>
              <When at={user.lastLogin} otherwise={texts.never} />
            </Fact>
          </dl>
          {isLocal ? (
            <Button className="button" onPress={() => setEdited(true)}>
              {texts.edit}
            </Button>
          ) : (
            <p className="soft">{words.ofSource(user.iam?.displayName ?? user.iamid)}</p>
          )}
        </>
      )}
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function ProfileForm({ user, onClose }: { user: AccountUser; onClose: () => void }) {
  const [values, setValues] = useState<ProfileValues>(
    () => Object.fromEntries(FIELDS.map(field => [field, user.profile[field] ?? ''])) as ProfileValues,
  )
  const { mutate, error, isPending, reset } = useChange(UpdateOwnProfileDocument)
  const isOfField = FIELDS.some(field => faultOf(error, field) !== undefined)
  const save = () =>
    mutate(
      { input: { ref: { id: user.id }, profile: values } },
      {
        onSuccess: () => {
          notify({ text: words.saved })
          onClose()
        },
      },
    )
  return (
    <Form
      validationBehavior="aria"
      onSubmit={event => {
        event.preventDefault()
        save()
      }}
    >
      {FIELDS.map(field => (
        <Field
          key={field}
          label={words.fields[field]}
          value={values[field]}
          isRequired={field === 'name'}
          fault={faultOf(error, field)}
          onChange={value => {
            reset()
            setValues({ ...values, [field]: value })
          }}
        />
      ))}
      {error && !isOfField && <Failed error={error} />}
      <div className="buttons">
        <Button className="button" type="submit" isPending={isPending}>
          {texts.save}
        </Button>
        <Button className="button quiet" onPress={onClose}>
          {texts.cancel}
        </Button>
      </div>
    </Form>
  )
}
