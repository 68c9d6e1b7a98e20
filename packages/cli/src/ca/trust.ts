/** How to make systems trust an authority: commands, which are printed and never run here. */
import { resolve } from 'node:path';
import { hanging } from '../render/layout.ts';
import { shellWord } from '../render/shell.ts';
import type { Style } from '../render/style.ts';

/** A certificate's name as a file or a nickname. */
function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^[-.]+|-+$/g, '') || 'handfast-ca';
}

/** Each system's commands; paths are absolute, so that they work from anywhere. */
export function trustCommands(
  path: string,
  name: string,
): readonly (readonly [system: string, commands: readonly string[]])[] {
  const file = shellWord(resolve(path));
  const nickname = slug(name);
  return [
    [
      'Debian, Ubuntu',
      [`sudo cp ${file} /usr/local/share/ca-certificates/${nickname}.crt`, 'sudo update-ca-certificates'],
    ],
    [
      'macOS',
      [
        'sudo security add-trusted-cert -d -r trustRoot \\',
        `  -k /Library/Keychains/System.keychain ${file}`,
      ],
    ],
    ['Windows (as administrator)', [`certutil -addstore -f ROOT ${file}`]],
    [
      'Firefox (PROFILE: see about:profiles)',
      [`certutil -d sql:PROFILE -A -t C,, -n ${nickname} -i ${file}`],
    ],
    ['Node', [`NODE_EXTRA_CA_CERTS=${file} node ...`]],
    ['curl, handfast', [`curl --cacert ${file} ...`, `handfast connect --ca ${file} ...`]],
  ];
}

/** The commands for people. Commands are never wrapped: they are there to be copied. */
export function trustLines(style: Style, path: string, name: string): string[] {
  const { paint, width } = style;
  return [
    ...hanging(
      '',
      'Whoever trusts this authority trusts whoever has its key. On machines that are yours, these commands make it trusted; nothing was installed:',
      width,
    ),
    ...trustCommands(path, name).flatMap(([system, commands]) => [
      '',
      `  ${paint('quiet', system)}`,
      ...commands.map((command) => `    ${command}`),
    ]),
  ];
}
