/** The code blocks of the pages, and a shell that runs them. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Step {
  readonly command: string
  /** The answer that the page shows after the command; null if it shows none. */
  readonly shown: string | null
}

/** A file of the repository, by its path from the root. */
export const readPage = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

export const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block]) => block!)

/** The commands of a page in order, each with the JSON block that follows it before the next command. */
export function stepsOf(text: string, commands = 'sh'): Step[] {
  const steps: Step[] = []
  for (const [, language, block] of text.matchAll(/```(\w+)\n([\s\S]*?)```/g)) {
    if (language === commands) steps.push({ command: block!, shown: null })
    else if (language === 'json' && steps.length > 0) steps.push({ ...steps.pop()!, shown: block! })
  }
  return steps
}

/** Runs the blocks in one shell, in order, and returns the output of each. `places` replaces texts in the blocks. */
export async function runBlocks(
  folder: string,
  lines: readonly string[],
  places: Readonly<Record<string, string>>,
): Promise<string[]> {
  const end = '\n=== the end of a block ===\n'
  const script = lines.map(block => `${block}\nprintf '${end.replaceAll('\n', '\\n')}'`).join('\n')
  const placed = Object.entries(places).reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), script)
  const { stdout } = await run('bash', ['-c', placed], { cwd: folder })
  return stdout.split(end).slice(0, -1)
}
