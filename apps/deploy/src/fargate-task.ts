// A task: one container of the image on Fargate, with its log group and the role that starts it.
//
//   root file system   read-only; /tmp is the task's own storage, 20 GiB, gone with it
//   user               the image's, which isn't root
//   PID 1              an init, which hands on signals and buries orphans
//
// The container's command begins with the app's name, as image/entrypoint.sh reads it. Variables hold no secret:
// credentials are the task role's.

import { Aws, Validations } from 'aws-cdk-lib'
import { CfnTaskDefinition } from 'aws-cdk-lib/aws-ecs'
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal, type IRole } from 'aws-cdk-lib/aws-iam'
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Installation } from './settle-config.ts'
import type { TaskImage } from './task-image.ts'

export interface FargateTaskOptions {
  readonly installation: Installation
  readonly image: TaskImage
  /** What the container is called, and the beginning of its log streams. */
  readonly name: string
  readonly cpu: number
  readonly memoryMiB: number
  readonly role: IRole
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly healthCheck?: CfnTaskDefinition.HealthCheckProperty
}

export class FargateTask extends Construct {
  readonly name: string
  readonly definitionArn: string
  readonly role: IRole
  readonly executionRole: Role
  readonly logGroup: CfnLogGroup

  constructor(scope: Construct, id: string, options: FargateTaskOptions) {
    super(scope, id)
    const { installation, image, name, cpu, memoryMiB, role, command, environment, healthCheck } = options
    this.name = name
    this.role = role
    this.logGroup = new CfnLogGroup(this, 'Log', { retentionInDays: installation.retention.taskLogDays })
    this.executionRole = executionRole(this, image, this.logGroup)
    const definition = new CfnTaskDefinition(this, 'Definition', {
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      cpu: String(cpu),
      memory: String(memoryMiB),
      runtimePlatform: {
        cpuArchitecture: installation.architecture.toUpperCase(),
        operatingSystemFamily: 'LINUX',
      },
      taskRoleArn: role.roleArn,
      executionRoleArn: this.executionRole.roleArn,
      volumes: [{ name: 'tmp' }],
      containerDefinitions: [
        {
          name,
          image: image.uri,
          essential: true,
          command: [...command],
          environment: Object.entries(environment).map(([key, value]) => ({ name: key, value })),
          mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp', readOnly: false }],
          readonlyRootFilesystem: true,
          linuxParameters: { initProcessEnabled: true },
          // The recorder writes what it has and ends within 10 s; a worker puts back what stood.
          stopTimeout: 60,
          logConfiguration: {
            logDriver: 'awslogs',
            options: {
              'awslogs-group': this.logGroup.ref,
              'awslogs-region': Aws.REGION,
              'awslogs-stream-prefix': name,
            },
          },
          ...(healthCheck === undefined ? {} : { healthCheck }),
        },
      ],
    })
    this.definitionArn = definition.ref
    Validations.of(definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason:
        "The variables are the options of Zonetoll's commands, URIs and names that stand in this template anyway; there is no secret.",
    })
  }
}

function executionRole(scope: Construct, image: TaskImage, logGroup: CfnLogGroup): Role {
  const writeLog = new PolicyStatement({
    sid: 'WriteLog',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.attrArn],
  })
  const role = new Role(scope, 'ExecutionRole', {
    assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com'),
    description: 'Starts the task: pulls its image, writes its log.',
    inlinePolicies: { StartTask: new PolicyDocument({ statements: [...image.statements, writeLog] }) },
  })
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason:
      'ecr:GetAuthorizationToken knows no resource: it gives a token for the registry; what it opens is the other statement.',
  })
  return role
}
