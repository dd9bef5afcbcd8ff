const isLook = (key: string) => /^graphiql:(theme|visiblePlugin|\w+Flex)$/.test(key)

/** Typed text may contain passwords, so it ends with the tab. */
export const storage = {
  getItem: (key: string) => (isLook(key) ? localStorage : sessionStorage).getItem(key),
  setItem: (key: string, value: string) => (isLook(key) ? localStorage : sessionStorage).setItem(key, value),
  removeItem: (key: string) => (isLook(key) ? localStorage : sessionStorage).removeItem(key),
  clear: () => sessionStorage.clear(),
  get length() {
    return sessionStorage.length
  },
}
