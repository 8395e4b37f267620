// The names that a cluster's namespaces, workloads and databases have.

/** Of each namespace its applications, as Deployments; all distinct. */
export const APPLICATIONS: readonly (readonly [namespace: string, names: readonly string[]])[] = [
  [
    'shop',
    ['cart', 'checkout', 'catalog', 'product-search', 'recommendations', 'reviews', 'storefront', 'wishlist'],
  ],
  ['orders', ['order-api', 'order-worker', 'fulfilment', 'shipping', 'returns', 'invoice']],
  ['payments', ['payment-api', 'ledger', 'fraud-check', 'card-vault', 'settlement']],
  ['identity', ['login', 'session', 'profile', 'permissions', 'mailer']],
  ['data', ['ingest-api', 'event-router', 'feature-store', 'metrics-api', 'exporter']],
  ['search', ['indexer', 'query-api', 'suggest', 'ranker']],
  ['media', ['image-resize', 'thumbnailer', 'asset-api', 'transcode']],
  ['internal', ['admin', 'back-office', 'flags', 'audit', 'notifications']],
]

export const STATEFUL_SETS: readonly (readonly [namespace: string, name: string, port: number])[] = [
  ['data', 'kafka', 9092],
  ['search', 'opensearch', 9200],
  ['orders', 'rabbitmq', 5672],
  ['identity', 'redis', 6379],
  ['data', 'zookeeper', 2181],
  ['shop', 'mongodb', 27017],
]

export const CRON_JOBS: readonly (readonly [namespace: string, name: string])[] = [
  ['orders', 'stock-sync'],
  ['data', 'compact'],
  ['payments', 'reconcile'],
  ['shop', 'sitemap'],
]

export const DATABASES = ['orders-db', 'catalog-db', 'payments-db', 'identity-db', 'reporting-db']

/** Suffixes for clusters with more workloads than names. */
export const VARIANTS = ['', '-canary', '-eu', '-us', '-batch', '-internal', '-v2', '-v3']
