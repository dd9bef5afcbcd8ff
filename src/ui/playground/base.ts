/** Absolute path of an address of Roster: the page's own, without its last part, is where Roster is. */
export const pathTo = (path: string): string => window.location.pathname.replace(/\/graphiql\/*$/, '') + path
