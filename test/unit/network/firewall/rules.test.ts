import { describe, expect, it } from 'vitest';
import { parseSubnet } from '../../../../src/model/address.ts';
import { bridgeSettings } from '../../../../src/network/bridge.ts';
import {
  emptyTables, keyOf, parseSave, renderDifference, renderRemoval, renderRule, renderWhole, type Line,
} from '../../../../src/network/firewall/iptables.ts';
import { desiredRules, type FirewallState } from '../../../../src/network/firewall/rules.ts';

const bridge = bridgeSettings('berth0', '172.30.0.1/16', 1500);
const owner = { engineId: 'e1', suffix: '' };
const web = {
  containerId: 'c1', bridge: 'berth0', addresses: ['172.30.0.2'],
  ports: [
    { hostIp: '0.0.0.0', hostPort: 10080, port: 80, protocol: 'tcp' }, { hostIp: '127.0.0.1', hostPort: 53, port: 53, protocol: 'udp' },
    { hostIp: '::', hostPort: 10080, port: 80, protocol: 'tcp' },
  ],
} as const;
const state = (more: Partial<FirewallState> = {}): FirewallState =>
  ({ bridges: [bridge], endpoints: [web], userlandProxy: false, closed: [], ...more });
const lines = (from: FirewallState, who = owner): Line[] => desiredRules(from).map((rule) => renderRule(rule, who));
const nothing = parseSave('');
const c = '-m comment --comment "berth:e1"';

