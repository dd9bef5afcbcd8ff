import type { CommandUnknownOpts } from '@commander-js/extra-typings'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Files, some of these words, or anything. */
type Value = 'files' | 'any' | readonly string[]

interface Named {
  readonly name: string
  readonly about: string
}

/** A command, by its words such as " config check". */
interface Place {
  readonly at: string
  readonly commands: readonly Named[]
  /** `value`: null for a flag. */
  readonly options: readonly (Named & { readonly value: Value | null })[]
  /** The first one. */
  readonly argument: Value | null
}

/** A script that the shell reads. */
export function completionScript(shell: Shell, program: CommandUnknownOpts): string {
  return { bash, zsh, fish }[shell](placesOf(program, ''))
}

/** `beside`: the commands of its parent, which help takes. */
function placesOf(command: CommandUnknownOpts, at: string, beside: readonly string[] = []): Place[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const [argument] = command.registeredArguments
  const options = help
    .visibleOptions(command)
    .flatMap(({ long, short, description: about, flags, argChoices, required, optional }) =>
      [long, short].flatMap(name =>
        name == null ? [] : { name, about, value: required || optional ? taking(flags, argChoices) : null },
      ),
    )
  const place = {
    at,
    commands: commands.map(inner => ({ name: inner.name(), about: inner.description() })),
    options,
    argument: command.name() === 'help' ? beside : argument ? taking(argument.name(), argument.argChoices) : null,
  }
  const names = command.commands.map(inner => inner.name())
  return [place, ...commands.flatMap(inner => placesOf(inner, `${at} ${inner.name()}`, names))]
}

const taking = (name: string, choices: readonly string[] | undefined): Value =>
  choices ?? (/\bfile\b/.test(name.split('<')[1] ?? name) ? 'files' : 'any')

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const patterns = (texts: readonly string[]): string => texts.map(quoted).join(' | ')
const words = (texts: readonly string[]): string => quoted(texts.join(' '))

const placeNames = (places: readonly Place[]): string[] => places.map(({ at }) => at).filter(at => at !== '')
const valued = (places: readonly Place[]) =>
  places.flatMap(({ at, options }) =>
    options.flatMap(({ name, value }) => (value === null ? [] : [{ key: `${at}:${name}`, value }])),
  )

type Branch = readonly [pattern: string, body: string]

/** What a place offers before an option: its commands, or its argument. */
function firstOf(
  places: readonly Place[],
  { commands: offered, argument: taken }: { commands(all: readonly Named[]): string; argument(value: Value): string },
): Branch[] {
  return places.flatMap(({ at, commands, argument }): Branch[] => {
    if (commands.length > 0) return [[at, offered(commands)]]
    return argument === null || argument === 'any' ? [] : [[at, `((given == 0)) && ${taken(argument)}`]]
  })
}

const branches = (places: readonly Place[], taken: (value: Value) => string): Branch[] =>
  valued(places).flatMap(({ key, value }): Branch[] => (value === 'any' ? [] : [[key, taken(value)]]))

function cases(branches: readonly Branch[], indent: string): string {
  return branches.map(([pattern, body]) => `${indent}${quoted(pattern)}) ${body} ;;\n`).join('')
}

function bash(places: readonly Place[]): string {
  const taken = (value: Value) => (typeof value === 'string' ? 'files=1' : `words=${words(value)}`)
  const values = branches(places, taken)
  const options = places.map(({ at, options: all }): Branch => [at, `words=${words(all.map(({ name }) => name))}`])
  const commands = (all: readonly Named[]) => `words=${words(all.map(({ name }) => name))}`
  const first = firstOf(places, { commands, argument: taken })
  return `# Completion of roster in bash: eval "$(roster completion bash)"
_roster() {
  local current=\${COMP_WORDS[COMP_CWORD]} place='' value='' given=0 words='' files='' index word
  [[ $current == '=' ]] && current=''
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    if [[ $value ]]; then
      [[ $word == '=' ]] || value=''
      continue
    fi
    case "$place $word" in
      ${patterns(placeNames(places))}) place="$place $word" ;;
      *)
        case "$place:$word" in
          ${patterns(valued(places).map(({ key }) => key))}) value=$word ;;
          *:-*) ;;
          *) given=$((given + 1)) ;;
        esac
        ;;
    esac
  done
  if [[ $value ]]; then
    case "$place:$value" in
${cases(values, '      ')}    esac
  elif [[ $current == -* ]]; then
    case "$place" in
${cases(options, '      ')}    esac
  else
    case "$place" in
${cases(first, '      ')}    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ $files ]] && compopt -o default 2>/dev/null
  return 0
}
complete -F _roster roster
`
}

