import { describe, expect, it } from 'vitest';
import type { CommandResult } from '../../../../src/host/exec.ts';
import { bridgeSettings } from '../../../../src/network/bridge.ts';
import { openIptables, type Footprint, type Run } from '../../../../src/network/firewall/firewall.ts';
import type { FirewallState } from '../../../../src/network/firewall/rules.ts';

const bridge = bridgeSettings('berth0', '172.30.0.1/16', 1500);
const withPorts = (...ports: number[]): FirewallState => ({
  bridges: [bridge], userlandProxy: false, closed: [],
  endpoints: ports.map((port) => ({
    containerId: String(port), bridge: 'berth0', addresses: ['172.30.0.2'], ports: [{ hostIp: '0.0.0.0', hostPort: port, port, protocol: 'tcp' }],
  })),
});

/** Records what is run; the answers are the test's. What the kernel does with it stands in test/kernel/network. */
function recorder(answer: (program: string, input: string) => Partial<CommandResult> = () => ({})) {
  const calls: { program: string; input: string }[] = [];
  const run: Run = async (program, args, options) => {
    calls.push({ program, input: options?.input ?? '' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { command: [program, ...args].join(' '), exitCode: 0, stdout: '', stderr: '', timedOut: false, ...answer(program, options?.input ?? '') };
  };
  const kept: { footprint?: Footprint | undefined } = {};
  const firewall = openIptables(run, { engineId: 'e', suffix: '' }, { get: () => kept.footprint, set: (value) => (kept.footprint = value) });
  return { calls, firewall, kept };
}

describe('applying', () => {
  it('runs a burst of changes as one batch after the one under way, with the newest state', async () => {
    const { calls, firewall } = recorder();
    const first = firewall.apply(withPorts(1));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.all([first, firewall.apply(withPorts(1, 2)), firewall.apply(withPorts(1, 2, 3)), firewall.apply(withPorts(1, 2, 3, 4))]);
    expect(calls.map(({ program }) => program)).toEqual(['iptables-save', 'iptables-restore', 'iptables-restore']);
    expect(calls[2]?.input.match(/--dport [234]/g)).toHaveLength(3);
  });

  it('runs nothing where nothing changes', async () => {
    const { calls, firewall } = recorder();
    await firewall.apply(withPorts(1));
    const before = calls.length;
    await firewall.apply(withPorts(1));
    expect(calls).toHaveLength(before);
  });

  it('renders the whole where a difference doesn\'t fit the kernel\'s rules any more', async () => {
    const { calls, firewall } = recorder((_, input) => (input.includes('\n-C ') ? { exitCode: 1 } : {}));
    await firewall.apply(withPorts(1));
    await firewall.apply(withPorts(1, 2));
    expect(calls.map(({ program }) => program)).toEqual(
      ['iptables-save', 'iptables-restore', 'iptables-restore', 'iptables-save', 'iptables-restore']);
    expect(calls.at(-1)?.input).toContain('--dport 1 ');
  });

  it('says what to install, or what iptables says; the next call tries again', async () => {
    const missing = recorder(() => ({ exitCode: 127, stderr: 'iptables-save: not found' }));
    await expect(missing.firewall.apply(withPorts(1))).rejects.toThrow('install iptables');
    const state = { broken: true };
    const failing = recorder((program) => (program === 'iptables-restore' && state.broken ? { exitCode: 2, stderr: 'line 3 failed\nmore' } : {}));
    await expect(failing.firewall.apply(withPorts(1))).rejects.toThrow('set the firewall: iptables-restore --noflush --wait: line 3 failed');
    state.broken = false;
    await failing.firewall.apply(withPorts(1));
  });

  it('remembers the tables that weren\'t there, and removes them with the last rule', async () => {
    const saves = ['*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n', '', '*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n*raw\n:X - [0:0]\nCOMMIT\n'];
    const { calls, firewall, kept } = recorder((program) => (program === 'iptables-save' ? { stdout: saves.shift() ?? '' } : {}));
    await firewall.apply(withPorts(1));
    expect(kept.footprint).toEqual({ tables: ['raw', 'nat'], closed: false });
    await firewall.apply({ ...withPorts(), bridges: [] });
    expect(calls.at(-1)).toEqual({ program: 'nft', input: 'delete table ip nat\n' });
    expect(kept.footprint).toBeUndefined();
  });
});
