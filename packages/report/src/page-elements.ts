// The page's style and script elements, and the policy that lets the browser use these two and nothing else.
//
// A hash is of an element's text, byte for byte. SHA-256 isn't at hand here: the hashes are written down, and a test
// compares them with the texts and says what they should be.
// Source: Content Security Policy Level 3, hashes of inline style and script.

import { ownMarkup } from './html.ts'
import { PAGE_SCRIPT } from './page-script.ts'
import { PAGE_STYLE } from './page-style.ts'

export const STYLE_HASH = 'sha256-6BucnHLjFgXOdDO1IfxNLa+FsweUBa8rnplst1AaHOw='
export const SCRIPT_HASH = 'sha256-aN/zc4ZnvleE3cNAjCHDtLpLXl7pDsJwV3SmVZpFzUA='

export const POLICY = [
  "default-src 'none'",
  `style-src '${STYLE_HASH}'`,
  `script-src '${SCRIPT_HASH}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

export const STYLE_ELEMENT = ownMarkup(`<style>${PAGE_STYLE}</style>`)
export const SCRIPT_ELEMENT = ownMarkup(`<script>${PAGE_SCRIPT}</script>`)
