import { describe, expect, it } from 'vitest';
import { localRecords, reverseName } from '../../../../src/network/dns/zone.ts';
import type { NetworkNames } from '../../../../src/network/endpoints.ts';
import { member, network, question, queryOf } from './queries.ts';

const web = member('web', '10.1.0.2', { aliases: ['www', 'App.Front'], ipv6: 'fd00::2' });
const one = member('shop-1', '10.1.0.3', { aliases: ['shop'] });
const two = member('shop-2', '10.1.0.4', { aliases: ['shop'] });
const front = network('front', [web, one, two]);
const back = network('back.end', [member('db', '10.2.0.2'), member('web', '10.2.0.3')], { links: { Data: 'db' } });
const both = [front, back];

const look = (name: string, type = 'A', networks: readonly NetworkNames[] = both, turn = 0): unknown[] | undefined =>
  localRecords(networks, queryOf(question(name, type)), turn)?.map(({ data }) => data);

describe('names of containers', () => {
  it.each([
    ['web', ['10.1.0.2']], ['WEB', ['10.1.0.2']], ['www', ['10.1.0.2']], ['app.front', ['10.1.0.2']],
    [web.shortId, ['10.1.0.2']], [two.shortId, ['10.1.0.4']], ['web.front', ['10.1.0.2']],
    ['db.back.end', ['10.2.0.2']], ['web.back.end', ['10.2.0.3']], ['data', ['10.2.0.2']], ['data.back.end', ['10.2.0.2']],
  ])('%s is found', (name, addresses) => expect(look(name)).toEqual(addresses));

  it.each(['nobody', 'web.nowhere', 'db.front', 'front', 'example.org'])('%s is not ours', (name) => {
    expect(look(name)).toBeUndefined();
  });
  it('with several addresses begin with another each time', () => {
    expect(look('shop', 'A', both, 0)).toEqual(['10.1.0.3', '10.1.0.4']);
    expect(look('shop', 'A', both, 1)).toEqual(['10.1.0.4', '10.1.0.3']);
  });
  it('without an address of the family, or without such records, are known all the same', () => {
    expect(look('web', 'AAAA')).toEqual(['fd00::2']);
    expect(look('db', 'AAAA')).toEqual([]);
    expect(look('web', 'MX')).toEqual([]);
  });
  it('aren\'t told on the default bridge, nor to who isn\'t on the network', () => {
    expect(look('web', 'A', [{ ...front, resolves: false }])).toBeUndefined();
    expect(look('db', 'A', [front])).toBeUndefined();
  });
  it('are told for addresses', () => {
    expect(look('2.0.1.10.in-addr.arpa', 'PTR')).toEqual(['web.front']);
    expect(look('2.0.2.10.IN-ADDR.arpa', 'PTR')).toEqual(['db.back.end']);
    expect(look(reverseName('fd00::2') ?? '', 'PTR')).toEqual(['web.front']);
    expect(look('9.9.9.9.in-addr.arpa', 'PTR')).toBeUndefined();
  });
});
