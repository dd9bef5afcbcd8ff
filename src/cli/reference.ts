export interface Name {
  readonly iamid: string
  readonly name: string
}

/** `[IAMID/]NAME`; null if one is empty. */
export function nameOf(text: string): Name | null {
  const slash = text.indexOf('/')
  const [iamid, name] = slash < 0 ? ['bim', text] : [text.slice(0, slash), text.slice(slash + 1)]
  return iamid === '' || name === '' ? null : { iamid, name }
}