describe('the firewall as iptables-restore reads it', () => {
  it('is this, on a machine without rules', () => {
    expect(renderWhole(lines(state()), nothing, owner, true)).toBe([
      '*raw',
      ':BERTH-GUARD - [0:0]',
      `-I PREROUTING 1 ${c} -j BERTH-GUARD`,
      `-A BERTH-GUARD -d 127.0.0.0/8 ! -i lo ${c} -j DROP`,
      `-A BERTH-GUARD -s 127.0.0.0/8 -i berth0 ${c} -j DROP`,
      'COMMIT', '',
      '*nat',
      ':BERTH - [0:0]',
      `-I OUTPUT 1 -m addrtype --dst-type LOCAL ${c} -j BERTH`,
      `-I PREROUTING 1 -m addrtype --dst-type LOCAL ${c} -j BERTH`,
      `-A POSTROUTING -s 172.30.0.0/16 ! -o berth0 ${c} -j MASQUERADE`,
      `-A POSTROUTING -s 172.30.0.0/16 -o berth0 -m conntrack --ctstate DNAT ${c} -j MASQUERADE`,
      `-A POSTROUTING -s 127.0.0.0/8 -o berth0 ${c} -j MASQUERADE`,
      `-A BERTH -p tcp -m tcp --dport 10080 ${c} -j DNAT --to-destination 172.30.0.2:80`,
      `-A BERTH -d 127.0.0.1/32 -p udp -m udp --dport 53 ${c} -j DNAT --to-destination 172.30.0.2:53`,
      'COMMIT', '',
      '*filter',
      ':FORWARD DROP [0:0]',
      ':BERTH-USER - [0:0]',
      ':BERTH-ISOLATION - [0:0]',
      ':BERTH-FORWARD - [0:0]',
      ':BERTH-OUT - [0:0]',
      `-I FORWARD 1 ${c} -j BERTH-OUT`,
      `-I FORWARD 1 ${c} -j BERTH-FORWARD`,
      `-I FORWARD 1 ${c} -j BERTH-ISOLATION`,
      `-I FORWARD 1 ${c} -j BERTH-USER`,
      `-A BERTH-FORWARD -o berth0 -m conntrack --ctstate RELATED,ESTABLISHED ${c} -j ACCEPT`,
      `-A BERTH-FORWARD -o berth0 -m conntrack --ctstate DNAT ${c} -j ACCEPT`,
      `-A BERTH-FORWARD -i berth0 -o berth0 ${c} -j ACCEPT`,
      `-A BERTH-FORWARD -o berth0 ${c} -j DROP`,
      `-A BERTH-OUT -i berth0 ${c} -j ACCEPT`,
      'COMMIT', '',
    ].join('\n'));
  });

  it('leaves 127.0.0.1 and the containers to the proxy where there is one', () => {
    const texts = lines(state({ userlandProxy: true })).map(keyOf);
    expect(texts).toContain(`nat OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL ${c} -j BERTH`);
    expect(texts).toContain(`nat BERTH ! -i berth0 -p tcp -m tcp --dport 10080 ${c} -j DNAT --to-destination 172.30.0.2:80`);
    expect(texts.filter((text) => text.includes('MASQUERADE'))).toHaveLength(1);
  });

  it('isolates bridges from each other, and containers where icc is off', () => {
    const second = { ...bridgeSettings('berth1', '172.31.0.1/16', 1500), icc: false };
    const all = lines(state({ bridges: [bridge, second] })).filter(({ table }) => table === 'filter').map(keyOf);
    // All ways in stand before any way out, so that leaving one bridge is no way into another.
    expect(all.findIndex((text) => text.endsWith('-j BERTH-FORWARD'))).toBeLessThan(all.findIndex((text) => text.endsWith('-j BERTH-OUT')));
    for (const link of ['berth0', 'berth1']) {
      expect(all).toContain(`filter BERTH-FORWARD -o ${link} ${c} -j DROP`);
      expect(all).toContain(`filter BERTH-OUT -i ${link} ${c} -j ACCEPT`);
    }
    expect(all).toContain(`filter BERTH-FORWARD -i berth1 -o berth1 ${c} -j DROP`);
  });

  it('lets nothing into or out of an internal network', () => {
    const inner = { ...bridgeSettings('berth1', '172.31.0.1/16', 1500), internal: true };
    const all = lines(state({ bridges: [bridge, inner] })).map(keyOf).filter((text) => text.includes('berth1'));
    expect(all).toEqual([
      `raw BERTH-GUARD -s 127.0.0.0/8 -i berth1 ${c} -j DROP`,
      `filter BERTH-ISOLATION -i berth1 ! -o berth1 ${c} -j DROP`, `filter BERTH-ISOLATION ! -i berth1 -o berth1 ${c} -j DROP`,
      `filter BERTH-FORWARD -i berth1 -o berth1 ${c} -j ACCEPT`,
    ]);
  });

  it('has the same rules for IPv6 where a network has it, and none elsewhere', () => {
    const dual = { ...bridge, subnets: [...bridge.subnets, parseSubnet('fd00:1::1/64') ?? expect.fail()] };
    const endpoints = [{ ...web, addresses: ['172.30.0.2', 'fd00:1::2'] }];
    expect(desiredRules(state(), 6)).toEqual([]);
    const all = desiredRules(state({ bridges: [dual], endpoints }), 6).map((rule) => keyOf(renderRule(rule, owner)));
    expect(all).toContain(`nat POSTROUTING -s fd00:1::/64 ! -o berth0 ${c} -j MASQUERADE`);
    expect(all).toContain(`nat OUTPUT ! -d ::1/128 -m addrtype --dst-type LOCAL ${c} -j BERTH`);
    expect(all).toContain(`nat BERTH -p tcp -m tcp --dport 10080 ${c} -j DNAT --to-destination [fd00:1::2]:80`);
    expect(all.some((text) => text.includes('127.0.0'))).toBe(false);
  });

  it('adds and takes away a network at the ends of chains, without touching the others', () => {
    const second = bridgeSettings('berth1', '172.31.0.1/16', 1500);
    const [one, both] = [lines(state()), lines(state({ bridges: [bridge, second] }))];
    const come = renderDifference(one, both) ?? '';
    expect(come.split('\n').filter((line) => /^-[AID]/.test(line)).every((line) => /^-A .*berth1/.test(line))).toBe(true);
    const gone = renderDifference(both, one) ?? '';
    expect(gone.split('\n').filter((line) => /^-[AID]/.test(line)).every((line) => /^-D .*berth1/.test(line))).toBe(true);
  });

  it('gives each engine its own chains, with names that iptables takes', () => {
    const other = { engineId: 'e2', suffix: 'a-bridge-15-byt' };
    const text = renderWhole(lines(state(), other), nothing, other, false);
    const names = [...text.matchAll(/^:(BERTH\S+)/gm)].map(([, name]) => name ?? '');
    expect(names).toEqual(['BERTH-GUARD-a-bridge-15-byt', 'BERTH-a-bridge-15-byt', 'BERTH-USER-a-bridge-15-byt',
      'BERTH-ISO-a-bridge-15-byt', 'BERTH-FWD-a-bridge-15-byt', 'BERTH-OUT-a-bridge-15-byt']);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(28);
    expect(text).not.toContain(':FORWARD');
  });

  it('wants nothing without bridges', () => expect(desiredRules(state({ bridges: [] }))).toEqual([]));
});

