import { describe, expect, test } from 'vitest';
import { compile } from '../../../../src/cli/template/eval.ts';

const container = {
  Name: '/site',
  State: { Status: 'running', Running: true, Pid: 4711, ExitCode: 0 },
  Mounts: [{ Type: 'bind', Source: '/a' }, { Type: 'volume', Source: '/b' }],
  Config: { Labels: { 'com.example.b': '2', a: '1' }, Env: ['X=1', 'Y=2'], Cmd: null, Volumes: {} },
  NetworkSettings: {
    Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '10080' }], '443/tcp': null },
    Networks: { bridge: { IPAddress: '172.17.0.2', Gateway: '172.17.0.1' } },
  },
};

const rendered: readonly (readonly [string, string])[] = [
  ['{{.State.Pid}}', '4711'],
  ['{{ .State.Pid }} {{ $.Name }}', '4711 /site'],
  ['plain', 'plain'],
  ['{{json .State}}', '{"Status":"running","Running":true,"Pid":4711,"ExitCode":0}'],
  ['{{json .Config.Cmd}}', 'null'],
  ['{{range .Mounts}}{{.Source}} {{end}}', '/a /b '],
  ['{{range $i, $m := .Mounts}}{{if $i}},{{end}}{{$i}}={{$m.Source}}{{end}}', '0=/a,1=/b'],
  ['{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}', 'a=1;com.example.b=2;'],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', '172.17.0.2'],
  ['{{range .Config.Volumes}}x{{else}}none{{end}}', 'none'],
  ['{{range .Mounts}}{{if eq .Type "volume"}}{{break}}{{end}}{{.Source}}{{end}}', '/a'],
  ['{{range .Mounts}}{{if eq .Type "bind"}}{{continue}}{{end}}{{.Source}}{{end}}', '/b'],
  ['{{range 3}}{{.}}{{end}}', '012'],
  ['{{if .State.Running}}yes{{else}}no{{end}}', 'yes'],
  ['{{if not .State.Running}}yes{{else if .State.ExitCode}}bad{{else}}no{{end}}', 'no'],
  ['{{with .NetworkSettings.Networks.bridge}}{{.Gateway}}{{end}}', '172.17.0.1'],
  ['{{with .Config.Cmd}}cmd{{else}}none{{end}}', 'none'],
  ['{{with $x := .State}}{{$x.Status}}{{end}}', 'running'],
  ['{{$n := 1}}{{range .Mounts}}{{$n = 2}}{{end}}{{$n}}', '2'],
  ['{{index .Config.Labels "com.example.b"}}', '2'],
  ['[{{index .Config.Labels "missing"}}]', '[]'],
  ['{{.Config.Labels.missing}}', '<no value>'],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '10080'],
  ['{{(index .NetworkSettings.Ports "80/tcp" 0).HostIp}}', '0.0.0.0'],
  ['{{len .Mounts}}{{len .Name}}', '25'],
  ['{{.Config.Env}}', '[X=1 Y=2]'],
  ['{{.Config.Labels}}', 'map[a:1 com.example.b:2]'],
  ['{{.NetworkSettings.Ports}}', 'map[443/tcp:[] 80/tcp:[{0.0.0.0 10080}]]'],
  ['{{join .Config.Env ", "}}', 'X=1, Y=2'],
  ['{{index (split "a:b:c" ":") 1}}', 'b'],
  ['{{.Name | upper | printf "%s!"}}', '/SITE!'],
  ['{{title "two words"}} {{lower "ABC"}} {{truncate "abcdef" 3}} [{{pad "x" 1 2}}]', 'Two Words abc abc [ x  ]'],
  ['{{printf "%-7s|%5d|%05d|%q|%v|%.2f|%%" .Name .State.Pid 42 "q" true 1.5}}', '/site  | 4711|00042|"q"|true|1.50|%'],
  ['{{println "a" 1}}', 'a 1\n'],
  ['{{print "a" "b" 1 2}}', 'ab1 2'],
  ['{{if and .State.Running (gt .State.Pid 3)}}ok{{end}}', 'ok'],
  ['{{or .Config.Cmd "default"}}', 'default'],
  ['{{eq .State.Status "paused" "running"}} {{ne 1 2}} {{le 2 2}} {{lt 3 2}}', 'true true true false'],
  ['a {{- /* a comment */ -}} b', 'ab'],
  ['a {{- .Name -}}  b', 'a/siteb'],
  ['{{"tab\\there"}} {{`raw\\n`}} {{\'x\'}}', 'tab\there raw\\n 120'],
  ['{{slice "abcdef" 1 3}}', 'bc'],
];

describe('a Go template renders', () => {
  test.each(rendered)('%s', (source, text) => {
    expect(compile(source)(container)).toBe(text);
  });
});

const broken: readonly (readonly [string, RegExp])[] = [
  ['{{.Nope}}', /map has no entry for key "Nope"/],
  ['{{.State.Nope.Deeper}}', /no entry for key "Nope"/],
  ['{{.Config.Cmd.X}}', /nil data/],
  ['{{.Name.X}}', /can't evaluate field X/],
  ['{{nope .}}', /function "nope" not defined/],
  ['{{if (nope .)}}x{{end}}', /function "nope" not defined/],
  ['{{.Name', /unclosed action/],
  ['{{if .Name}}x', /unexpected EOF/],
  ['{{end}}', /unexpected \{\{end\}\}/],
  ['{{else}}', /unexpected \{\{else\}\}/],
  ['{{}}', /missing value/],
  ['{{"open}}', /unterminated quoted string/],
  ['{{(.Name}}', /unclosed left paren/],
  ['{{index .Mounts 7}}', /out of range/],
  ['{{lt .Name 3}}', /incompatible types/],
  ['{{$x}}', /undefined variable "\$x"/],
  ['{{.Name 3}}', /non-function/],
  ['{{template "x"}}', /is not there/],
];

describe('a broken template says what is wrong', () => {
  test.each(broken)('%s', (source, message) => {
    expect(() => compile(source)(container)).toThrow(message);
    expect(() => compile(source)(container)).toThrow('template parsing error: ');
  });
});
