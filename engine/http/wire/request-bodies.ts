import type {
  AuthConfig,
  ContainerCreateRequest,
  ContainerUpdateRequest,
  ExecConfig,
  ExecStartConfig,
  VolumeCreateOptions,
} from '@docker/node-sdk';

/**
 * Bodies the door reads, as Docker types them. `generate-schemas.mjs` makes `schemas.generated.json` of what is
 * exported here: run it after a change.
 */
export interface RequestBodies {
  ContainerCreateRequest: ContainerCreateRequest;
  ContainerUpdateRequest: ContainerUpdateRequest;
  AuthConfig: AuthConfig;
  ExecConfig: ExecConfig;
  ExecStartConfig: ExecStartConfig;
  VolumeCreateOptions: VolumeCreateOptions;
}
