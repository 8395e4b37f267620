import { resolve } from 'node:path'

import { expect, test } from 'vitest'

import { openLocation, StoreError } from '../src/index.ts'

test.each([
  ['s3://bucket', 's3://bucket/', ''],
  ['s3://bucket/', 's3://bucket/', ''],
  ['s3://bucket/a', 's3://bucket/a/', 'a/'],
  ['s3://bucket/a/b/', 's3://bucket/a/b/', 'a/b/'],
  ['s3://bucket/a b/%20/#x?y+z', 's3://bucket/a b/%20/#x?y+z/', 'a b/%20/#x?y+z/'],
  ['s3://bucket//a', 's3://bucket//a/', '/a/'],
  ['s3://bucket/../a', 's3://bucket/../a/', '../a/'],
  ['s3://bucket/ünï', 's3://bucket/ünï/', 'ünï/'],
  ['S3://bucket/a', 's3://bucket/a/', 'a/'],
  [
    's3://arn:aws:s3:us-east-2:123456789012:accesspoint/logs/a',
    's3://arn:aws:s3:us-east-2:123456789012:accesspoint/logs/a/',
    'a/',
  ],
  ['file:///data/a%20b', '/data/a b', ''],
  ['file:///data/%23', '/data/#', ''],
  ['file://localhost/data', '/data', ''],
  ['/data/a%20b#?', '/data/a%20b#?', ''],
  ['/data/../logs/', '/logs', ''],
  ['/', '/', ''],
  ['./a b', resolve('a b'), ''],
  ['a:b', resolve('a:b'), ''],
])('%s is %s', (uri, described, prefix) => {
  const location = openLocation(uri)
  expect(location.uri).toBe(uri)
  expect(location.prefix).toBe(prefix)
  expect(location.store.describe(location.prefix)).toBe(described)
})

test.each([
  '',
  's3://',
  's3:///a',
  's3:bucket',
  'file:relative',
  'file://host/a',
  'file:///a?b',
  'file:///a%2Fb',
  'file:///a%00',
  'https://bucket.s3.amazonaws.com/a',
  'gs://bucket/a',
  'a\0b',
])('%j is no location, and the error says what one is', uri => {
  expect(() => openLocation(uri)).toThrow(StoreError)
  expect(() => openLocation(uri)).toThrow(/s3:\/\/bucket\/prefix, file:\/\/\/folder or a plain path/)
})

test('the key under a folder location at the root of the file system has one slash', () => {
  expect(openLocation('/').store.describe('etc/hosts')).toBe('/etc/hosts')
})
