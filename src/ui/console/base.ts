/** The path of PUBLIC_URL, without a slash at its end. */
export const base = document.getElementById('root')?.dataset.base ?? ''

export const pathTo = (path: string): string => base + path
