import { invalid } from '../../model/errors.ts';
import type {
  OciSeccomp, OciSeccompAction, OciSeccompArgument, OciSeccompOperator, OciSeccompRule,
} from '../../model/oci.ts';
import type { HostFacts } from '../host-facts.ts';
import type { SeccompCondition, SeccompProfile, SeccompProfileRule } from '../spec/request.ts';

export interface SeccompSituation {
  /** `CAP_…` names of the container. */
  readonly capabilities: readonly string[];
  readonly architecture: HostFacts['architecture'];
  readonly kernel: readonly [number, number];
}

const native = {
  x86_64: { go: 'amd64', seccomp: 'SCMP_ARCH_X86_64' },
  aarch64: { go: 'arm64', seccomp: 'SCMP_ARCH_AARCH64' },
} as const;

const actions: ReadonlySet<string> = new Set<OciSeccompAction>([
  'SCMP_ACT_KILL', 'SCMP_ACT_KILL_PROCESS', 'SCMP_ACT_KILL_THREAD', 'SCMP_ACT_TRAP', 'SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW', 'SCMP_ACT_LOG',
]);
const operators: ReadonlySet<string> = new Set<OciSeccompOperator>([
  'SCMP_CMP_NE', 'SCMP_CMP_LT', 'SCMP_CMP_LE', 'SCMP_CMP_EQ', 'SCMP_CMP_GE', 'SCMP_CMP_GT', 'SCMP_CMP_MASKED_EQ',
]);
const maxRules = 10_000;

/** Docker's profile, whose rules have conditions, as the OCI spec's, whose rules have none. Throws `invalid` for a bad profile. */
export function resolveProfile(profile: SeccompProfile, situation: SeccompSituation): OciSeccomp {
  const { syscalls = [], archMap = [], architectures = [] } = profile;
  if (architectures.length > 0 && archMap.length > 0) {
    throw invalid("seccomp profile: both 'architectures' and 'archMap' were specified, use either");
  }
  if (syscalls.length > maxRules) throw invalid(`seccomp profile: ${syscalls.length} rules are more than ${maxRules}`);
  const own = native[situation.architecture].seccomp;
  const mapped = archMap.find(({ architecture }) => architecture === own);
  return {
    defaultAction: action(profile.defaultAction),
    ...(profile.defaultErrnoRet !== undefined && { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: [...new Set([own, ...architectures, ...(mapped?.subArchitectures ?? [])])],
    ...(profile.flags && { flags: [...profile.flags] }),
    syscalls: syscalls.filter((rule) => applies(rule, situation)).map(plain),
  };
}

function action(name: unknown): OciSeccompAction {
  if (typeof name !== 'string' || !actions.has(name)) {
    throw invalid(`seccomp profile: action ${JSON.stringify(name)} is not one of ${[...actions].join(', ')}`);
  }
  return name as OciSeccompAction;
}

function applies({ includes, excludes }: SeccompProfileRule, situation: SeccompSituation): boolean {
  const { capabilities, kernel } = situation;
  const architecture = native[situation.architecture].go;
  if (includes?.arches?.length && !includes.arches.includes(architecture)) return false;
  if (includes?.caps?.some((name) => !capabilities.includes(name))) return false;
  if (includes?.minKernel !== undefined && !atLeast(kernel, includes)) return false;
  if (excludes?.arches?.includes(architecture)) return false;
  if (excludes?.caps?.some((name) => capabilities.includes(name))) return false;
  return !(excludes?.minKernel !== undefined && atLeast(kernel, excludes));
}

function atLeast(kernel: readonly [number, number], { minKernel = '' }: SeccompCondition): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(minKernel) ?? [];
  if (major === undefined) throw invalid(`seccomp profile: minKernel ${JSON.stringify(minKernel)} is not like 4.8`);
  return kernel[0] > Number(major) || (kernel[0] === Number(major) && kernel[1] >= Number(minor));
}

function plain(rule: SeccompProfileRule): OciSeccompRule {
  if (rule.name && rule.names?.length) {
    throw invalid("seccomp profile: 'name' and 'names' were specified in one rule, use either 'name' or 'names'");
  }
  return {
    names: rule.name ? [rule.name] : [...(rule.names ?? [])],
    action: action(rule.action),
    ...(rule.errnoRet !== undefined && { errnoRet: rule.errnoRet }),
    ...(rule.args?.length && { args: rule.args.map(argument) }),
  };
}

function argument(given: NonNullable<SeccompProfileRule['args']>[number]): OciSeccompArgument {
  const { index, value, valueTwo, op } = given;
  if (!Number.isInteger(index) || index < 0 || index > 5) throw invalid(`seccomp profile: argument index ${index} is not 0 to 5`);
  if (!operators.has(op)) throw invalid(`seccomp profile: operator ${JSON.stringify(op)} is not one of ${[...operators].join(', ')}`);
  for (const number of [value, valueTwo ?? 0]) {
    if (typeof number !== 'bigint' && !Number.isInteger(number)) {
      throw invalid(`seccomp profile: argument value ${String(number)} is not an integer`);
    }
  }
  return { index, value, ...(valueTwo !== undefined && { valueTwo }), op: op as OciSeccompOperator };
}
