/**
 * What describes a container, as clients send it: the model's own types, in which every field may be missing or null.
 * Answers carry the model's types as they are. See docker.ts.
 */
import type * as model from '../../model/host-config.ts';

/** A body of Go's clients: at any depth a field may be missing or null, and both mean "not given". */
export type Given<T> = T extends readonly [number, number]
  ? T
  : T extends readonly (infer Item)[]
    ? Given<Item>[]
    : T extends object
      ? { [Name in keyof T]?: Given<T[Name]> | null }
      : T;

/** Cmd and Entrypoint may be one word in place of a list. */
export type ContainerConfig = Omit<Given<model.ContainerConfig>, 'Cmd' | 'Entrypoint'> & {
  Cmd?: string[] | string | null;
  /** null: the image's; [] or ['']: none. */
  Entrypoint?: string[] | string | null;
};
export type HostConfig = Given<model.HostConfig>;
export type HealthConfig = Given<model.HealthConfig>;
export type PortBindingRequest = Given<model.PortBinding>;
export type RestartPolicy = Given<model.RestartPolicy>;
export type Mount = Given<model.MountRequest>;
export type LogConfig = Given<model.LogConfig>;
export type EndpointIpamConfig = Given<model.EndpointIpamConfig>;
export type NetworkingConfig = Given<model.NetworkingConfig>;
export type { DeviceMapping, DeviceRequest, Propagation, ThrottleDevice, Ulimit, WeightDevice } from '../../model/host-config.ts';

/** One network of a container: asked for in create, told in inspect. */
export interface EndpointSettings extends Given<model.EndpointRequest> {
  NetworkID?: string;
  EndpointID?: string;
  Gateway?: string;
  IPAddress?: string;
  IPPrefixLen?: number;
  IPv6Gateway?: string;
  GlobalIPv6Address?: string;
  GlobalIPv6PrefixLen?: number;
  DNSNames?: string[] | null;
}

/** POST /containers/{id}/update */
export type ContainerUpdateRequest = Given<model.Resources> & { RestartPolicy?: RestartPolicy | null };
