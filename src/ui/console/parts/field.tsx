import { FieldError, Input, Label, Text, TextField, type TextFieldProps } from 'react-aria-components'
import type { RequestError } from '../operations/request.ts'

interface FieldProps extends TextFieldProps {
  readonly label: string
  readonly hint?: string
  /** The rule that the server names for this field. */
  readonly fault?: string | undefined
}

export function Field({ label, hint, fault, ...props }: FieldProps) {
  return (
    <TextField {...props} className="field" isInvalid={fault !== undefined}>
      <Label>{label}</Label>
      <Input />
      {hint && (
        <Text slot="description" className="hint">
          {hint}
        </Text>
      )}
      <FieldError>{fault}</FieldError>
    </TextField>
  )
}

/** The rule of a field, such as `email`, from the error of a write. */
export function faultOf(error: RequestError | null, field: string): string | undefined {
  const found = error?.faults.find(fault => fault.field === field || fault.field.endsWith(`.${field}`))
  if (found) return found.rule
  return error && (error.field === field || error.field?.endsWith(`.${field}`)) ? error.message : undefined
}
