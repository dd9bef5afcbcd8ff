/** For searching: text without accents. Text to search for is canonical first (validation.ts). */

/** Diacritics of Latin, Greek and Cyrillic; vowel signs of other scripts are letters. */
export const ACCENTS = String.raw`[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]`
/** Letters that do not decompose. SQL's fold_accents has the same text: a change needs a migration. */
export const LETTERS = 'øłđðħŧıŋƀɓƈɖɗƌɠɨƙƚɲƞɵƥƫƭʈʉʋƴƶȥǥɇɉɍɏȼⱥⱦȿɀɫⱡɽ’‘ʼ‐–—'
export const PLAIN = "olddhtinbbcdddgiklnnoptttuvyzzgejrycatszllr'''---"
const PAIRS = [
  ['ß', 'ss'],
  ['æ', 'ae'],
  ['œ', 'oe'],
  ['þ', 'th'],
] as const

const accents = new RegExp(ACCENTS, 'gu')
const letters = new Map([...[...LETTERS].map((letter, at) => [letter, PLAIN[at]!] as const), ...PAIRS])
const special = new RegExp(`[${[...letters.keys()].join('')}]`, 'gu')

export const foldAccents = (text: string): string =>
  text
    .normalize('NFD')
    .replace(accents, '')
    .replace(special, letter => letters.get(letter)!)
    .normalize('NFC')
