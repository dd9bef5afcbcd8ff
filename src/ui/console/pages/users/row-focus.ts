// Rows have the focus in their names' links.
import { useEffect } from 'react'

export const ROW_LINK = 'row-link'

const linksIn = (list: Element | null): HTMLElement[] => [...(list?.querySelectorAll<HTMLElement>(`.${ROW_LINK}`) ?? [])]
const rowOf = (element: Element | null): Element | null => element?.closest('tbody tr') ?? null

/** `step`: 1 or -1. */
export function moveFocus(list: Element | null, step: number): void {
  const links = linksIn(list)
  const row = rowOf(document.activeElement)
  const now = links.findIndex(link => rowOf(link) === row)
  links[now === -1 ? 0 : Math.min(Math.max(now + step, 0), links.length - 1)]?.focus()
}

export const toggleFocused = (): void =>
  rowOf(document.activeElement)?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click()

let opened = ''

/** To the row that was opened last. */
export function useReturn(list: Element | null, isShown: boolean): void {
  useEffect(() => {
    if (list === null || !isShown || opened === '') return
    linksIn(list)
      .find(link => (link as HTMLAnchorElement).href === opened)
      ?.focus({ preventScroll: true })
    opened = ''
  }, [list, isShown])
}

export function remember(target: EventTarget): void {
  const link = target instanceof Element ? target.closest<HTMLAnchorElement>(`.${ROW_LINK}`) : null
  if (link) opened = link.href
}
