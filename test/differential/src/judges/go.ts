/** Go's crypto/x509, through a program of ours (agents/go) that reads chains and prints what it thinks of them. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NOW } from '../base.ts';
import type { Answer, Judge } from './judge.ts';
import { programVersion } from './programs.ts';

/** Go's own folder is not on every PATH. */
const GO = ['go', '/usr/local/go/bin/go'];
const SOURCE = fileURLToPath(new URL('../../../agents/go', import.meta.url));
/** Milliseconds: compiling takes a while the first time. */
const LIMIT = 180_000;

const found = (): { readonly path: string; readonly version: string } | undefined => {
  for (const path of GO) {
    const version = programVersion(path, ['version'], /go(1\.(?:2[4-9]|[3-9]\d)\S*)/);
    if (version !== undefined) return { path, version };
  }
  return undefined;
};

export const go: Judge = {
  version: () => found()?.version,
  async judge(chains, folder) {
    const binary = join(folder, 'go-judge');
    const { status, stderr } = spawnSync(found()?.path ?? 'go', ['build', '-o', binary, '.'], {
      cwd: SOURCE,
      encoding: 'utf8',
      timeout: LIMIT,
      env: { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off', GOTOOLCHAIN: 'local' },
    });
    if (status !== 0) throw new Error(`the judge in Go could not be built: ${stderr}`);
    const input = chains.map(({ name, leaf, sent, roots }) =>
      [
        name,
        NOW / 1000,
        ...[[leaf], sent, roots].map((list) =>
          list.map((one) => Buffer.from(one).toString('base64')).join(','),
        ),
      ].join('\t'),
    );
    const output = await exchange(binary, `${input.join('\n')}\n`);
    const answers = output
      .trimEnd()
      .split('\n')
      .map((line): Answer => ({ ok: line === 'ok', says: line === 'ok' ? '' : line }));
    if (answers.length !== chains.length)
      throw new Error(`Go was asked ${chains.length} times, and answered ${answers.length}`);
    return answers;
  },
};

function exchange(binary: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [], { stdio: ['pipe', 'pipe', 'inherit'], timeout: LIMIT });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`the judge in Go ended with ${code}`)),
    );
    child.stdin.on('error', reject);
    child.stdin.end(input);
  });
}
