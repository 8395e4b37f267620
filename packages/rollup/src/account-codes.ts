// Accounts as small integers: their places in the order in which they are tried.

import { ACCOUNTS, type Account } from '@zonetoll/model'

export const ACCOUNT = Object.fromEntries(ACCOUNTS.map((account, at) => [account, at])) as Readonly<
  Record<Account, number>
>
