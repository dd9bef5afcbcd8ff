/** The demo's people; each password is `demo-` and the userid. */
export interface DemoPerson {
  readonly userid: string
  readonly name: string
  readonly title: string
  readonly teams: readonly string[]
  /** From the user info endpoint. */
  readonly projects: readonly string[]
  readonly regions: Readonly<Record<string, readonly string[]>>
}

const person = (
  userid: string,
  name: string,
  title: string,
  teams: string[],
  projects: string[],
  regions: Record<string, string[]>,
): DemoPerson => ({ userid, name, title, teams, projects, regions })

export const people: readonly DemoPerson[] = [
  person('emma', 'Emma Lindqvist', 'Harbour master', ['Harbour', 'Night shift'], ['Pier 4'], { EMEA: ['Sales', 'Expenses'] }),
  person('otto', 'Otto Brandt', 'Crane driver', ['Harbour'], ['Pier 4'], { EMEA: ['Expenses'] }),
  person('ines', 'Inês Duarte', 'Controller', ['Finance'], ['Audit'], { EMEA: ['Sales'], APAC: ['Sales'] }),
  person('karim', 'Karim Haddad', 'Accountant', ['Finance', 'Night shift'], [], { APAC: ['Expenses'] }),
  person('lina', 'Lina Kowalska', 'Dispatcher', ['Night shift'], ['Pier 4', 'Audit'], {}),
  person('joao', 'João Ferreira', 'Engineer', [], [], {}),
]

export const passwordOf = (userid: string): string => `demo-${userid}`
