/** GraphiQL's own keys for how it looks: theme, open panel, sizes of panes. */
const isLook = (key: string) => /^graphiql:(theme|visiblePlugin|\w+Flex)$/.test(key)

/**
 * Where GraphiQL keeps its state. What somebody typed (operations, variables, history) can hold a password, so it ends with the
 * browser tab; how the page looks outlives it.
 */
export const storage = {
  getItem: (key: string) => (isLook(key) ? localStorage : sessionStorage).getItem(key),
  setItem: (key: string, value: string) => (isLook(key) ? localStorage : sessionStorage).setItem(key, value),
  removeItem: (key: string) => (isLook(key) ? localStorage : sessionStorage).removeItem(key),
  clear: () => sessionStorage.clear(),
  get length() {
    return sessionStorage.length
  },
}
