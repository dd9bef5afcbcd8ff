import { useSyncExternalStore } from 'react'

const narrow = window.matchMedia('(max-width: 48rem)')
const subscribe = (listener: () => void) => {
  narrow.addEventListener('change', listener)
  return () => narrow.removeEventListener('change', listener)
}

/** As the stylesheet has it. */
export const useNarrow = (): boolean => useSyncExternalStore(subscribe, () => narrow.matches)
