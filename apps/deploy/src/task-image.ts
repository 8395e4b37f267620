// The image that all tasks run: the one that the configuration names, else one built from the Dockerfile at deployment.
//
// Synthesis needs no Docker: it copies what .dockerignore lets through into the cloud assembly, and `cdk deploy` builds.

import { Arn, Stack } from 'aws-cdk-lib'
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import { fileURLToPath } from 'node:url'
import type { Installation } from './settle-config.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

export interface TaskImage {
  readonly uri: string
  /** What pulling it takes; nothing where the registry is a public one. */
  readonly statements: readonly PolicyStatement[]
}

export function taskImage(scope: Construct, { architecture, image }: Installation): TaskImage {
  if (image !== undefined) return { uri: image, statements: pullStatements(repositoryOf(scope, image)) }
  const asset = new DockerImageAsset(scope, 'Image', {
    directory: ROOT,
    platform: architecture === 'arm64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
  })
  return { uri: asset.imageUri, statements: pullStatements(asset.repository.repositoryArn) }
}

// Null where the URI isn't one of ECR.
function repositoryOf(scope: Construct, image: string): string | null {
  const found = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)/.exec(image)
  if (found === null) return null
  const [, account, region, resourceName] = found
  return Arn.format(
    {
      service: 'ecr',
      account: account!,
      region: region!,
      resource: 'repository',
      resourceName: resourceName!,
    },
    Stack.of(scope),
  )
}

function pullStatements(repositoryArn: string | null): PolicyStatement[] {
  if (repositoryArn === null) return []
  return [
    new PolicyStatement({
      sid: 'PullImage',
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      resources: [repositoryArn],
    }),
    // A registry's token is asked of the account, not of a repository.
    new PolicyStatement({
      sid: 'SignInToRegistry',
      actions: ['ecr:GetAuthorizationToken'],
      resources: ['*'],
    }),
  ]
}
