import { expect, test } from 'vitest'
import { html } from '../../../src/api/web/html.ts'

test('every value is escaped, for content and for quoted attributes', () => {
  expect(html`<a title="${`"'<&>`}">${'<script>'}</a>`.text).toBe('<a title="&quot;&#39;&lt;&amp;&gt;">&lt;script&gt;</a>')
})

test('HTML stays, a number is its digits, and what is not there is nothing', () => {
  expect(html`${html`<b>${'&'}</b>`}|${0}|${false}|${null}|${undefined}|${''}`.text).toBe('<b>&amp;</b>|0||||')
})
