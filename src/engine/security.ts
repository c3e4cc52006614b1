import { invalid } from '../model/errors.ts';
import type { HostConfig } from '../model/host-config.ts';
import { maskedPaths, readonlyPaths, type SeccompProfile } from '../runtime/spec/build.ts';

export interface Security {
  readonly seccomp: 'default' | 'unconfined' | SeccompProfile;
  readonly noNewPrivileges: boolean;
  /** `systempaths=unconfined`: nothing masked, nothing read-only. */
  readonly openPaths: boolean;
}

/** HostConfig.SecurityOpt. Clients send the text of a profile file, not its name. */
export function parseSecurity(options: readonly string[], privileged: boolean): Security {
  let seccomp: Security['seccomp'] = privileged ? 'unconfined' : 'default';
  let noNewPrivileges = false;
  let openPaths = privileged;
  for (const option of options) {
    const [, key = option, value = ''] = /^([a-z-]+)[=:]([\s\S]*)$/.exec(option) ?? [];
    switch (key) {
      case 'no-new-privileges':
        if (!['', 'true', 'false', '1', '0'].includes(value))
          throw invalid(`invalid --security-opt 2: "${option}"`);
        noNewPrivileges = value === '' || value === 'true' || value === '1';
        break;
      case 'seccomp':
        seccomp = value === 'unconfined' ? 'unconfined' : value === 'builtin' ? 'default' : parseProfile(value);
        break;
      case 'systempaths':
        if (value !== 'unconfined')
          throw invalid(`invalid --security-opt 2: "${option}": only systempaths=unconfined is known`);
        openPaths = true;
        break;
      case 'apparmor':
      case 'label':
        // What a host without that security module can't do it need not do; a profile that would be lost is refused.
        if (!['unconfined', 'disable', 'docker-default', ''].includes(value)) {
          throw invalid(`invalid --security-opt 2: "${option}": ${key} is not supported by this engine yet`);
        }
        break;
      default:
        throw invalid(`invalid --security-opt ${/[=:]/.test(option) ? 2 : 1}: "${option.slice(0, 200)}"`);
    }
  }
  return { seccomp, noNewPrivileges, openPaths };
}

function parseProfile(text: string): SeccompProfile {
  let profile: unknown;
  try {
    profile = JSON.parse(text);
  } catch {
    throw invalid(`Decoding seccomp profile failed: it is not JSON: ${text.slice(0, 80)}`);
  }
  if (
    typeof profile !== 'object' ||
    profile === null ||
    typeof (profile as SeccompProfile).defaultAction !== 'string'
  ) {
    throw invalid('Decoding seccomp profile failed: it has no defaultAction');
  }
  return profile as SeccompProfile;
}

/** The lists in force, as inspect shows them; null: none. */
export function shownPaths(hostConfig: HostConfig): Pick<HostConfig, 'MaskedPaths' | 'ReadonlyPaths'> {
  if (parseSecurity(hostConfig.SecurityOpt ?? [], hostConfig.Privileged).openPaths) return { MaskedPaths: null, ReadonlyPaths: null };
  return { MaskedPaths: hostConfig.MaskedPaths ?? [...maskedPaths], ReadonlyPaths: hostConfig.ReadonlyPaths ?? [...readonlyPaths] };
}