describe('on a machine with rules', () => {
  const saved = parseSave([
    '# Generated', '*raw', ':PREROUTING ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]', 'COMMIT',
    '*nat', ':PREROUTING ACCEPT [1:2]', ':BERTH - [0:0]', ':DOCKER - [0:0]', '-A PREROUTING -j DOCKER',
    `-A PREROUTING -m addrtype --dst-type LOCAL ${c} -j BERTH`, `-A POSTROUTING -s 172.30.0.0/16 ! -o old0 ${c} -j MASQUERADE`,
    `-A POSTROUTING -s 10.0.0.0/8 -m comment --comment "berth:e11" -j MASQUERADE`,
    `-A BERTH -p tcp -m tcp --dport 1 ${c} -j DNAT --to-destination 172.30.0.9:1`, 'COMMIT',
    '*filter', ':FORWARD DROP [0:0]', ':BERTH-USER - [0:0]', '-A BERTH-USER -s 198.51.100.66/32 -j DROP', 'COMMIT', '',
  ].join('\n'));

  it('takes stale rules of its own out of shared chains, and touches no others', () => {
    const text = renderWhole(lines(state()), saved, owner, false);
    expect(text).toContain(`-D PREROUTING -m addrtype --dst-type LOCAL ${c} -j BERTH\n`);
    expect(text).toContain(`-D POSTROUTING -s 172.30.0.0/16 ! -o old0 ${c} -j MASQUERADE\n`);
    expect(text.match(/^-D/gm)).toHaveLength(2);
    expect(text).not.toContain('DOCKER');
    expect(text).not.toContain('berth:e11');
  });

  it('keeps the user\'s chain', () => {
    expect(renderWhole(lines(state()), saved, owner, false)).not.toContain(':BERTH-USER');
    expect(renderRemoval(saved, owner, false)).not.toContain('BERTH-USER');
    expect(renderRemoval(parseSave('*filter\n:BERTH-USER - [0:0]\nCOMMIT\n'), owner, false)).toBe('*filter\n-F BERTH-USER\n-X BERTH-USER\nCOMMIT\n');
  });

  it('removes all of its own', () => {
    expect(renderRemoval(saved, owner, true)).toBe([
      '*nat', `-D PREROUTING -m addrtype --dst-type LOCAL ${c} -j BERTH`, `-D POSTROUTING -s 172.30.0.0/16 ! -o old0 ${c} -j MASQUERADE`,
      '-F BERTH', '-X BERTH', 'COMMIT', '', '*filter', ':FORWARD ACCEPT [0:0]', 'COMMIT', '',
    ].join('\n'));
    expect(renderRemoval(nothing, owner, true)).toBe('');
  });

  it('knows which tables hold nothing', () => {
    expect(emptyTables(saved, ['raw', 'nat', 'filter', 'mangle'])).toEqual(['raw']);
    expect(saved.closed).toBe(true);
  });
});

describe('a change of ports', () => {
  const less = lines(state({ endpoints: [] }));
  const more = lines(state());

  it('is a few lines, which fail where one of ours was flushed', () => {
    const text = renderDifference(less, more) ?? '';
    expect(text.split('\n').filter((line) => line.startsWith('-A'))).toHaveLength(2);
    expect(text).toContain(`-C PREROUTING -m addrtype --dst-type LOCAL ${c} -j BERTH\n`);
    expect(renderDifference(more, less)).toContain(`-D BERTH -p tcp -m tcp --dport 10080 ${c} -j DNAT`);
  });

  it('is nothing where nothing changed, and none of its business where more did', () => {
    expect(renderDifference(more, more)).toBe('');
    expect(renderDifference(more, lines(state({ userlandProxy: true })))).toBeUndefined();
  });
});
