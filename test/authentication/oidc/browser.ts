// As much of a browser as a log-in needs: cookies by port and path, redirects followed, every step kept.
export interface Step {
  readonly url: string
  readonly status: number
  readonly headers: Headers
}
export interface Page extends Step {
  readonly body: string
  readonly steps: readonly Step[]
}

interface Kept {
  readonly value: string
  readonly path: string
  /** The whole line, for its attributes. */
  readonly line: string
}

export class Browser {
  /** By port, then by name and path: unlike a real one, which shares them among the ports of a host. */
  readonly #jars = new Map<string, Map<string, Kept & { name: string }>>()

  /** A cookie that would go to the address. */
  cookie(url: string, name: string): Kept | undefined {
    return this.#sent(new URL(url)).find(kept => kept.name === name)
  }

  /** What a browser with these cookies sends. */
  header(url: string): string {
    return this.#sent(new URL(url))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  plant(url: string, name: string, value: string, path: string): void {
    this.#keep(new URL(url), `${name}=${value}; Path=${path}`)
  }

  /** Goes there and follows; stops before an address that `until` names, which is then the page, with status 0. */
  async visit(url: string, init: RequestInit = {}, until: (url: string) => boolean = () => false): Promise<Page> {
    const steps: Step[] = []
    let [next, with_] = [url, init]
    for (let hops = 0; hops < 15; hops++) {
      if (until(next)) return { url: next, status: 0, headers: new Headers(), body: '', steps }
      const address = new URL(next)
      const headers = { ...(with_.headers as Record<string, string>), cookie: this.header(next) }
      const answer = await fetch(next, { ...with_, headers, redirect: 'manual' })
      for (const line of answer.headers.getSetCookie()) this.#keep(address, line)
      const step = { url: next, status: answer.status, headers: answer.headers }
      steps.push(step)
      const location = answer.headers.get('location')
      if (location === null) return { ...step, body: await answer.text(), steps }
      await answer.body?.cancel()
      next = new URL(location, next).href
      with_ = {}
    }
    throw new Error(`Too many redirects from ${url}`)
  }

  #sent({ port, pathname }: URL) {
    return [...(this.#jars.get(port)?.values() ?? [])].filter(
      ({ path }) => pathname === path || pathname.startsWith(path.replace(/\/?$/, '/')),
    )
  }

  #keep({ port }: URL, line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const [name = '', ...rest] = pair.split('=')
    const value = rest.join('=')
    const attribute = (wanted: string) =>
      attributes.find(entry => entry.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1)
    const path = attribute('path') ?? '/'
    const jar = this.#jars.get(port) ?? new Map()
    this.#jars.set(port, jar)
    const over = value === '' || attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '') < Date.now()
    if (over) jar.delete(`${name} ${path}`)
    else jar.set(`${name} ${path}`, { name, value, path, line })
  }
}