const described = ({ name, about }: Named): string => quoted(`${name.replaceAll(':', '\\:')}:${about}`)
const list = (all: readonly Named[]): string => all.map(described).join(' ')

function zsh(places: readonly Place[]): string {
  const taken = (value: Value) =>
    typeof value === 'string' ? '_files' : `{ choices=(${value.map(quoted).join(' ')}); _describe value choices }`
  const values = branches(places, taken)
  const options = places.map(({ at, options: all }): Branch => [at, `choices=(${list(all)})`])
  const commands = (all: readonly Named[]) => `choices=(${list(all)}); _describe command choices`
  const first = firstOf(places, { commands, argument: taken })
  return `#compdef roster
# Completion of roster in zsh: source <(roster completion zsh)
_roster() {
  local place='' value='' word
  local -i given=0 index
  local -a choices
  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    if [[ -n $value ]]; then
      value=''
      continue
    fi
    case "$place $word" in
      (${patterns(placeNames(places))}) place="$place $word" ;;
      (*)
        case "$place:$word" in
          (${patterns(valued(places).map(({ key }) => key))}) value=$word ;;
          (*:-*) ;;
          (*) given+=1 ;;
        esac
        ;;
    esac
  done
  if [[ -z $value && $words[CURRENT] == --*=* ]]; then
    value=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  if [[ -n $value ]]; then
    case "$place:$value" in
${cases(values, '      (')}    esac
  elif [[ $words[CURRENT] == -* ]]; then
    case "$place" in
${cases(options, '      (')}    esac
    _describe option choices
  else
    case "$place" in
${cases(first, '      (')}    esac
  fi
}
if [[ $funcstack[1] == _roster ]]; then
  _roster "$@"
else
  compdef _roster roster
fi
`
}

const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

function fish(places: readonly Place[]): string {
  const spaced = (texts: readonly string[]) => texts.map(fishQuoted).join(' ')
  const at = (place: string) => `complete -c roster -n ${fishQuoted(`__roster_at ${fishQuoted(place)}`)}`
  const taken = (value: Value | null) =>
    value === null ? '' : value === 'files' ? ' -r -F' : value === 'any' ? ' -x' : ` -x -a ${fishQuoted(value.join(' '))}`
  const lines = places.flatMap(({ at: place, commands, options, argument }) => [
    ...commands.map(({ name, about }) => `${at(place)} -a ${name} -d ${fishQuoted(about)}`),
    ...options.map(({ name, about, value }) => {
      const flag = name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
      return `${at(place)} ${flag}${taken(value)} -d ${fishQuoted(about)}`
    }),
    ...(argument === 'files' ? [`${at(place)} -F`] : []),
    ...(Array.isArray(argument) ? [`${at(place)} -a ${fishQuoted(argument.join(' '))}`] : []),
  ])
  return `# Completion of roster in fish: roster completion fish | source
function __roster_at
  set -l all (commandline -opc)
  set -e all[1]
  set -l place ''
  set -l value ''
  for word in $all
    if test -n "$value"
      set value ''
      continue
    end
    switch "$place $word"
      case ${spaced(placeNames(places))}
        set place "$place $word"
      case '*'
        contains -- "$place:$word" ${spaced(valued(places).map(({ key }) => key))}
        and set value $word
    end
  end
  test "$place" = $argv[1]
end
complete -c roster -f
${lines.join('\n')}
`
}
